#!/bin/sh
# The command solo5-oci. Managers call a runtime four or five times for each container, and what follows `create` is little: where
# nothing stands against it, it is done here, in a millisecond or two. Whatever else there is, errors above all, the program beside
# this file does. src/oci/quick.ts writes what this reads.
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

quick "$@" || exec node "$(dirname "$(readlink -f "$0")")/solo5-oci.cjs" "$@"
