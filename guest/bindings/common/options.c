/*
 * The leading `--solo5:` options of the command line, which are for the bindings.
 */

static const struct {
    const char *name;
    enum log_level level;
} level_options[] = {
    { "quiet", LOG_ALWAYS }, { "error", LOG_ERROR }, { "warn", LOG_WARN }, { "info", LOG_INFO }, { "debug", LOG_DEBUG },
};

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* If (text) is the option (name) up to a space or the end, what follows, else NULL. */
static const char *after_option(const char *text, const char *name)
{
    const char *rest = after_prefix(text, name);
    return rest != NULL && (*rest == '\0' || is_space(*rest)) ? rest : NULL;
}

static const char *after_word(const char *text)
{
    while (*text != '\0' && !is_space(*text))
        text++;
    return text;
}

/* Obeys the level (text) starts with, if it is one, and returns what follows, else NULL. */
static const char *take_level(const char *text)
{
    for (size_t i = 0; i < sizeof level_options / sizeof *level_options; i++) {
        const char *rest = after_option(text, level_options[i].name);
        if (rest == NULL) continue;
        log_level = level_options[i].level;
        return rest;
    }
    return NULL;
}

/* Obeys the options and returns the rest of the command line, without the spaces before it. */
static const char *options_take(const char *cmdline)
{
    bool unknown = false;
    for (;;) {
        while (is_space(*cmdline))
            cmdline++;
        const char *option = after_prefix(cmdline, "--solo5:");
        if (option == NULL) break;
        const char *rest = take_level(option);
        if (rest == NULL) unknown = true;
        cmdline = rest != NULL ? rest : after_word(option);
    }
    if (unknown) log_at(LOG_WARN, "Solo5: warning: unknown --solo5: option ignored\n");
    return cmdline;
}
