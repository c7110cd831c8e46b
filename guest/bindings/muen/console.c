/*
 * The console: a channel of log lines with the time of each. Without it nothing is said. docs/abi.md 9.
 */

#define LOG_PROTOCOL 0xf00789094b6f70cfUL

struct log_element {
    uint64_t timestamp;
    char text[56];
};

static struct channel log_channel;
static struct log_element log_element;
static size_t log_used;

static void console_init(void)
{
    const struct memory_data *memory = find_memory("debuglog", sizeof(struct channel_header) + sizeof log_element);
    if (memory == NULL || (memory->flags & MEMORY_WRITABLE) == 0) return;
    log_channel = (struct channel){ .header = (volatile struct channel_header *)memory->address, .size = memory->size };
    channel_begin(&log_channel, LOG_PROTOCOL, sizeof log_element, schedule()->start);
}

/* Also what is no whole line yet. */
static void console_flush(void)
{
    if (log_used == 0 || log_channel.header == NULL) return;
    log_element.timestamp = schedule()->start;
    memcpy(channel_open(&log_channel, sizeof log_element), &log_element, sizeof log_element);
    channel_close(&log_channel);
    memset(&log_element, 0, sizeof log_element);
    log_used = 0;
}

/* A NUL would end the element's text, and a carriage return is the reader's business. */
void solo5_console_write(const char *buf, size_t size)
{
    if (log_channel.header == NULL) return;
    for (size_t i = 0; i < size; i++) {
        if (buf[i] == '\0' || buf[i] == '\r') continue;
        log_element.text[log_used++] = buf[i];
        if (buf[i] == '\n' || log_used == sizeof log_element.text) console_flush();
    }
}
