// Every layout and constant against what a C compiler makes of the headers that state it: guest/include for Solo5's
// own, the system's for ELF and Linux. A second statement of each, by other hands or at least in another language.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { cValues } from "../../test/c-values.js";
import { needs, needsAll } from "../../test/needs.js";
import { projectRoot } from "../../test/project.js";
import type { AnyStruct } from "../bytes/struct.js";
import * as elf from "./elf.js";
import * as hvt from "./hvt.js";
import * as notes from "./notes.js";
import * as spt from "./spt.js";
import * as start from "./start.js";
import * as xen from "./xen.js";

const skip = needs.program("gcc");
const include = ["-I", join(projectRoot, "guest/include")];

/** Expressions with the values that they must have. */
type Expected = Readonly<Record<string, number | bigint>>;

/**
 * `sizeof` and `offsetof` of `type`. `members` are C's; each is the field of the same name but for its prefix and the
 * way words are joined, or of the name before a colon.
 */
function layout(type: string, { size, offsets }: AnyStruct, members: string): Expected {
  const rows = members.split(" ").map((text) => {
    const [member = "", field] = text.split(":").toReversed();
    const plain = member.replace(/^(?:e|p|sh|st|n|tv|it)_/, "");
    const name = field ?? plain.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
    assert.ok(Object.hasOwn(offsets, name), `${type}: ${member} should be ${name}`);
    return [`offsetof(${type}, ${member})`, (offsets as Record<string, number>)[name] ?? -1] as const;
  });
  assert.ok(new Set(rows.map(([expression]) => expression)).size === rows.length, type);
  return { [`sizeof(${type})`]: size, ...Object.fromEntries(rows) };
}

function agree(prologue: string, expected: Expected, flags: readonly string[] = []): void {
  const expressions = Object.keys(expected);
  const actual = cValues(prologue, expressions, flags);
  assert.deepEqual(
    Object.fromEntries(expressions.map((expression, i) => [expression, actual[i]])),
    Object.fromEntries(Object.entries(expected).map(([expression, value]) => [expression, BigInt(value)])),
  );
}

test("ELF, as <elf.h> has it", { skip }, () => {
  agree("#include <elf.h>", {
    ...layout(
      "Elf64_Ehdr",
      elf.ehdr,
      "magic:e_ident[0] class:e_ident[4] data:e_ident[5] identVersion:e_ident[6] osabi:e_ident[7] pad:e_ident[8] e_type e_machine e_version e_entry e_phoff e_shoff e_flags e_ehsize e_phentsize e_phnum e_shentsize e_shnum e_shstrndx",
    ),
    ...layout("Elf64_Phdr", elf.phdr, "p_type p_flags p_offset p_vaddr p_paddr p_filesz p_memsz p_align"),
    ...layout(
      "Elf64_Shdr",
      elf.shdr,
      "sh_name sh_type sh_flags sh_addr sh_offset sh_size sh_link sh_info sh_addralign sh_entsize",
    ),
    ...layout("Elf64_Sym", elf.sym, "st_name st_info st_other st_shndx st_value st_size"),
    ...layout("Elf64_Nhdr", elf.nhdr, "n_namesz n_descsz n_type"),
    "*(int *)ELFMAG": elf.elfMagic,
    ELFCLASS64: elf.elfClass64,
    ELFDATA2LSB: elf.elfDataLittle,
    ET_EXEC: elf.elfType.exec,
    ET_DYN: elf.elfType.dyn,
    PT_LOAD: elf.segmentType.load,
    PT_INTERP: elf.segmentType.interp,
    PT_NOTE: elf.segmentType.note,
    PT_TLS: elf.segmentType.tls,
    PT_GNU_STACK: elf.segmentType.gnuStack,
    PF_X: elf.segmentFlag.execute,
    PF_W: elf.segmentFlag.write,
    PF_R: elf.segmentFlag.read,
    SHT_NULL: elf.sectionType.null,
    SHT_PROGBITS: elf.sectionType.progbits,
    SHT_SYMTAB: elf.sectionType.symtab,
    SHT_STRTAB: elf.sectionType.strtab,
    SHT_NOBITS: elf.sectionType.nobits,
    EM_X86_64: elf.machine["x86-64"],
    EM_AARCH64: elf.machine.aarch64,
  });
});

