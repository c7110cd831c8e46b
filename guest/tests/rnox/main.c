/*
 * rnox: read-only data is not executable, on targets that keep it apart from the text.
 */
#include "return-code.h"
#include "test.h"

static const volatile uint8_t code[] __attribute__((aligned(4))) = RETURN_CODE;

int solo5_app_main(const struct solo5_start_info *info)
{
    (void)info;
    title("test_rnox");
    void (*volatile function)(void) = (void (*)(void))(uintptr_t)code;
    function();
    return failure("read-only data can be executed");
}
