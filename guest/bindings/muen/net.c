/*
 * Network devices: two channels each, `NAME|in` and `NAME|out`, whose elements are frames. docs/abi.md 9.
 */

#define NET_PROTOCOL  0x7ade5c549b08e814UL
#define NET_MTU       1500
#define NET_FRAME_MAX (NET_MTU + SOLO5_NET_HLEN)

struct net_element {
    uint8_t data[NET_FRAME_MAX];
    uint16_t length;
};

_Static_assert(sizeof(struct net_element) == 1516, "net_element");

static struct net_device {
    struct channel in, out;
} net_devices[MFT_MAX_ENTRIES]; /* by handle */

/* The channel NAME(suffix), of which (flags) are required; says what is amiss. */
static bool find_channel(struct channel *channel, const char *name, const char *suffix, uint8_t flags)
{
    char whole[INFO_NAME_MAX + 1];
    size_t length = 0;
    const char *const parts[] = { name, suffix };
    for (size_t part = 0; part < 2; part++)
        for (const char *p = parts[part]; *p != '\0'; p++) {
            if (length == INFO_NAME_MAX) {
                log_at(LOG_ERROR, "Solo5: error: '%s%s' is too long for a channel's name\n", name, suffix);
                return false;
            }
            whole[length++] = *p;
        }
    whole[length] = '\0';
    const struct memory_data *memory = find_memory(whole, sizeof(struct channel_header) + sizeof(struct net_element));
    if (memory == NULL || memory->kind != MEMORY_CHANNEL || (memory->flags & flags) != flags) {
        log_at(LOG_ERROR, "Solo5: error: there is no %schannel '%s'\n", flags != 0 ? "writable " : "", whole);
        return false;
    }
    *channel = (struct channel){ .header = (volatile struct channel_header *)memory->address, .size = memory->size };
    return true;
}

/* A hardware address of this subject's own, by its name and the device's, and no other each time. */
static void make_mac(uint8_t mac[6], const char *name)
{
    const struct info_name *subject = &subject_info()->name;
    uint64_t hash = 0xcbf29ce484222325; /* FNV-1a */
    for (size_t i = 0; i < subject->length && i < INFO_NAME_MAX; i++)
        hash = (hash ^ (uint8_t)subject->text[i]) * 0x100000001b3;
    for (const char *p = name; *p != '\0'; p++)
        hash = (hash ^ (uint8_t)*p) * 0x100000001b3;
    for (int i = 0; i < 6; i++)
        mac[i] = (uint8_t)(hash >> 8 * i);
    mac[0] = (mac[0] & ~1) | 2; /* of one machine, locally administered */
}

solo5_result_t solo5_net_acquire(const char *name, solo5_handle_t *handle, struct solo5_net_info *info)
{
    solo5_handle_t index;
    if (manifest_find(name, MFT_DEV_NET_BASIC, &index) == NULL) return SOLO5_R_EINVAL;
    struct net_device *device = &net_devices[index];
    if (device->out.header == NULL) {
        struct channel in, out;
        if (!find_channel(&in, name, "|in", 0) || !find_channel(&out, name, "|out", MEMORY_WRITABLE))
            return SOLO5_R_EUNSPEC;
        *device = (struct net_device){ .in = in, .out = out };
        channel_begin(&device->out, NET_PROTOCOL, sizeof(struct net_element), schedule()->start);
    }
    make_mac(info->mac_address, name);
    info->mtu = NET_MTU;
    *handle = index;
    tell_acquired(name, "network");
    return SOLO5_R_OK;
}

/* The device with that handle once it is acquired, or NULL. */
static struct net_device *net_get(solo5_handle_t handle)
{
    return handle < MFT_MAX_ENTRIES && net_devices[handle].out.header != NULL ? &net_devices[handle] : NULL;
}

static bool net_pending(struct net_device *device)
{
    return channel_pending(&device->in, NET_PROTOCOL, sizeof(struct net_element));
}

solo5_result_t solo5_net_write(solo5_handle_t handle, const uint8_t *buf, size_t size)
{
    struct net_device *device = net_get(handle);
    if (device == NULL || size < SOLO5_NET_HLEN || size > NET_FRAME_MAX) return SOLO5_R_EINVAL;
    struct net_element *element = channel_open(&device->out, sizeof *element);
    memcpy(element->data, buf, size);
    element->length = (uint16_t)size;
    channel_close(&device->out);
    return SOLO5_R_OK;
}

solo5_result_t solo5_net_read(solo5_handle_t handle, uint8_t *buf, size_t size, size_t *read_size)
{
    struct net_device *device = net_get(handle);
    if (device == NULL || size < NET_FRAME_MAX) return SOLO5_R_EINVAL;
    const struct net_element *element;
    while ((element = channel_peek(&device->in, NET_PROTOCOL, sizeof *element)) != NULL) {
        /* The writer's length is not to be trusted, and may change. */
        size_t length = *(const volatile uint16_t *)&element->length;
        if (length <= NET_FRAME_MAX) memcpy(buf, element->data, length);
        if (!channel_accept(&device->in) || length > NET_FRAME_MAX) continue;
        *read_size = length;
        return SOLO5_R_OK;
    }
    return SOLO5_R_AGAIN;
}