test("notes and manifest, as elf_abi.h and mft_abi.h have them", { skip }, () => {
  const { targets } = notes;
  agree(
    '#include "elf_abi.h"\n#include "mft_abi.h"',
    {
      HVT_ABI_TARGET: targets.hvt.number,
      SPT_ABI_TARGET: targets.spt.number,
      VIRTIO_ABI_TARGET: targets.virtio.number,
      MUEN_ABI_TARGET: targets.muen.number,
      GENODE_ABI_TARGET: targets.genode.number,
      XEN_ABI_TARGET: targets.xen.number,
      ABI1_NOTE_TYPE: notes.noteType.abi1,
      MFT1_NOTE_TYPE: notes.noteType.mft1,
      "sizeof ABI1_NOTE_NAME": notes.noteName.length + 1,
      "sizeof MFT1_NOTE_NAME": notes.noteName.length + 1,
      ABI1_NOTE_MAX_SIZE: notes.noteDescMax.abi1,
      MFT1_NOTE_MAX_SIZE: notes.noteDescMax.mft1,
      ...layout("struct abi1_info", notes.abi1, "target:abi_target version:abi_version reserved:reserved0"),
      "offsetof(struct mft1_note, m) - sizeof(struct mft1_nhdr)": notes.mftPadding,
      "offsetof(struct mft, e)": notes.mftHeader.size,
      "offsetof(struct mft, entries)": notes.mftHeader.offsets.entries,
      MFT_VERSION: notes.mftVersion,
      ...layout("struct mft_entry", notes.mftEntry, "name type device:u hostfd:b attached"),
      "sizeof(((struct mft_entry *)0)->name)": notes.mftEntry.fields.name.size,
      "sizeof(((struct mft_entry *)0)->u)": notes.mftEntry.fields.device.size,
      "sizeof(((struct mft_entry *)0)->b)": notes.mftEntry.fields.hostfd.size,
      ...layout("struct mft_block_basic", notes.mftBlock, "capacity block_size"),
      ...layout("struct mft_net_basic", notes.mftNet, "mac mtu"),
      MFT_DEV_BLOCK_BASIC: notes.deviceType.BLOCK_BASIC,
      MFT_DEV_NET_BASIC: notes.deviceType.NET_BASIC,
      MFT_RESERVED_FIRST: notes.mftReservedFirst,
      MFT_MAX_ENTRIES: notes.mftMaxEntries,
      MFT_NAME_MAX: notes.deviceNameMax,
    },
    include,
  );
});

