/*
 * The manifest: looking up devices by name.
 */

static const struct mft *manifest;

/* The device of that name and type with its index in (*handle), or NULL. */
static const struct mft_entry *manifest_find(const char *name, mft_type_t type, solo5_handle_t *handle)
{
    for (uint32_t i = 1; i < manifest->entries; i++) {
        const struct mft_entry *entry = &manifest->e[i];
        if (entry->type != type || !string_equal(entry->name, name)) continue;
        *handle = i;
        return entry;
    }
    return NULL;
}

/* Says which device the application has, where it is the bindings that found it. */
static void tell_acquired(const char *name, const char *kind)
{
#ifdef BINDINGS_FIND_DEVICES
    log_at(LOG_INFO, "Solo5: Application acquired '%s' as %s device\n", name, kind);
#else
    (void)name;
    (void)kind;
#endif
}
