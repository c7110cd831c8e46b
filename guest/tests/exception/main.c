/*
 * exception: a call to where nothing can be. The machine's exception ends the unikernel.
 */
#include "test.h"

int solo5_app_main(const struct solo5_start_info *info)
{
    (void)info;
    title("test_exception");
    void (*volatile nowhere)(void) = (void (*)(void))0xdeadbeefdeadbeef;
    nowhere();
    return failure("the call came back");
}