test("hvt, as hvt_abi.h and hvt_ring.h have it", { skip: skip || needs.x8664Linux() }, () => {
  const { hypercalls } = hvt;
  agree(
    '#define HVT_HOST\n#include "hvt_abi.h"\n#include "hvt_ring.h"',
    {
      ...layout(
        "struct hvt_boot_info",
        hvt.bootInfo,
        "mem_size kernel_end cycleFreq:cpu_cycle_freq cmdline mft host_features guest_features net_ring",
      ),
      HVT_CMDLINE_SIZE: start.cmdlineSize,
      HVT_GUEST_MIN_BASE: start.guestMinBase,
      HVT_HYPERCALL_PIO_BASE: hvt.hypercallPort,
      HVT_FEATURE_RING_IO: hvt.feature.ringIo,
      HVT_HYPERCALL_WALLTIME: hypercalls.walltime.nr,
      HVT_HYPERCALL_PUTS: hypercalls.puts.nr,
      HVT_HYPERCALL_POLL: hypercalls.poll.nr,
      HVT_HYPERCALL_BLOCK_WRITE: hypercalls.blockWrite.nr,
      HVT_HYPERCALL_BLOCK_READ: hypercalls.blockRead.nr,
      HVT_HYPERCALL_NET_WRITE: hypercalls.netWrite.nr,
      HVT_HYPERCALL_NET_READ: hypercalls.netRead.nr,
      HVT_HYPERCALL_HALT: hypercalls.halt.nr,
      HVT_HYPERCALL_MAX: Object.keys(hypercalls).length + 1,
      HVT_HALT_COOKIE_MAX: hvt.haltCookieSize,
      ...layout("struct hvt_hc_walltime", hypercalls.walltime.args, "nsecs"),
      ...layout("struct hvt_hc_puts", hypercalls.puts.args, "data len"),
      ...layout("struct hvt_hc_poll", hypercalls.poll.args, "timeout_nsecs ready_set ret"),
      ...layout("struct hvt_hc_block_write", hypercalls.blockWrite.args, "handle offset data len ret"),
      ...layout("struct hvt_hc_block_read", hypercalls.blockRead.args, "handle offset data len ret"),
      ...layout("struct hvt_hc_net_write", hypercalls.netWrite.args, "handle data len ret"),
      ...layout("struct hvt_hc_net_read", hypercalls.netRead.args, "handle data len ret"),
      ...layout("struct hvt_hc_halt", hypercalls.halt.args, "cookie exit_status"),
      HVT_RING_SIZE: hvt.ringEntries,
      HVT_RING_NET_WRITE: hvt.ringOp.write,
      HVT_RING_NET_READ: hvt.ringOp.read,
      ...layout(
        "struct hvt_ring_entry",
        hvt.ringEntry,
        "op:operation handle gpa:data len id reserved:_reserved",
      ),
      ...layout("struct hvt_ring_commit", hvt.ringCommit, "id ret len reserved:_reserved"),
      ...layout(
        "struct hvt_ring",
        hvt.ring,
        "ent_tail com_head guestLine:_pad0 ent_head com_tail needs_kick hostLine:_pad1 entries commits",
      ),
    },
    include,
  );
});

test("hvt on aarch64, as hvt_abi.h has it", { skip }, () => {
  agree(
    "#include <stdio.h>\n#include <stdint.h>\n#undef __x86_64__\n#define __aarch64__ 1\n#define HVT_HOST\n" +
      '#include "hvt_abi.h"',
    {
      HVT_HYPERCALL_MMIO_BASE: hvt.hypercallMmio,
      "HVT_HYPERCALL_ADDRESS(HVT_HYPERCALL_HALT)": hvt.hypercallMmio + 8 * hvt.hypercalls.halt.nr,
    },
    include,
  );
});

test("spt, as spt_abi.h has it", { skip }, () => {
  agree(
    '#include "spt_abi.h"',
    {
      ...layout("struct spt_boot_info", spt.bootInfo, "mem_size kernel_end cmdline mft epollfd timerfd"),
      SPT_HOST_MEM_BASE: spt.hostMemBase,
      SPT_BOOT_INFO_BASE: spt.bootInfoBase,
      SPT_CMDLINE_SIZE: start.cmdlineSize,
      SPT_GUEST_MIN_BASE: start.guestMinBase,
      "(uint64_t)SPT_INTERNAL_TIMERFD": spt.timerDatum,
    },
    include,
  );
});

test("results and exit statuses, as solo5.h has them", { skip }, () => {
  agree(
    '#include "solo5.h"',
    {
      SOLO5_R_OK: start.result.ok,
      SOLO5_R_AGAIN: start.result.again,
      SOLO5_R_EINVAL: start.result.invalid,
      SOLO5_R_EUNSPEC: start.result.unspecified,
      SOLO5_EXIT_SUCCESS: start.exitStatus.success,
      SOLO5_EXIT_FAILURE: start.exitStatus.failure,
      SOLO5_EXIT_ABORT: start.exitStatus.abort,
    },
    include,
  );
});

