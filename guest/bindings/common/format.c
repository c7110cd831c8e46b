/*
 * A small printf: %s %c %d %u %x %%, with l for long. Everything the bindings print goes through it.
 */

struct text {
    char *at;
    char *end; /* One past the last character that fits. */
};

static void put_char(struct text *out, char c)
{
    if (out->at < out->end) *out->at++ = c;
}

/* Up to the end or to (stop); returns where that is. By itself, as put_number is: an engine that translates a loop which
 * is hot translates the function around it as well. */
__attribute__((noinline)) static const char *put_until(struct text *out, const char *s, char stop)
{
    while (*s != '\0' && *s != stop)
        put_char(out, *s++);
    return s;
}

__attribute__((noinline)) static void put_number(struct text *out, unsigned long value, unsigned base)
{
    char digits[20];
    int n = 0;
    do {
        digits[n++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    while (n > 0)
        put_char(out, digits[--n]);
}

static void put_signed(struct text *out, long value)
{
    if (value < 0) put_char(out, '-');
    put_number(out, value < 0 ? 0 - (unsigned long)value : (unsigned long)value, 10);
}

/* Writes at most (size) characters, without a terminating NUL, and returns how many. What does not fit is dropped. */
static size_t format_text(char *buffer, size_t size, const char *format, va_list args)
{
    struct text out = { buffer, buffer + size };
    for (const char *p = format; *(p = put_until(&out, p, '%')) != '\0'; p++) {
        bool is_long = p[1] == 'l';
        p += is_long ? 2 : 1;
        switch (*p) {
        case 's': put_until(&out, va_arg(args, const char *), '\0'); break;
        case 'c': put_char(&out, (char)va_arg(args, int)); break;
        case 'd': put_signed(&out, is_long ? va_arg(args, long) : va_arg(args, int)); break;
        case 'u': put_number(&out, is_long ? va_arg(args, unsigned long) : va_arg(args, unsigned), 10); break;
        case 'x': put_number(&out, is_long ? va_arg(args, unsigned long) : va_arg(args, unsigned), 16); break;
        default: put_char(&out, *p); break;
        }
    }
    return (size_t)(out.at - buffer);
}
