#!/bin/sh
# The command solo5-oci. Managers call a runtime four or five times for each container, and what follows `create` is little: where
# nothing stands against it, it is done here, in a millisecond or two. Whatever else there is, errors above all, a program of the package
# solo5-runners does, or the one for Node beside this file. src/oci/quick.ts writes what this reads.
set -f

# Whether the call has been dealt with.
quick() {
  root=
  while :; do
    case ${1-} in
    --root=*) root=${1#*=} ;;
    --log=* | --log-format=* | --delegate=* | --runtime=* | --debug | --systemd-cgroup) ;;
    --root | --log | --log-format | --delegate | --runtime)
      [ $# -gt 1 ] || return 1
      [ "$1" = --root ] && root=$2
      shift
      ;;
    start | state | delete) break ;;
    *) return 1 ;;
    esac
    shift
  done
  command=$1 force=
  shift
  case $command-${1-} in delete---force | delete--f) force=1 && shift ;; esac
  [ $# = 1 ] || return 1
  if [ -z "$root" ]; then
    root=/run/solo5-oci
    [ -O /run ] || [ -z "${XDG_RUNTIME_DIR-}" ] || root=$XDG_RUNTIME_DIR/solo5-oci
  fi
  case $1 in '' | . | .. | [-~]* | *[!A-Za-z0-9_+.-]*) return 1 ;; esac
  folder=$root/$1
  [ -e "$folder" ] || { [ -n "$force" ] && [ -d "$root" ]; return; }
  [ -f "$folder/quick" ] || return 1
  { read -r pid && read -r start && read -r freezer && read -r cgroups && read -r rest; } <"$folder/quick" || return 1

  # proc_pid_stat(5): behind the name, which may have any characters, the state is the first field and the start the 20th.
  { read -r line <"/proc/$pid/stat"; } 2>/dev/null || line=') X'
  set -- ${line##*) }
  alive=
  case $1 in [ZX]) ;; *) [ "${20-}" = "$start" ] && alive=1 ;; esac

  case $command in
  state)
    status=stopped
    if [ -n "$alive" ]; then
      status=running
      if [ -p "$folder/start" ]; then status=created; else
        { read -r frozen <"$freezer"; } 2>/dev/null || frozen=
        case $frozen in FROZEN | FREEZING | 1) status=paused ;; esac
      fi
    else
      pid=0
    fi
    printf '{"status":"%s","pid":%s,%s\n' "$status" "$pid" "$rest"
    ;;
  start)
    [ -n "$alive" ] && [ -p "$folder/start" ] || return 1
    # Opened for both, the FIFO waits for nobody.
    printf 0 1<>"$folder/start" && rm -f "$folder/start"
    ;;
  delete)
    [ -z "$alive" ] || return 1
    [ -z "$cgroups" ] || rmdir $cgroups 2>/dev/null || return 1
    rm -rf "$folder"
    ;;
  esac
}

quick "$@" && exit

here=$0
[ ! -L "$here" ] || here=$(readlink -f "$here")
case $here in */*) here=${here%/*} ;; *) here=. ;; esac
# What the other program leaves to Node it looks for there.
export SOLO5_OCI_NODE="$here/solo5-oci.cjs"
program=${SOLO5_OCI_PROGRAM-}
if [ -z "$program" ]; then
  { read -r isa </proc/sys/kernel/arch; } 2>/dev/null || isa=$(uname -m)
  case $isa in x86_64) isa=x86-64 ;; esac
  # In a checkout, beside this package, and in it.
  for folder in "$here/../../runners" "$here/../../../../solo5-runners" "$here/../../../node_modules/solo5-runners"; do
    program=$folder/oci-@version@-$isa
    [ ! -x "$program" ] || break
  done
fi
[ -x "$program" ] && exec "$program" "$@"
exec node "$SOLO5_OCI_NODE" "$@"
