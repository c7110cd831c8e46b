/*
 * The machine code of a function that only returns, for the tests that try to execute data.
 */
#if defined(__x86_64__)
#define RETURN_CODE { 0xc3 }
#elif defined(__aarch64__)
#define RETURN_CODE { 0xc0, 0x03, 0x5f, 0xd6 }
#endif
