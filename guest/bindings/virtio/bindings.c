/*
 * The virtio bindings, all of them: a PC with a multiboot loader, a serial port and legacy virtio devices on PCI.
 */
#include "../common/bindings.h"
#include "elf_abi.h"

#define BINDINGS_TARGET  VIRTIO_ABI_TARGET
#define BINDINGS_VERSION 1
#define BINDINGS_FIND_DEVICES

#include "../common/x86-64/cpu.h"
#include "../common/x86-64/privileged.h"
#include "../common/x86-64/tls.h"
#include "ports.h"

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
#include "../common/x86-64/trap.c"
#include "boot.c"
#include "multiboot.c"
#include "uart.c"
#include "acpi.c"
#include "platform.c"
#include "pit.c"
#include "cmos.c"
#include "kvmclock.c"
#include "clock.c"
#include "pci.c"
#include "device.c"
#include "queue.c"
#include "interrupt.c"
#include "net.c"
#include "block.c"
#include "attach.c"
#include "yield.c"
#include "start.c"
