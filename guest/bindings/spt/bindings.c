/*
 * The spt bindings, all of them: a Linux process under seccomp.
 */
#include "../common/bindings.h"
#include "spt_abi.h"

#define BINDINGS_TARGET  SPT_ABI_TARGET
#define BINDINGS_VERSION SPT_ABI_VERSION

#if defined(__x86_64__)
#include "../common/x86-64/cpu.h"
#include "../common/x86-64/tls.h"
#include "x86-64/syscall.h"
#else
#include "../common/aarch64/cpu.h"
#include "../common/aarch64/tls.h"
#include "aarch64/syscall.h"
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
#include "platform.c"
#include "thread-pointer.c"
#include "clock.c"
#include "yield.c"
#include "net.c"
#include "block.c"
#include "start.c"
