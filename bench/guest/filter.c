/*
 * filter: an image of single-precision pixels sharpened, blurred along a recursive line, and turned into bytes.
 */
#include "workload.h"

const char workload_name[] = "filter";
const unsigned workload_rounds = 5000;

#define WIDTH 256
#define HEIGHT 192

static float image[HEIGHT][WIDTH], sharp[HEIGHT][WIDTH];
static uint8_t bytes[HEIGHT][WIDTH];

static float clamp(float value)
{
    return value < 0 ? 0 : value > 1 ? 1 : value;
}

__attribute__((noinline)) static void sharpen(void)
{
    for (int y = 1; y < HEIGHT - 1; y++)
        for (int x = 1; x < WIDTH - 1; x++) {
            float around = image[y - 1][x] + image[y + 1][x] + image[y][x - 1] + image[y][x + 1];
            sharp[y][x] = clamp(image[y][x] * 1.8f - around * 0.2f);
        }
}

/* Each pixel depends on the one before it: no vectors here. */
__attribute__((noinline)) static void blur(float amount)
{
    for (int y = 0; y < HEIGHT; y++) {
        float level = image[y][0], bright = 0;
        for (int x = 0; x < WIDTH; x++) {
            level += (sharp[y][x] - level) * amount;
            if (level > bright)
                bright = level;
            image[y][x] = level;
        }
        double scale = bright > 0.001f ? 255.0 / (double)bright : 0;
        for (int x = 0; x < WIDTH; x++)
            bytes[y][x] = (uint8_t)(int)((double)image[y][x] * scale);
    }
}

uint64_t workload(unsigned rounds)
{
    uint32_t seed = 11;
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++)
            image[y][x] = (float)(next_random(&seed) % 1000) * 0.001f;
    uint64_t sum = 0;
    for (unsigned round = 0; round < rounds; round++) {
        sharpen();
        blur(0.9f);
        sum = sum * 31 + bytes[round % HEIGHT][round % WIDTH];
    }
    return sum;
}
