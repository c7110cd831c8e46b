/*
 * core: what embedded code does, in CoreMark's manner: a linked list that is searched and sorted, small matrices,
 * a state machine over text, and a CRC of it all.
 */
#include "workload.h"

const char workload_name[] = "core";
const unsigned workload_rounds = 180000;

static uint16_t crc16(uint16_t crc, uint16_t value)
{
    for (int bit = 0; bit < 16; bit++, value >>= 1) {
        unsigned carry = (crc ^ value) & 1;
        crc >>= 1;
        if (carry) crc ^= 0xa001;
    }
    return crc;
}

/* The list. */

struct node {
    struct node *next;
    int16_t value, index;
};
enum { NODES = 40 };
static struct node nodes[NODES];

typedef int order(const struct node *a, const struct node *b);
static int by_value(const struct node *a, const struct node *b) { return a->value - b->value; }
static int by_index(const struct node *a, const struct node *b) { return a->index - b->index; }

__attribute__((noinline)) static struct node *reverse(struct node *list)
{
    struct node *out = NULL;
    while (list != NULL) {
        struct node *next = list->next;
        list->next = out;
        out = list;
        list = next;
    }
    return out;
}

__attribute__((noinline)) static struct node *find(struct node *list, int16_t value)
{
    while (list != NULL && list->value != value)
        list = list->next;
    return list;
}

__attribute__((noinline)) static struct node *merge_sort(struct node *list, order *compare)
{
    if (list == NULL || list->next == NULL) return list;
    struct node *slow = list, *fast = list->next;
    while (fast != NULL && fast->next != NULL) {
        slow = slow->next;
        fast = fast->next->next;
    }
    struct node *right = slow->next;
    slow->next = NULL;
    struct node *left = merge_sort(list, compare);
    right = merge_sort(right, compare);
    struct node head, *tail = &head;
    while (left != NULL && right != NULL) {
        struct node **from = compare(left, right) <= 0 ? &left : &right;
        tail->next = *from;
        tail = *from;
        *from = (*from)->next;
    }
    tail->next = left != NULL ? left : right;
    return head.next;
}

static uint16_t list_work(uint16_t crc, unsigned round)
{
    struct node *list = NULL;
    for (int i = 0; i < NODES; i++) {
        nodes[i] = (struct node){list, (int16_t)((i * 37 + round) % 101), (int16_t)i};
        list = &nodes[i];
    }
    for (int16_t value = 0; value < 20; value++) {
        struct node *found = find(list, (int16_t)(value * 5));
        list = reverse(list);
        crc = crc16(crc, found == NULL ? 1 : (uint16_t)found->index);
    }
    list = merge_sort(list, by_value);
    crc = crc16(crc, (uint16_t)list->value);
    list = merge_sort(list, by_index);
    return crc16(crc, (uint16_t)list->next->value);
}

/* The matrices. */

enum { N = 10 };
static int16_t a[N][N], b[N][N];
static int32_t c[N][N];

__attribute__((noinline)) static uint16_t matrix_work(uint16_t crc, unsigned round)
{
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            a[i][j] = (int16_t)(i * j + (int)round);
            b[i][j] = (int16_t)(i - j * 3);
        }
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            int32_t sum = 0;
            for (int k = 0; k < N; k++)
                sum += (a[i][k] >> 2 & 15) * (b[k][j] >> 1 & 127);
            c[i][j] = sum;
        }
    int32_t total = 0, last = 0;
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            total += c[i][j];
            if (total > 3000) {
                total = 0;
                last += 10;
            } else last += c[i][j] > last ? 1 : 0;
        }
    return crc16(crc, (uint16_t)last);
}

/* The state machine: numbers of a text, by kind. */

enum state { START, INTEGER, FLOAT, EXPONENT, SCIENTIFIC, INVALID, STATES };
static const char text[] = "5012,1234,-874,+122,35.54400,.1234500,-110.700,+0.64400,5.500e+3,-.123e-2,T0.3e-1F,-T.T++Tq,1T3.4e4z,34.0e-T^";

__attribute__((noinline)) static uint16_t state_work(uint16_t crc, unsigned round)
{
    unsigned counts[STATES] = {0};
    enum state state = START;
    for (const char *at = text + round % 7; *at != '\0'; at++) {
        char ch = *at;
        int isDigit = ch >= '0' && ch <= '9';
        if (ch == ',') {
            counts[state]++;
            state = START;
            continue;
        }
        switch (state) {
        case START: state = isDigit || ch == '+' || ch == '-' ? INTEGER : ch == '.' ? FLOAT : INVALID; break;
        case INTEGER: state = isDigit ? INTEGER : ch == '.' ? FLOAT : INVALID; break;
        case FLOAT: state = isDigit ? FLOAT : ch == 'e' || ch == 'E' ? EXPONENT : INVALID; break;
        case EXPONENT: state = isDigit || ch == '+' || ch == '-' ? SCIENTIFIC : INVALID; break;
        case SCIENTIFIC: state = isDigit ? SCIENTIFIC : INVALID; break;
        default: break;
        }
    }
    for (int i = 0; i < STATES; i++)
        crc = crc16(crc, (uint16_t)counts[i]);
    return crc;
}

uint64_t workload(unsigned rounds)
{
    uint16_t crc = 0;
    for (unsigned round = 0; round < rounds; round++) {
        crc = list_work(crc, round);
        crc = matrix_work(crc, round);
        crc = state_work(crc, round);
    }
    return crc;
}
