/*
 * Xenstore: names with values that the toolstack and the other ends of devices read and write. One request at a time.
 * Source: Xen's docs/misc/xenstore.txt and public header io/xs_wire.h.
 */

#define STORE_PATIENCE (30 * NSEC_PER_SEC)

static volatile struct xenstore_domain_interface *store;
static evtchn_port_t store_port;
static char store_answer[XENSTORE_PAYLOAD_MAX + 1]; /* NUL-terminated */

static void store_init(void)
{
    uint64_t page, port;
    if (!hvm_get(HVM_PARAM_STORE_PFN, &page) || !hvm_get(HVM_PARAM_STORE_EVTCHN, &port) || page == 0)
        FAIL("There is no xenstore");
    store = map_page(page);
    store_port = (evtchn_port_t)port;
}

/* How many bytes may be written, or read, in one piece or two. */
static XENSTORE_RING_IDX store_room(void)
{
    return XENSTORE_RING_SIZE - (store->req_prod - __atomic_load_n(&store->req_cons, __ATOMIC_ACQUIRE));
}

static XENSTORE_RING_IDX store_pending(void)
{
    return __atomic_load_n(&store->rsp_prod, __ATOMIC_ACQUIRE) - store->rsp_cons;
}

/* Until there is some of either. */
__attribute__((cold, noinline)) static void store_wait(XENSTORE_RING_IDX (*some)(void))
{
    solo5_time_t end = solo5_clock_monotonic() + STORE_PATIENCE;
    while (event_clear(store_port), some() == 0) {
        if (solo5_clock_monotonic() >= end) FAIL("Xenstore does not answer");
        event_wait(&store_port, 1, end);
    }
}

__attribute__((cold, noinline)) static void store_send(const void *data, size_t size)
{
    const char *bytes = data;
    for (size_t i = 0; i < size; i++) {
        if (store_room() == 0) {
            event_send(store_port);
            store_wait(store_room);
        }
        XENSTORE_RING_IDX at = store->req_prod;
        store->req[at % XENSTORE_RING_SIZE] = bytes[i];
        __atomic_store_n(&store->req_prod, at + 1, __ATOMIC_RELEASE);
    }
}

__attribute__((cold, noinline)) static void store_receive(char *data, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (store_pending() == 0) {
            event_send(store_port);
            store_wait(store_pending);
        }
        XENSTORE_RING_IDX at = store->rsp_cons;
        data[i] = store->rsp[at % XENSTORE_RING_SIZE];
        __atomic_store_n(&store->rsp_cons, at + 1, __ATOMIC_RELEASE);
    }
}

static size_t text_length(const char *text)
{
    size_t length = 0;
    while (text[length] != '\0')
        length++;
    return length;
}

/* Asks about FOLDER/KEY; (value), which is not NUL-terminated on the way, may be NULL. Gives the size of the answer, or
 * -1 for an error. */
__attribute__((cold, noinline)) static long store_ask(enum xsd_sockmsg_type type, const char *folder, const char *key, const char *value)
{
    static uint32_t number;
    struct xsd_sockmsg message = { .type = type, .req_id = ++number };
    size_t sizes[] = { text_length(folder), text_length(key), value != NULL ? text_length(value) : 0 };
    message.len = (uint32_t)(sizes[0] + (sizes[1] != 0) + sizes[1] + 1 + sizes[2]);
    store_send(&message, sizeof message);
    store_send(folder, sizes[0]);
    store_send("/", sizes[1] != 0);
    store_send(key, sizes[1] + 1);
    if (value != NULL) store_send(value, sizes[2]);
    event_send(store_port);
    do {
        store_receive((char *)&message, sizeof message);
        if (message.len > XENSTORE_PAYLOAD_MAX) FAIL("Xenstore sends a message that is too long");
        store_receive(store_answer, message.len);
        store_answer[message.len] = '\0';
    } while (message.req_id != number || message.type == XS_WATCH_EVENT);
    event_send(store_port);
    return message.type == XS_ERROR ? -1 : (long)message.len;
}

/* The value in `store_answer`, or NULL where there is none. */
static const char *store_read(const char *folder, const char *key)
{
    return store_ask(XS_READ, folder, key, NULL) < 0 ? NULL : store_answer;
}

static void store_write(const char *folder, const char *key, const char *value)
{
    if (store_ask(XS_WRITE, folder, key, value) < 0) FAIL("Xenstore takes no value");
}

__attribute__((format(printf, 3, 4))) static void format_string(char *buffer, size_t size, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    buffer[format_text(buffer, size - 1, format, args)] = '\0';
    va_end(args);
}

__attribute__((noinline)) static void store_write_number(const char *folder, const char *key, unsigned long number)
{
    char text[21];
    format_string(text, sizeof text, "%lu", number);
    store_write(folder, key, text);
}

/* The decimal number that (text) begins with, which is behind it then. */
static unsigned long take_number(const char **text)
{
    unsigned long number = 0;
    for (; **text >= '0' && **text <= '9'; (*text)++)
        number = number * 10 + (unsigned long)(**text - '0');
    return number;
}

/* (otherwise) where there is none. */
__attribute__((noinline)) static unsigned long store_read_number(const char *folder, const char *key, unsigned long otherwise)
{
    const char *text = store_read(folder, key);
    return text == NULL ? otherwise : take_number(&text);
}
