#include "ip.h"
#include "memory.h"

#define ETHERNET 14
#define IP_HEADER 20
#define TYPE_IP 0x0800
#define TYPE_ARP 0x0806
#define PROTOCOL_ICMP 1
#define PROTOCOL_TCP 6

struct ethernet {
    uint8_t to[SOLO5_NET_ALEN], from[SOLO5_NET_ALEN];
    uint16_t type;
} __attribute__((packed));

struct arp {
    uint16_t hardware, protocol;
    uint8_t hardware_size, protocol_size;
    uint16_t operation;
    uint8_t sender_mac[SOLO5_NET_ALEN];
    ip_address sender;
    uint8_t target_mac[SOLO5_NET_ALEN];
    ip_address target;
} __attribute__((packed));

struct ip {
    uint8_t version, service;
    uint16_t size, id, fragment;
    uint8_t hops, protocol;
    uint16_t checksum;
    ip_address from, to;
} __attribute__((packed));

uint32_t sum_of(const void *data, size_t size, uint32_t start)
{
    const uint8_t *bytes = data;
    uint64_t sum = start;
    uint32_t word;
    uint16_t half = 0;
    for (; size >= 4; size -= 4, bytes += 4) {
        memcpy(&word, bytes, 4);
        sum += word;
    }
    if (size >= 2) {
        memcpy(&half, bytes, 2);
        sum += half;
        size -= 2;
        bytes += 2;
    }
    if (size > 0)
        sum += *bytes;
    sum = (sum & 0xffffffff) + (sum >> 32);
    return (uint32_t)((sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32));
}

uint16_t checksum(uint32_t sum)
{
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t) ~((sum & 0xffff) + (sum >> 16));
}

/* What follows `option` on the command line, or NULL. */
static const char *option(const char *cmdline, const char *name)
{
    for (; *cmdline != '\0'; cmdline++)
        if (memcmp(cmdline, name, strlen(name)) == 0)
            return cmdline + strlen(name);
    return NULL;
}

static unsigned number(const char **digits)
{
    unsigned n = 0;
    for (; **digits >= '0' && **digits <= '9'; (*digits)++)
        n = n * 10 + (unsigned)(**digits - '0');
    return n;
}

ip_address address_of(const char *cmdline)
{
    uint8_t bytes[4] = { 10, 0, 0, 2 };
    ip_address address;
    const char *digits = option(cmdline, "--ipv4=");
    for (int n = 0; digits != NULL && n < 4; n++, digits++)
        bytes[n] = (uint8_t)number(&digits);
    memcpy(&address, bytes, 4);
    return address;
}

unsigned loss_of(const char *cmdline)
{
    const char *digits = option(cmdline, "--lose=");
    return digits == NULL ? 0 : number(&digits);
}

static bool is_lost(struct interface *interface)
{
    interface->random = interface->random * 1664525 + 1013904223;
    return interface->lose != 0 && (interface->random >> 8) % interface->lose == 0;
}

bool interface_open(struct interface *interface, const char *name, ip_address address)
{
    interface->address = address;
    return solo5_net_acquire(name, &interface->handle, &interface->info) == SOLO5_R_OK &&
           interface->info.mtu + ETHERNET <= FRAME_MOST;
}

static void send_frame(struct interface *interface, const uint8_t *to, uint16_t type, size_t payload)
{
    struct ethernet *ethernet = (struct ethernet *)interface->out;
    memcpy(ethernet->to, to, SOLO5_NET_ALEN);
    memcpy(ethernet->from, interface->info.mac_address, SOLO5_NET_ALEN);
    ethernet->type = be16(type);
    /* What cannot be sent is lost, as on any Ethernet. */
    if (!is_lost(interface))
        (void)solo5_net_write(interface->handle, interface->out, ETHERNET + payload);
}

uint8_t *ip_payload(struct interface *interface)
{
    return interface->out + ETHERNET + IP_HEADER;
}

void ip_send(struct interface *interface, const struct sender *to, uint8_t protocol, size_t size)
{
    struct ip *ip = (struct ip *)(interface->out + ETHERNET);
    *ip = (struct ip){ .version = 0x45,
                       .size = be16((uint16_t)(IP_HEADER + size)),
                       .fragment = be16(0x4000),
                       .hops = 64,
                       .protocol = protocol,
                       .from = interface->address,
                       .to = to->address };
    ip->checksum = checksum(sum_of(ip, IP_HEADER, 0));
    send_frame(interface, to->mac, TYPE_IP, IP_HEADER + size);
}

static void take_arp(struct interface *interface, const uint8_t *packet, size_t size)
{
    struct arp arp;
    if (size < sizeof arp)
        return;
    memcpy(&arp, packet, sizeof arp);
    if (arp.operation != be16(1) || arp.target != interface->address)
        return;
    arp.operation = be16(2);
    memcpy(arp.target_mac, arp.sender_mac, SOLO5_NET_ALEN);
    arp.target = arp.sender;
    memcpy(arp.sender_mac, interface->info.mac_address, SOLO5_NET_ALEN);
    arp.sender = interface->address;
    memcpy(interface->out + ETHERNET, &arp, sizeof arp);
    send_frame(interface, arp.target_mac, TYPE_ARP, sizeof arp);
}

static void take_echo(struct interface *interface, const struct sender *from, const uint8_t *message, size_t size)
{
    uint8_t *reply = ip_payload(interface);
    uint16_t sum;
    if (size < 8 || message[0] != 8)
        return;
    memcpy(reply, message, size);
    reply[0] = 0;
    memset(reply + 2, 0, 2);
    sum = checksum(sum_of(reply, size, 0));
    memcpy(reply + 2, &sum, 2);
    ip_send(interface, from, PROTOCOL_ICMP, size);
}

static void take_ip(struct interface *interface, struct sender *from, const uint8_t *packet, size_t size,
                    segment_handler handler)
{
    struct ip ip;
    if (size < IP_HEADER)
        return;
    memcpy(&ip, packet, sizeof ip);
    size_t total = be16(ip.size);
    if (ip.version != 0x45 || ip.to != interface->address || total < IP_HEADER || total > size)
        return;
    if ((be16(ip.fragment) & 0x3fff) != 0 || checksum(sum_of(packet, IP_HEADER, 0)) != 0)
        return;
    from->address = ip.from;
    if (ip.protocol == PROTOCOL_ICMP)
        take_echo(interface, from, packet + IP_HEADER, total - IP_HEADER);
    else if (ip.protocol == PROTOCOL_TCP)
        handler(interface, from, packet + IP_HEADER, total - IP_HEADER);
}

bool interface_poll(struct interface *interface, segment_handler handler)
{
    struct ethernet ethernet;
    struct sender from;
    size_t size;
    if (solo5_net_read(interface->handle, interface->in, sizeof interface->in, &size) != SOLO5_R_OK)
        return false;
    if (size < ETHERNET || is_lost(interface))
        return true;
    memcpy(&ethernet, interface->in, ETHERNET);
    memcpy(from.mac, ethernet.from, SOLO5_NET_ALEN);
    if (ethernet.type == be16(TYPE_ARP))
        take_arp(interface, interface->in + ETHERNET, size - ETHERNET);
    else if (ethernet.type == be16(TYPE_IP))
        take_ip(interface, &from, interface->in + ETHERNET, size - ETHERNET, handler);
    return true;
}
