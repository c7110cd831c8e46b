/*
 * The hvt bindings, all of them: a virtual machine without devices but for the tender's hypercalls.
 */
#include "../common/bindings.h"
#include "hvt_abi.h"
#include "hvt_ring.h"

#define BINDINGS_TARGET  HVT_ABI_TARGET
#define BINDINGS_VERSION HVT_ABI_VERSION

#if defined(__x86_64__)
#include "../common/x86-64/cpu.h"
#include "../common/x86-64/tls.h"
#include "x86-64/machine.h"
#else
#include "../common/aarch64/cpu.h"
#include "../common/aarch64/tls.h"
#include "aarch64/machine.h"
#endif

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
#include "../common/devices.c"
#include "../common/thread-pointer.c"
#include "../common/cycle-clock.c"
#include "platform.c"
#if defined(__x86_64__)
#include "../common/x86-64/trap.c"
#else
#include "../common/aarch64/trap.c"
#endif
#include "clock.c"
#include "yield.c"
#include "ring.c"
#include "net.c"
#include "block.c"
#include "start.c"
