/*
 * PCI configuration space, by configuration mechanism 1. Source: PCI Local Bus 3.0,
 * sections 3.2.2.3.2 and 6.1.
 */

#define PCI_ADDRESS 0xcf8
#define PCI_DATA    0xcfc

/* Registers, by their offset. */
enum { PCI_ID = 0x00, PCI_COMMAND = 0x04, PCI_HEADER = 0x0c, PCI_BAR0 = 0x10, PCI_SUBSYSTEM = 0x2c, PCI_INTERRUPT = 0x3c };

#define PCI_COMMAND_IO     0x01
#define PCI_COMMAND_MASTER 0x04
#define PCI_MULTIFUNCTION  (1U << 23) /* in PCI_HEADER, as the two below */
#define PCI_HEADER_TYPE    (0x7fU << 16)
#define PCI_HEADER_BRIDGE  (1U << 16)
#define PCI_BAR_IO         0x01

struct pci_address {
    unsigned bus, device, function;
};

static void pci_select(struct pci_address at, unsigned offset)
{
    out32(PCI_ADDRESS, 1U << 31 | at.bus << 16 | at.device << 11 | at.function << 8 | offset);
}

static uint32_t pci_read(struct pci_address at, unsigned offset)
{
    pci_select(at, offset);
    return in32(PCI_DATA);
}

static void pci_write(struct pci_address at, unsigned offset, uint32_t value)
{
    pci_select(at, offset);
    out32(PCI_DATA, value);
}

static bool pci_is_present(struct pci_address at)
{
    return (pci_read(at, PCI_ID) & 0xffff) != 0xffff;
}

/* Calls (found) for every function on (bus), in the order of device and function. Returns whether one is a bridge. */
static bool pci_enumerate(unsigned bus, void (*found)(struct pci_address))
{
    bool has_bridge = false;
    for (unsigned device = 0; device < 32; device++) {
        struct pci_address at = { bus, device, 0 };
        if (!pci_is_present(at)) continue;
        unsigned functions = (pci_read(at, PCI_HEADER) & PCI_MULTIFUNCTION) != 0 ? 8 : 1;
        for (; at.function < functions; at.function++) {
            if (!pci_is_present(at)) continue;
            has_bridge |= (pci_read(at, PCI_HEADER) & PCI_HEADER_TYPE) == PCI_HEADER_BRIDGE;
            found(at);
        }
    }
    return has_bridge;
}
