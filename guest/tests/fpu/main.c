/*
 * fpu: floating point, scalar and in vectors, gives the results of IEEE 754.
 */
#include "test.h"

typedef float vector __attribute__((vector_size(16)));

static volatile double one = 1.0, three = 3.0;

int solo5_app_main(const struct solo5_start_info *info)
{
    (void)info;
    title("test_fpu");

    volatile vector a = { 1.5f, 2.5f, 3.5f, 4.5f }, b = { 2.0f, 4.0f, 6.0f, 8.0f };
    vector product = a * b;
    if (product[0] != 3.0f || product[1] != 10.0f || product[2] != 21.0f || product[3] != 36.0f)
        return failure("a product of vectors is wrong");

    union {
        double value;
        uint64_t bits;
    } third = { one / three };
    if (third.bits != 0x3fd5555555555555) return failure("1/3 is wrong");

    double sum = 0;
    for (int i = 1; i <= 1000; i++)
        sum += one / i;
    if (sum < 7.485470860550 || sum > 7.485470860551) return failure("the harmonic series is wrong");
    if ((int64_t)(sum * 1e9) != 7485470860) return failure("a conversion is wrong");
    return success();
}
