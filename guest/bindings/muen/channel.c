/*
 * Channels between subjects: shared memory with a header and a ring of elements of one size, which one side writes and
 * the other only reads. The writer never waits: a reader that is too slow loses what it has not read. Nobody is told,
 * everybody polls. Source: Muen's SHMStream version 2; docs/abi.md 9.
 */

#define CHANNEL_TRANSPORT 0x487312b6b79a9b6dUL

struct channel_header {
    uint64_t transport;
    uint64_t epoch; /* 0 while there is no writer; another one each time that a writer begins */
    uint64_t protocol;
    uint64_t element_size;
    uint64_t elements;
    uint64_t reserved;
    uint64_t write_start; /* elements that were begun, */
    uint64_t written;     /* and ended */
};

_Static_assert(sizeof(struct channel_header) == 64, "channel_header");

struct channel {
    volatile struct channel_header *header; /* NULL: none */
    size_t size;                            /* bytes, with the header */
    uint64_t elements;                      /* as many as there is room for, or 0: no agreement yet */
    uint64_t epoch;                         /* of a reader; 0: not attached */
    uint64_t count;                         /* elements that this side has read or written */
};

static inline char *channel_element(const struct channel *channel, uint64_t index, size_t element_size)
{
    return (char *)channel->header + sizeof *channel->header + index % channel->elements * element_size;
}

/* ---- The writer ---- */

/* Readers that see (epoch) see everything else. */
static void channel_begin(struct channel *channel, uint64_t protocol, size_t element_size, uint64_t epoch)
{
    volatile struct channel_header *header = channel->header;
    header->epoch = 0;
    store_barrier();
    memset((char *)header + sizeof *header, 0, channel->size - sizeof *header);
    channel->elements = (channel->size - sizeof *header) / element_size;
    header->transport = CHANNEL_TRANSPORT;
    header->protocol = protocol;
    header->element_size = element_size;
    header->elements = channel->elements;
    header->reserved = 0;
    header->write_start = 0;
    header->written = 0;
    store_barrier();
    header->epoch = epoch != 0 ? epoch : 1;
}

/* Begins the next element, which lies where it tells until it is ended. */
static void *channel_open(struct channel *channel, size_t element_size)
{
    /* Not the header's count, which is not ours alone. */
    channel->header->write_start = channel->count + 1;
    store_barrier();
    return channel_element(channel, channel->count, element_size);
}

static void channel_close(struct channel *channel)
{
    store_barrier();
    channel->header->written = ++channel->count;
}

/* ---- The reader ---- */

/* Whether a writer is there that speaks (protocol), of which all is read that is still in the ring. */
static bool channel_attach(struct channel *channel, uint64_t protocol, size_t element_size)
{
    volatile struct channel_header *header = channel->header;
    uint64_t epoch = header->epoch;
    if (epoch == 0) return false;
    if (epoch == channel->epoch) return channel->elements != 0;
    load_barrier();
    uint64_t elements = header->elements;
    bool fits = header->transport == CHANNEL_TRANSPORT && header->protocol == protocol &&
                header->element_size == element_size && elements != 0 &&
                elements <= (channel->size - sizeof *header) / element_size;
    channel->epoch = epoch;
    channel->elements = fits ? elements : 0;
    channel->count = 0;
    return fits;
}

/* Whether there is an element to read. */
static bool channel_pending(struct channel *channel, uint64_t protocol, size_t element_size)
{
    return channel_attach(channel, protocol, element_size) && channel->header->written != channel->count;
}

/* Where the next element lies, or NULL. What the writer has overtaken is left out. It may change until it is accepted. */
static const void *channel_peek(struct channel *channel, uint64_t protocol, size_t element_size)
{
    if (!channel_pending(channel, protocol, element_size)) return NULL;
    uint64_t written = channel->header->written;
    if (written - channel->count > channel->elements) channel->count = written - channel->elements;
    load_barrier();
    return channel_element(channel, channel->count, element_size);
}

/* Goes on to the next element; whether the one before was whole all the time since it was looked at. */
static bool channel_accept(struct channel *channel)
{
    volatile struct channel_header *header = channel->header;
    load_barrier();
    if (header->epoch != channel->epoch) return false;
    bool is_whole = header->write_start - channel->count <= channel->elements;
    channel->count++;
    return is_whole;
}
