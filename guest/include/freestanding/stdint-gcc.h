/*
 * stdint-gcc.h: gcc's name for the stdint.h that it has for hosts without one.
 */
#include <stdint.h>
