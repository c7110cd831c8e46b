/*
 * The muen bindings, all of them: a subject of the Muen separation kernel, with channels to others.
 */
#include "../common/bindings.h"
#include "elf_abi.h"

#define BINDINGS_TARGET  MUEN_ABI_TARGET
#define BINDINGS_VERSION 4
#define BINDINGS_FIND_DEVICES

#include "../common/x86-64/cpu.h"
#include "../common/x86-64/privileged.h"
#include "../common/x86-64/tls.h"
#include "info.h"

#include "../common/notes.c"
#include "../common/string.c"
#include "../common/format.c"
#include "../common/log.c"
#include "../common/lifecycle.c"
#include "../common/stack-protector.c"
#include "../common/tls.c"
#include "../common/options.c"
#include "../common/memory.c"
#include "../common/banner.c"
#include "../common/manifest.c"
#include "../common/thread-pointer.c"
#include "../common/cycle-clock.c"
#include "../common/x86-64/trap.c"
#include "resources.c"
#include "channel.c"
#include "clock.c"
#include "console.c"
#include "platform.c"
#include "net.c"
#include "../common/no-block.c" /* Muen has channels for disks, Solo5 has none: docs/abi.md 9. */
#include "yield.c"
#include "start.c"
