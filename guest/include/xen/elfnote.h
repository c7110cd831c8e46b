/*
 * Notes of the name "Xen" in an ELF file.
 */
#ifndef XEN_ELFNOTE_H
#define XEN_ELFNOTE_H

#define XEN_ELFNOTE_PHYS32_ENTRY 18 /* physical address of the entry in 32-bit mode: the mark of PVH */

#endif
