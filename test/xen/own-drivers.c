/*
 * An application with drivers of its own, as MirageOS is one: it takes the place of the bindings' handler of events, waits by a timer
 * and HLT with interrupts off until then, and finds out what came only when it has woken.
 */
#include "solo5.h"
#include "xen/event_channel.h"
#include "xen/hvm/hvm_op.h"
#include "xen/hvm/params.h"
#include "xen/io/xs_wire.h"
#include "xen/xen.h"

extern uint8_t solo5__xen_HYPERVISOR_SHARED_INFO[];
extern const uint8_t solo5__xen_HYPERCALL_PAGE[];
void solo5__xen_get_gntmap_area(uint64_t *address, size_t *size);
int solo5__xen_evtchn_vector_handler(void *argument);

static volatile unsigned upcalls;

int solo5__xen_evtchn_vector_handler(void *argument)
{
    (void)argument;
    upcalls++;
    return 1; /* The bindings may end the interrupt. */
}

static long hypercall(unsigned number, uint64_t first, void *second)
{
    long result;
    __asm__ __volatile__("call *%[stub]"
                         : "=a"(result), "+D"(first), "+S"(second)
                         : [stub] "r"(solo5__xen_HYPERCALL_PAGE + 32 * number)
                         : "rcx", "rdx", "r8", "r9", "r10", "r11", "memory");
    return result;
}

static volatile struct shared_info *shared(void)
{
    return (volatile struct shared_info *)solo5__xen_HYPERVISOR_SHARED_INFO;
}

/* What has come and is not masked is masked, and no longer pending. Gives the lowest port. */
static unsigned take_events(void)
{
    unsigned first = 0;
    shared()->vcpu_info[0].evtchn_upcall_pending = 0;
    xen_ulong_t words = __atomic_exchange_n(&shared()->vcpu_info[0].evtchn_pending_sel, 0, __ATOMIC_SEQ_CST);
    for (unsigned word = 64; word-- > 0;) {
        if ((words >> word & 1) == 0) continue;
        xen_ulong_t bits = shared()->evtchn_pending[word] & ~shared()->evtchn_mask[word];
        __atomic_fetch_or(&shared()->evtchn_mask[word], bits, __ATOMIC_SEQ_CST);
        __atomic_fetch_and(&shared()->evtchn_pending[word], ~bits, __ATOMIC_SEQ_CST);
        if (bits != 0) first = word * 64 + (unsigned)__builtin_ctzl(bits);
    }
    return first;
}

static void wait(solo5_time_t deadline)
{
    /* A deadline that has passed meanwhile is an event at once. */
    __asm__ __volatile__("cli" ::: "memory");
    if (shared()->vcpu_info[0].evtchn_upcall_pending) {
        __asm__ __volatile__("sti" ::: "memory");
        return;
    }
    hypercall(__HYPERVISOR_set_timer_op, deadline, NULL);
    __asm__ __volatile__("sti; hlt" ::: "memory");
}

static void say(const char *text)
{
    size_t size = 0;
    while (text[size] != '\0')
        size++;
    solo5_console_write(text, size);
}

int solo5_app_main(const struct solo5_start_info *info)
{
    (void)info;
    take_events();
    unsigned timer = 0;
    for (int round = 0; round < 20; round++) {
        solo5_time_t deadline = solo5_clock_monotonic() + 2000000;
        unsigned before = upcalls, port = 0;
        while (port == 0) {
            wait(deadline);
            port = take_events();
        }
        if (solo5_clock_monotonic() < deadline || upcalls != before + 1 || (timer != 0 && port != timer)) {
            say("FAILURE: of the timer\n");
            return SOLO5_EXIT_FAILURE;
        }
        timer = port;
        evtchn_unmask_t unmask = { .port = port };
        hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_unmask, &unmask);
    }
    xen_hvm_param_t store = { .domid = DOMID_SELF, .index = HVM_PARAM_STORE_PFN };
    hypercall(__HYPERVISOR_hvm_op, HVMOP_get_param, &store);
    volatile struct xenstore_domain_interface *page = (volatile struct xenstore_domain_interface *)(store.value << 12);
    uint64_t address;
    size_t size;
    solo5__xen_get_gntmap_area(&address, &size);
    if (page->req_prod != page->req_cons || address != 1UL << 32 || size != 1UL << 30) {
        say("FAILURE: of pages\n");
        return SOLO5_EXIT_FAILURE;
    }
    say("SUCCESS\n");
    return SOLO5_EXIT_SUCCESS;
}
