/*
 * Finding what the policy gives this subject, by name.
 */

static const struct subject_info *subject_info(void)
{
    return (const struct subject_info *)linker_value((const char *)INFO_ADDRESS);
}

/* Whether the kernel's layout is the one that these bindings know. */
static bool info_is_known(void)
{
    return subject_info()->magic == INFO_MAGIC;
}

static bool name_is(const struct info_name *name, const char *text)
{
    for (size_t i = 0; i < name->length && i < INFO_NAME_MAX; i++)
        if (text[i] == '\0' || text[i] != name->text[i]) return false;
    return text[name->length < INFO_NAME_MAX ? name->length : INFO_NAME_MAX] == '\0';
}

/* The resource of that kind and name, or NULL. */
static const struct resource *find_resource(enum resource_kind kind, const char *name)
{
    const struct subject_info *info = subject_info();
    if (!info_is_known()) return NULL;
    for (unsigned i = 0; i < info->resource_count && i < MAX_RESOURCES; i++) {
        const struct resource *resource = &info->resources[i];
        if (resource->kind == RESOURCE_NONE) break;
        if (resource->kind == (uint32_t)kind && name_is(&resource->name, name)) return resource;
    }
    return NULL;
}

/* Memory of that name with room for (size) bytes, or NULL. */
static const struct memory_data *find_memory(const char *name, size_t size)
{
    const struct resource *resource = find_resource(RESOURCE_MEMORY, name);
    return resource != NULL && resource->data.memory.size >= size ? &resource->data.memory : NULL;
}