test("what spt asks of Linux, as the kernel's headers have it", { skip: skip || needs.x8664Linux() }, () => {
  const calls = spt.syscalls["x86-64"];
  agree(
    "#include <sys/syscall.h>\n#include <sys/epoll.h>\n#include <sys/timerfd.h>\n#include <asm/prctl.h>",
    {
      ...Object.fromEntries(Object.entries(calls).map(([call, nr]) => [`SYS_${call}`, nr])),
      ARCH_SET_FS: spt.archSetFs,
      CLOCK_REALTIME: spt.clockId.realtime,
      CLOCK_MONOTONIC: spt.clockId.monotonic,
      ...layout("struct epoll_event", spt.epollEvent["x86-64"], "events data"),
      ...layout("struct timespec", spt.timespec, "tv_sec tv_nsec"),
      ...layout("struct itimerspec", spt.itimerspec, "it_interval it_value"),
    },
  );
});

test("the system calls of aarch64, as the kernel's generic table has them", { skip }, () => {
  const calls = Object.entries(spt.syscalls.aarch64).filter(([, nr]) => nr !== null);
  agree(
    "#include <asm-generic/unistd.h>",
    Object.fromEntries(calls.map(([call, nr]) => [`__NR_${call}`, nr ?? -1])),
  );
  assert.equal(spt.epollEvent.aarch64.size, 16);
});

/** Xen's own headers, of Debian's libxen-dev. */
const xenHeaders = "/usr/include/xen/xen.h";

