#include "http.h"
#include "memory.h"

#define HEAD_MOST 2048

struct request {
    /* What arrived and was not looked at: a head, or its beginning. */
    char head[HEAD_MOST];
    size_t head_size;
    /* Of a body that comes in. */
    uint64_t missing, taken;
    uint32_t sum;
    bool has_body;
    /* Of a body that goes out. */
    uint64_t left, at;
    bool last;
};

static struct request requests[CONNECTIONS];
static uint8_t pattern[65536];

static void write_text(struct tcp *tcp, const char *text)
{
    tcp_write(tcp, text, strlen(text));
}

static void write_number(struct tcp *tcp, uint64_t n)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + n % 10);
        n /= 10;
    } while (n > 0);
    tcp_write(tcp, digits + at, sizeof digits - at);
}

static uint64_t number(const char *text)
{
    uint64_t n = 0;
    for (; *text >= '0' && *text <= '9'; text++)
        n = n * 10 + (uint64_t)(*text - '0');
    return n;
}

static unsigned digits_of(uint64_t n)
{
    unsigned digits = 1;
    for (; n >= 10; n /= 10)
        digits++;
    return digits;
}

static bool starts_with(const char *text, const char *start)
{
    return memcmp(text, start, strlen(start)) == 0;
}

/* The value of a header, whose name is given in lower case with its colon; NULL where there is none. */
static const char *header(const char *head, const char *name)
{
    for (const char *line = head + 1; *line != '\0'; line++) {
        const char *n = name;
        if (line[-1] != '\n')
            continue;
        for (; *n != '\0' && (*line | (*n == ':' ? 0 : 0x20)) == *n; n++)
            line++;
        if (*n != '\0')
            continue;
        while (*line == ' ')
            line++;
        return line;
    }
    return NULL;
}

static void status(struct tcp *tcp, struct request *request, const char *code, uint64_t size)
{
    write_text(tcp, "HTTP/1.1 ");
    write_text(tcp, code);
    write_text(tcp, "\r\nServer: solo5\r\nContent-Type: text/plain\r\nContent-Length: ");
    write_number(tcp, size);
    write_text(tcp, request->last ? "\r\nConnection: close\r\n\r\n" : "\r\n\r\n");
}

/* Writes what there is room for, then the end of the connection where it was asked for. */
static void go_on(struct tcp *tcp, struct request *request)
{
    while (request->left > 0) {
        size_t size = tcp_room(tcp), at = request->at % sizeof pattern;
        if (size == 0)
            return;
        if (size > sizeof pattern - at)
            size = sizeof pattern - at;
        if (size > request->left)
            size = request->left;
        tcp_write(tcp, pattern + at, size);
        request->at += size;
        request->left -= size;
    }
    if (request->last)
        tcp_close(tcp);
}

static size_t take_body(struct tcp *tcp, struct request *request, const char *data, size_t size)
{
    size_t taken = size < request->missing ? size : request->missing;
    uint32_t sum = request->sum;
    for (size_t n = 0; n < taken; n++)
        sum = sum * 31 + (uint8_t)data[n];
    request->sum = sum;
    request->taken += taken;
    request->missing -= taken;
    if (request->missing == 0) {
        status(tcp, request, "200 OK", digits_of(request->taken) + digits_of(sum) + 2);
        write_number(tcp, request->taken);
        write_text(tcp, " ");
        write_number(tcp, sum);
        write_text(tcp, "\n");
        request->has_body = false;
        go_on(tcp, request);
    }
    return taken;
}

static void answer(struct tcp *tcp, struct request *request, const char *head)
{
    static const char page[] = "A unikernel says hello.\n";
    const char *connection = header(head, "connection:");
    request->last = connection != NULL && (*connection | 0x20) == 'c';
    if (starts_with(head, "GET /bytes/")) {
        request->left = number(head + 11);
        request->at = 0;
        status(tcp, request, "200 OK", request->left);
    } else if (starts_with(head, "GET / ")) {
        status(tcp, request, "200 OK", sizeof page - 1);
        write_text(tcp, page);
    } else if (starts_with(head, "PUT ")) {
        const char *length = header(head, "content-length:");
        if (length == NULL) {
            request->last = true;
            status(tcp, request, "411 Length Required", 0);
        } else {
            request->missing = number(length);
            request->taken = request->sum = 0;
            request->has_body = true;
            if (request->missing == 0)
                take_body(tcp, request, NULL, 0);
            else if (header(head, "expect:") != NULL)
                write_text(tcp, "HTTP/1.1 100 Continue\r\n\r\n");
        }
    } else {
        status(tcp, request, "404 Not Found", 0);
    }
    if (!request->has_body)
        go_on(tcp, request);
}

/* Looks for a whole head in what was kept; gives its size, 0 where it goes on. */
static size_t head_end(const struct request *request)
{
    for (size_t n = 3; n < request->head_size; n++)
        if (memcmp(request->head + n - 3, "\r\n\r\n", 4) == 0)
            return n + 1;
    return 0;
}

static bool is_busy(const struct request *request)
{
    return request->left > 0 || request->last;
}

/* Answers what was kept, as long as nothing is under way. */
static void look(struct tcp *tcp, struct request *request)
{
    while (!is_busy(request)) {
        if (request->has_body && request->head_size > 0) {
            size_t taken = take_body(tcp, request, request->head, request->head_size);
            memmove(request->head, request->head + taken, request->head_size -= taken);
        }
        size_t size = request->has_body ? 0 : head_end(request);
        if (size == 0)
            return;
        char head[HEAD_MOST + 1];
        memcpy(head, request->head, size);
        head[size] = '\0';
        memmove(request->head, request->head + size, request->head_size -= size);
        answer(tcp, request, head);
    }
}

static void received(struct tcp *tcp, const uint8_t *data, size_t size)
{
    struct request *request = tcp->user;
    if (request->last)
        return;
    if (request->has_body && request->head_size == 0) {
        size_t taken = take_body(tcp, request, (const char *)data, size);
        data += taken;
        size -= taken;
    }
    /* Requests that come before the answers to earlier ones must fit. */
    if (size > HEAD_MOST - request->head_size) {
        tcp_reset(tcp);
        return;
    }
    memcpy(request->head + request->head_size, data, size);
    request->head_size += size;
    look(tcp, request);
}

static void opened(struct tcp *tcp)
{
    if (pattern[1] == 0)
        for (size_t n = 0; n < sizeof pattern; n++)
            pattern[n] = (uint8_t)(n * 31 + (n >> 8) * 17);
    struct request *request = &requests[tcp_number(tcp)];
    request->head_size = 0;
    request->left = request->missing = 0;
    request->has_body = request->last = false;
    tcp->user = request;
}

static void room(struct tcp *tcp)
{
    struct request *request = tcp->user;
    if (request->left == 0)
        return;
    go_on(tcp, request);
    look(tcp, request);
}

static void ended(struct tcp *tcp)
{
    struct request *request = tcp->user;
    request->last = true;
    if (request->left == 0)
        tcp_close(tcp);
}

const struct application http = { opened, received, room, ended };
