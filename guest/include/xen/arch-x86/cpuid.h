/*
 * Where Xen speaks of itself: the first leaf of a block of 256 that has its signature. The next but one tells how many
 * hypercall pages there are, and the register to write their address to.
 */
#ifndef XEN_ARCH_X86_CPUID_H
#define XEN_ARCH_X86_CPUID_H

#define XEN_CPUID_FIRST_LEAF 0x40000000

#define XEN_CPUID_SIGNATURE_EBX 0x566e6558 /* XenV */
#define XEN_CPUID_SIGNATURE_ECX 0x65584d4d /* MMXe */
#define XEN_CPUID_SIGNATURE_EDX 0x4d4d566e /* nVMM */

#endif
