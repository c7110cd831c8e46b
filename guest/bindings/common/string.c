/*
 * The functions that compilers call on their own, and those the bindings need. Local: an application brings its own.
 */

__attribute__((used)) static void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
    unsigned char *t = to;
    const unsigned char *f = from;
    for (size_t i = 0; i < size; i++)
        t[i] = f[i];
    return to;
}

__attribute__((used)) static void *memset(void *to, int value, size_t size)
{
    unsigned char *t = to;
    for (size_t i = 0; i < size; i++)
        t[i] = (unsigned char)value;
    return to;
}

static bool string_equal(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b)
        a++, b++;
    return *a == *b;
}

/* If (text) starts with (prefix), what follows it, else NULL. */
static const char *after_prefix(const char *text, const char *prefix)
{
    while (*prefix != '\0')
        if (*text++ != *prefix++) return NULL;
    return text;
}