for (const [whose, headers, skipped] of [
  ["our", include, skip],
  ["Xen's own", [], needsAll(skip, needs.file(xenHeaders, "libxen-dev"))],
] as const)
  test(`xen, as ${whose} headers have it`, { skip: skipped }, () => {
    const names = "memory event_channel grant_table sched vcpu hvm/hvm_op hvm/params elfnote arch-x86/cpuid arch-x86/hvm/start_info io/console io/xs_wire io/xenbus io/netif io/blkif"; // prettier-ignore
    const prologue = names.split(" ").map((name) => `#include "xen/${name}.h"`);
    const numbers = (prefix: string, values: Readonly<Record<string, number>>): Expected =>
      Object.fromEntries(Object.entries(values).map(([name, value]) => [`${prefix}${name}`, value]));
    const { memory_map, add_to_physmap } = xen.operation.memory_op;
    const { map_grant_ref, unmap_grant_ref, query_size } = xen.operation.grant_table_op;
    const { status, ...eventOperations } = xen.operation.event_channel_op;
    agree(
      ["#define __XEN_INTERFACE_VERSION__ 0x00040e00", "#include <stdint.h>", ...prologue].join("\n"),
      {
        ...numbers("__HYPERVISOR_", xen.hypercall),
        ...numbers("XENMEM_", { memory_map, add_to_physmap }),
        ...numbers("GNTTABOP_", { map_grant_ref, unmap_grant_ref, query_size }),
        ...numbers("EVTCHNOP_", { status, ...eventOperations }),
        ...numbers("SCHEDOP_", xen.operation.sched_op),
        ...numbers("VCPUOP_", xen.operation.vcpu_op),
        ...numbers("HVMOP_", xen.operation.hvm_op),
        ...numbers("SHUTDOWN_", xen.shutdownReason),
        XEN_ELFNOTE_PHYS32_ENTRY: xen.entryNote.type,
        XEN_HVM_START_MAGIC_VALUE: xen.startMagic,
        DOMID_SELF: xen.domid.self,
        HVM_PARAM_STORE_EVTCHN: xen.param.storeEvtchn,
        HVM_PARAM_CONSOLE_PFN: xen.param.consolePfn,
        ...layout("struct hvm_start_info", xen.startInfo, "magic version flags nr_modules modlist_paddr cmdline_paddr rsdp_paddr memmap_paddr memmap_entries reserved"), // prettier-ignore
        ...layout("struct hvm_memmap_table_entry", xen.memmapEntry, "addr size type"),
        ...layout("struct xen_add_to_physmap", xen.addToPhysmap, "domid size space idx gpfn"),
        ...layout("struct xen_memory_map", xen.memoryMap, "nr_entries buffer"),
        ...layout("struct sched_poll", xen.schedPoll, "ports nr_ports timeout"),
        ...layout("struct evtchn_alloc_unbound", xen.allocUnbound, "dom remote_dom port"),
        ...layout("struct evtchn_bind_virq", xen.bindVirq, "virq vcpu port"),
        ...layout("struct xen_hvm_param", xen.hvmParam, "domid index value"),
        ...layout("struct xen_hvm_evtchn_upcall_vector", xen.upcallVector, "vcpu vector"),
        ...layout("struct vcpu_set_singleshot_timer", xen.singleshotTimer, "timeout_abs_ns flags"),
        ...layout("struct vcpu_register_vcpu_info", xen.registerVcpuInfo, "mfn offset"),
        ...layout("struct vcpu_time_info", xen.timeInfo, "version tsc_timestamp system_time tsc_to_system_mul tsc_shift flags"), // prettier-ignore
        ...layout("struct vcpu_info", xen.vcpuInfo, "upcallPending:evtchn_upcall_pending upcallMask:evtchn_upcall_mask pendingSel:evtchn_pending_sel time"), // prettier-ignore
        "offsetof(struct shared_info, evtchn_pending)": xen.sharedInfo.pending,
        "offsetof(struct shared_info, evtchn_mask)": xen.sharedInfo.mask,
        "offsetof(struct shared_info, wc_version)": xen.sharedInfo.wallClock,
        "sizeof(struct shared_info)": 3136,
        EVTCHN_2L_NR_CHANNELS: xen.portMax,
        ...layout("struct grant_entry_v1", xen.grantEntry, "flags domid frame"),
        ...layout("struct gnttab_map_grant_ref", xen.mapGrantRef, "host_addr flags ref dom status handle dev_bus_addr"), // prettier-ignore
        ...layout("struct gnttab_query_size", xen.querySize, "dom nr_frames max_nr_frames status"),
        GTF_readonly: xen.grantFlag.readonly,
        "offsetof(struct xencons_interface, out)": xen.consolePage.out,
        "offsetof(struct xencons_interface, out_prod)": xen.consolePage.outProd,
        "offsetof(struct xenstore_domain_interface, rsp)": xen.storePage.response,
        "offsetof(struct xenstore_domain_interface, req_prod)": xen.storePage.reqProd,
        "offsetof(struct xenstore_domain_interface, rsp_prod)": xen.storePage.rspProd,
        ...layout("struct xsd_sockmsg", xen.storeMessage, "type req_id tx_id len"),
        XS_RM: xen.storeMessageType.rm,
        XS_ERROR: xen.storeMessageType.error,
        "offsetof(struct blkif_sring, ring)": xen.ringHead.size,
        ...layout("struct netif_tx_request", xen.netTxRequest, "gref offset flags id size"),
        ...layout("struct netif_tx_response", xen.netTxResponse, "id status"),
        ...layout("struct netif_rx_request", xen.netRxRequest, "id gref"),
        ...layout("struct netif_rx_response", xen.netRxResponse, "id offset flags status"),
        "sizeof(union netif_tx_sring_entry)": xen.netTxRing.entrySize,
        "sizeof(union netif_rx_sring_entry)": xen.netRxRing.entrySize,
        ...layout("struct blkif_request", xen.blockRequest, "operation nr_segments handle id sector_number segments:seg"), // prettier-ignore
        ...layout("struct blkif_request_segment", xen.blockSegment, "gref first_sect last_sect"),
        ...layout("struct blkif_response", xen.blockResponse, "id operation status"),
        "sizeof(union blkif_sring_entry)": xen.blockRing.entrySize,
        XenbusStateClosed: xen.busState.closed,
      },
      headers,
    );
  });
