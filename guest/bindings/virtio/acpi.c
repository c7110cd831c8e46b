/*
 * Power off by ACPI: the sleep state S5, whose number stands in the byte code of the DSDT. Only that one package is
 * looked for; nothing is interpreted. Source: ACPI 6.5, sections 4.8.3.2, 5.2 and 20.2.
 */

#define RSDP_START    0xe0000
#define RSDP_END      0x100000
#define SLP_EN        (1 << 13)
#define AML_PACKAGE   0x12
#define AML_BYTE      0x0a
#define ADDRESS_LIMIT (1UL << 32) /* of what is mapped */

struct acpi_rsdp {
    char signature[8];
    uint8_t checksum; /* makes the first 20 bytes add up to 0 */
    char oem[6];
    uint8_t revision;
    uint32_t rsdt;
    uint32_t length; /* from here on only in revision 2 */
    uint64_t xsdt;
} __attribute__((packed));

struct acpi_table {
    char signature[4];
    uint32_t length;
    uint8_t rest[28];
    uint8_t body[];
};

/* Offsets in the FADT. */
enum { FADT_DSDT = 40, FADT_PM1A_CNT = 64, FADT_PM1B_CNT = 68, FADT_X_DSDT = 140 };

_Static_assert(sizeof(struct acpi_table) == 36, "acpi_table");

static bool has_signature(const void *at, const char *signature)
{
    const char *text = at;
    for (; *signature != '\0'; text++, signature++)
        if (*text != *signature) return false;
    return true;
}

static const struct acpi_rsdp *acpi_find_rsdp(void)
{
    for (uintptr_t at = RSDP_START; at < RSDP_END; at += 16) {
        const uint8_t *bytes = (const uint8_t *)at;
        if (!has_signature(bytes, "RSD PTR ")) continue;
        uint8_t sum = 0;
        for (int i = 0; i < 20; i++)
            sum += bytes[i];
        if (sum == 0) return (const struct acpi_rsdp *)at;
    }
    return NULL;
}

/* (size) bytes at (at), little endian and perhaps misaligned. */
static uint64_t read_bytes(const void *at, size_t size)
{
    uint64_t value = 0;
    memcpy(&value, at, size);
    return value;
}

/* The (index)th table of that signature, or NULL. */
static const struct acpi_table *acpi_find_table(const struct acpi_rsdp *rsdp, const char *signature, int index)
{
    bool wide = rsdp->revision >= 2 && rsdp->xsdt != 0 && rsdp->xsdt < ADDRESS_LIMIT;
    const struct acpi_table *root = (const struct acpi_table *)(wide ? (uintptr_t)rsdp->xsdt : rsdp->rsdt);
    size_t entry_size = wide ? 8 : 4;
    for (size_t at = 0; at + entry_size + sizeof *root <= root->length; at += entry_size) {
        uint64_t address = read_bytes(root->body + at, entry_size);
        if (address == 0 || address >= ADDRESS_LIMIT) continue;
        const struct acpi_table *table = (const struct acpi_table *)(uintptr_t)address;
        if (has_signature(table, signature) && index-- == 0) return table;
    }
    return NULL;
}

/* The first number of the package `_S5_` in the byte code of (table), which goes to SLP_TYPa; -1 if it has none. */
static int acpi_s5_type(const struct acpi_table *table)
{
    const uint8_t *code = table->body;
    const uint8_t *end = (const uint8_t *)table + table->length;
    for (; code + 12 <= end; code++) {
        if (!has_signature(code, "_S5_") || code[4] != AML_PACKAGE) continue;
        const uint8_t *length = code + 5;
        const uint8_t *element = length + 1 + (*length >> 6) + 1; /* The upper two bits count more bytes of length. */
        return *element == AML_BYTE ? element[1] : *element;
    }
    return -1;
}

/* Returns only where there is no ACPI, or it does nothing. */
static void acpi_power_off(void)
{
    const struct acpi_rsdp *rsdp = acpi_find_rsdp();
    if (rsdp == NULL) return;
    const struct acpi_table *fadt = acpi_find_table(rsdp, "FACP", 0);
    if (fadt == NULL) return;
    const uint8_t *fields = (const uint8_t *)fadt;
    uint64_t dsdt = read_bytes(fields + FADT_DSDT, 4);
    if (dsdt == 0 && fadt->length >= FADT_X_DSDT + 8) dsdt = read_bytes(fields + FADT_X_DSDT, 8);
    int type = dsdt == 0 || dsdt >= ADDRESS_LIMIT ? -1 : acpi_s5_type((const struct acpi_table *)(uintptr_t)dsdt);
    const struct acpi_table *ssdt;
    for (int i = 0; type < 0 && (ssdt = acpi_find_table(rsdp, "SSDT", i)) != NULL; i++)
        type = acpi_s5_type(ssdt);
    if (type < 0) return;

    uint16_t pm1a = (uint16_t)read_bytes(fields + FADT_PM1A_CNT, 4);
    uint16_t pm1b = (uint16_t)read_bytes(fields + FADT_PM1B_CNT, 4);
    uint16_t value = (uint16_t)(type << 10 | SLP_EN);
    log_at(LOG_INFO, "Solo5: ACPI: power off via PM1a=0x%x\n", (unsigned)pm1a);
    if (pm1a != 0) out16(pm1a, value);
    if (pm1b != 0) out16(pm1b, value);
}
