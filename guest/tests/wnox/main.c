/*
 * wnox: what is writable is not executable.
 */
#include "return-code.h"
#include "test.h"

static volatile uint8_t code[] __attribute__((aligned(4))) = RETURN_CODE;

int solo5_app_main(const struct solo5_start_info *info)
{
    (void)info;
    title("test_wnox");
    void (*volatile function)(void) = (void (*)(void))(uintptr_t)code;
    function();
    return failure("writable data can be executed");
}
