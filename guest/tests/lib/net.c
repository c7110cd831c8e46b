/*
 * ARP and ping, answered in place; and the loop that waits for frames.
 */
#include "net.h"

#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_ARP  0x0806
#define ARP_REQUEST    1
#define ARP_REPLY      2
#define IP_ICMP        1
#define ICMP_REQUEST   8
#define ICMP_REPLY     0
#define FOREVER        UINT64_MAX

/* Integers on the wire are big endian: two bytes each. */
struct arp {
    uint8_t target[6], source[6], ethertype[2];
    uint8_t hardware[2], protocol[2], hardware_length, protocol_length, operation[2];
    uint8_t sender_mac[6], sender_ip[4], target_mac[6], target_ip[4];
};

struct ipv4 {
    uint8_t target[6], source[6], ethertype[2];
    uint8_t version_ihl, tos, length[2], id[2], fragment[2], ttl, protocol, checksum[2], sender_ip[4], target_ip[4];
};

struct icmp {
    uint8_t type, code, checksum[2];
};

_Static_assert(sizeof(struct arp) == 42, "arp");
_Static_assert(sizeof(struct ipv4) == 34, "ipv4");

static unsigned get16(const uint8_t *at)
{
    return (unsigned)at[0] << 8 | at[1];
}

static void put16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static bool answer_arp(const struct interface *interface, struct arp *arp, size_t size)
{
    if (size < sizeof *arp || get16(arp->operation) != ARP_REQUEST) return false;
    if (memcmp(arp->target_ip, interface->ip, 4) != 0) return false;
    put16(arp->operation, ARP_REPLY);
    memcpy(arp->target_mac, arp->sender_mac, 6);
    memcpy(arp->target_ip, arp->sender_ip, 4);
    memcpy(arp->sender_mac, interface->mac, 6);
    memcpy(arp->sender_ip, interface->ip, 4);
    memcpy(arp->target, arp->target_mac, 6);
    memcpy(arp->source, interface->mac, 6);
    return true;
}

static bool answer_ping(const struct interface *interface, uint8_t *frame, size_t size)
{
    struct ipv4 *ip = (struct ipv4 *)frame;
    if (size < sizeof *ip || ip->protocol != IP_ICMP || memcmp(ip->target_ip, interface->ip, 4) != 0) return false;
    size_t header = (size_t)(ip->version_ihl & 15) * 4;
    struct icmp *icmp = (struct icmp *)(frame + SOLO5_NET_HLEN + header);
    if (header < 20 || SOLO5_NET_HLEN + header + sizeof *icmp > size || icmp->type != ICMP_REQUEST) return false;

    /* The one's complement sum without the type: 8 less in the upper byte. */
    unsigned sum = get16(icmp->checksum) + (ICMP_REQUEST << 8);
    put16(icmp->checksum, (sum & 0xffff) + (sum >> 16));
    icmp->type = ICMP_REPLY;
    memcpy(ip->target_ip, ip->sender_ip, 4);
    memcpy(ip->sender_ip, interface->ip, 4);
    memcpy(ip->target, ip->source, 6);
    memcpy(ip->source, interface->mac, 6);
    return true;
}

enum answer interface_answer(const struct interface *interface, uint8_t *frame, size_t size)
{
    if (size < SOLO5_NET_HLEN) return ANSWER_NONE;
    switch (get16(frame + 12)) {
    case ETHERTYPE_ARP: return answer_arp(interface, (struct arp *)frame, size) ? ANSWER_ARP : ANSWER_NONE;
    case ETHERTYPE_IPV4: return answer_ping(interface, frame, size) ? ANSWER_PING : ANSWER_NONE;
    default: return ANSWER_NONE;
    }
}

static void put_address(const uint8_t ip[4])
{
    for (int i = 0; i < 4; i++) {
        put_decimal(ip[i]);
        if (i < 3) puts(".");
    }
}

static void put_mac(const uint8_t mac[6])
{
    for (int i = 0; i < 6; i++) {
        char text[] = { "0123456789abcdef"[mac[i] >> 4], "0123456789abcdef"[mac[i] & 15], i < 5 ? ':' : '\0', '\0' };
        puts(text);
    }
}

/* Gratuitous ARP: a request for one's own address. */
static void announce(const struct interface *interface)
{
    struct arp arp = {
        .target = { 255, 255, 255, 255, 255, 255 }, .hardware_length = 6, .protocol_length = 4,
    };
    put16(arp.ethertype, ETHERTYPE_ARP);
    put16(arp.hardware, 1); /* Ethernet */
    put16(arp.protocol, ETHERTYPE_IPV4);
    put16(arp.operation, ARP_REQUEST);
    memcpy(arp.source, interface->mac, 6);
    memcpy(arp.sender_mac, interface->mac, 6);
    memcpy(arp.sender_ip, interface->ip, 4);
    memcpy(arp.target_ip, interface->ip, 4);
    solo5_net_write(interface->handle, (const uint8_t *)&arp, sizeof arp);
}

bool interface_open(struct interface *interface, const char *name, const uint8_t ip[4])
{
    struct solo5_net_info info;
    if (solo5_net_acquire(name, &interface->handle, &info) != SOLO5_R_OK) return false;
    memcpy(interface->mac, info.mac_address, sizeof interface->mac);
    memcpy(interface->ip, ip, sizeof interface->ip);
    interface->mtu = info.mtu;
    puts("Serving ping on ");
    put_address(interface->ip);
    puts(", with MAC: ");
    put_mac(interface->mac);
    puts("\n");
    announce(interface);
    return true;
}

static void report(const struct interface *interface, size_t size, enum answer answer)
{
    put_address(interface->ip);
    puts(answer == ANSWER_NONE ? ": ignored " : answer == ANSWER_ARP ? ": answered ARP, " : ": answered ping, ");
    put_decimal(size);
    puts(" bytes\n");
}

/* Answers one frame, and takes a ping off (*left). Whether more have come, the next yield tells. */
static bool serve_one(const struct interface *interface, uint64_t *left, bool verbose)
{
    static uint8_t buffer[FRAME_MAX];
    size_t size;
    solo5_result_t result = solo5_net_read(interface->handle, buffer, sizeof buffer, &size);
    if (result == SOLO5_R_AGAIN) return true;
    if (result != SOLO5_R_OK) return false;
    enum answer answer = interface_answer(interface, buffer, size);
    if (answer != ANSWER_NONE) {
        result = solo5_net_write(interface->handle, buffer, size);
        if (result != SOLO5_R_OK && result != SOLO5_R_AGAIN) return false;
    }
    if (answer == ANSWER_PING) --*left;
    if (verbose) report(interface, size, answer);
    return true;
}

bool interfaces_serve(const struct interface *interfaces, int count, uint64_t pings, bool verbose)
{
    uint64_t left = pings;
    while (left > 0) {
        solo5_handle_set_t ready;
        solo5_yield(FOREVER, &ready);
        for (int i = 0; i < count; i++)
            if ((ready >> interfaces[i].handle & 1) != 0 && !serve_one(&interfaces[i], &left, verbose)) return false;
    }
    return true;
}

uint64_t pings_to_serve(const char *cmdline)
{
    return has_argument(cmdline, "limit") ? 100000 : UINT64_MAX;
}

bool has_argument(const char *cmdline, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = cmdline; strlen(at) >= length; at++) {
        bool starts = at == cmdline || at[-1] == ' ';
        if (starts && memcmp(at, word, length) == 0 && (at[length] == ' ' || at[length] == '\0')) return true;
    }
    return false;
}
