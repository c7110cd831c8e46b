/*
 * The console: a page with a ring, and an event when something is in it. Source: Xen's public header io/console.h.
 */

static volatile struct xencons_interface *console; /* NULL before it is known */
static evtchn_port_t console_port;

#define CONSOLE_SIZE sizeof(((struct xencons_interface *)NULL)->out)

static void console_init(void)
{
    uint64_t page, port;
    if (!hvm_get(HVM_PARAM_CONSOLE_PFN, &page) || !hvm_get(HVM_PARAM_CONSOLE_EVTCHN, &port)) return;
    console = map_page(page);
    console_port = (evtchn_port_t)port;
}

/* Until the ring holds no more than (left) bytes. */
static void console_drain(size_t left)
{
    event_send(console_port);
    while (__atomic_load_n(&console->out_prod, __ATOMIC_RELAXED) - __atomic_load_n(&console->out_cons, __ATOMIC_ACQUIRE) >
           left)
        sched_op(SCHEDOP_yield, NULL);
}

/* A terminal at the other end wants a carriage return with each new line. */
void solo5_console_write(const char *buf, size_t size)
{
    if (console == NULL || size == 0) return;
    XENCONS_RING_IDX at = console->out_prod;
    XENCONS_RING_IDX end = __atomic_load_n(&console->out_cons, __ATOMIC_ACQUIRE) + CONSOLE_SIZE;
    bool has_returned = false;
    for (size_t i = 0; i < size; at++) {
        if (at == end) {
            __atomic_store_n(&console->out_prod, at, __ATOMIC_RELEASE);
            console_drain(CONSOLE_SIZE / 2);
            end = __atomic_load_n(&console->out_cons, __ATOMIC_ACQUIRE) + CONSOLE_SIZE;
        }
        has_returned = buf[i] == '\n' && !has_returned;
        console->out[at % CONSOLE_SIZE] = has_returned ? '\r' : buf[i++];
    }
    __atomic_store_n(&console->out_prod, at, __ATOMIC_RELEASE);
    event_send(console_port);
}
