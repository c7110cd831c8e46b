/*
 * What the hvt bindings do to the machine, on x86-64.
 */
#include "../../common/x86-64/privileged.h"

#define RING_KICK_PORT 0x600

/* Wakes the tender's side of the ring. */
static inline void ring_kick(void)
{
    __asm__ __volatile__("outl %0, %1" : : "a"(0), "d"((uint16_t)RING_KICK_PORT) : "memory");
}
