/*
 * A client on `service0` that knows nothing but what the network tells it: it gets its address by DHCP (RFC 2131), looks up its
 * gateway by ARP (RFC 826) and pings it, then does what the command line says, in order, and prints what came of it:
 *   name=NAME          asks the DNS server for an IPv4 address (RFC 1035)
 *   udp=ADDRESS:PORT   sends "ping" and waits for an answer (RFC 768)
 *   get=ADDRESS:PORT   the same, but that it asks for a page by HTTP/1.0
 *   tcp=ADDRESS:PORT   connects, sends "ping", ends its side, and reads until the other ends (RFC 9293)
 */
#include "solo5.h"

#define ETHERNET 14
#define ALL_ONES 0xffffffff
#define SECOND 1000000000ull

static solo5_handle_t nic;
static struct solo5_net_info info;
static uint8_t in[2048], out[2048];
static size_t in_size;
static uint8_t gateway_mac[6];
static uint32_t own, gateway, dns;
static uint16_t next_port = 40000;

static size_t length(const char *s)
{
    size_t n = 0;
    while (s[n] != '\0')
        n++;
    return n;
}
static void copy(void *to, const void *from, size_t size)
{
    for (size_t i = 0; i < size; i++)
        ((volatile uint8_t *)to)[i] = ((const uint8_t *)from)[i];
}
static void fill(void *to, size_t size)
{
    for (size_t i = 0; i < size; i++)
        ((volatile uint8_t *)to)[i] = 0;
}
static void say(const char *s)
{
    solo5_console_write(s, length(s));
}
static void say_number(uint32_t n)
{
    char text[11], *at = text + 10;
    *at = '\0';
    do
        *--at = (char)('0' + n % 10);
    while ((n /= 10) > 0);
    say(at);
}
static void say_address(uint32_t a)
{
    for (int shift = 24; shift >= 0; shift -= 8) {
        say_number(a >> shift & 255);
        if (shift > 0)
            say(".");
    }
}
static uint16_t get16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}
static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)get16(p) << 16 | get16(p + 2);
}
static void put16(uint8_t *p, uint32_t n)
{
    p[0] = (uint8_t)(n >> 8);
    p[1] = (uint8_t)n;
}
static void put32(uint8_t *p, uint32_t n)
{
    put16(p, n >> 16);
    put16(p + 2, n & 0xffff);
}
static uint32_t sum(const uint8_t *p, size_t size, uint32_t start)
{
    for (; size > 1; p += 2, size -= 2)
        start += get16(p);
    return size > 0 ? start + ((uint32_t)*p << 8) : start;
}
static uint16_t fold(uint32_t n)
{
    while (n > 0xffff)
        n = (n >> 16) + (n & 0xffff);
    return (uint16_t)~n;
}

static void send_arp(uint16_t operation, const uint8_t *to, uint32_t address)
{
    static const uint8_t all[6] = { 255, 255, 255, 255, 255, 255 };
    uint8_t *p = out + ETHERNET;
    copy(out, operation == 1 ? all : to, 6);
    copy(out + 6, info.mac_address, 6);
    put16(out + 12, 0x0806);
    put32(p, 0x00010800);
    put16(p + 4, 0x0604);
    put16(p + 6, operation);
    copy(p + 8, info.mac_address, 6);
    put32(p + 14, own);
    copy(p + 18, to, 6);
    put32(p + 24, address);
    solo5_net_write(nic, out, ETHERNET + 28);
}

/* Payload of the next packet, behind the headers of Ethernet and IPv4. */
static uint8_t *const payload = out + ETHERNET + 20;

static void send_ip(uint8_t protocol, uint32_t to, size_t size)
{
    uint8_t *p = out + ETHERNET;
    for (int i = 0; i < 6; i++)
        out[i] = to == ALL_ONES ? 255 : gateway_mac[i];
    copy(out + 6, info.mac_address, 6);
    put16(out + 12, 0x0800);
    fill(p, 20);
    p[0] = 0x45;
    put16(p + 2, (uint32_t)(20 + size));
    p[8] = 64;
    p[9] = protocol;
    put32(p + 12, own);
    put32(p + 16, to);
    put16(p + 10, fold(sum(p, 20, 0)));
    solo5_net_write(nic, out, ETHERNET + 20 + size);
}

/* The next packet of `protocol` for us: its payload and source; NULL at the deadline. Answers ARP on the way. */
static uint8_t *receive(uint8_t protocol, uint32_t *from, size_t *size, solo5_time_t deadline)
{
    for (;;) {
        solo5_handle_set_t ready;
        if (solo5_net_read(nic, in, sizeof in, &in_size) != SOLO5_R_OK) {
            if (solo5_clock_monotonic() >= deadline)
                return NULL;
            solo5_yield(deadline, &ready);
            continue;
        }
        uint8_t *p = in + ETHERNET;
        if (in_size >= ETHERNET + 28 && get16(in + 12) == 0x0806) {
            if (get16(p + 6) == 1 && get32(p + 24) == own) {
                uint8_t mac[6];
                uint32_t asker = get32(p + 14);
                copy(mac, p + 8, 6);
                send_arp(2, mac, asker);
            } else if (get16(p + 6) == 2 && get32(p + 14) == gateway) {
                copy(gateway_mac, p + 8, 6);
                if (protocol == 0)
                    return p;
            }
        } else if (in_size >= ETHERNET + 20 && get16(in + 12) == 0x0800 && p[9] == protocol) {
            size_t header = (size_t)(p[0] & 15) * 4;
            *from = get32(p + 12);
            *size = get16(p + 2) - header;
            return p + header;
        }
    }
}

static void send_udp(uint16_t port, uint32_t to, uint16_t to_port, size_t size)
{
    put16(payload, port);
    put16(payload + 2, to_port);
    put16(payload + 4, (uint32_t)(8 + size));
    put16(payload + 6, 0);
    send_ip(17, to, 8 + size);
}

/* The next datagram to `port`; NULL where none comes, or it is refused by ICMP. */
static uint8_t *receive_udp(uint16_t port, size_t *size)
{
    solo5_time_t deadline = solo5_clock_monotonic() + 3 * SECOND;
    uint32_t from;
    for (uint8_t *p; (p = receive(17, &from, size, deadline)) != NULL;)
        if (get16(p + 2) == port) {
            *size = get16(p + 4) - 8u;
            return p + 8;
        }
    return NULL;
}

static size_t dhcp_message(uint8_t type, uint32_t wanted, uint32_t server)
{
    uint8_t *p = payload + 8, *option = p + 240;
    fill(p, 300);
    put32(p, 0x01010600);
    put32(p + 4, 0x50105010);
    copy(p + 28, info.mac_address, 6);
    put32(p + 236, 0x63825363);
    *option++ = 53;
    *option++ = 1;
    *option++ = type;
    if (wanted != 0) {
        *option++ = 50;
        *option++ = 4;
        put32(option, wanted);
        option += 4;
        *option++ = 54;
        *option++ = 4;
        put32(option, server);
        option += 4;
    }
    static const uint8_t asked[] = { 55, 4, 1, 3, 6, 26, 255 };
    copy(option, asked, sizeof asked);
    return 300;
}

/* An option of a DHCP message, or NULL. */
static uint8_t *dhcp_option(uint8_t *p, size_t size, uint8_t wanted)
{
    for (size_t at = 240; at + 2 <= size && p[at] != 255;) {
        if (p[at] == 0) {
            at++;
            continue;
        }
        if (p[at] == wanted)
            return p + at + 2;
        at += 2u + p[at + 1];
    }
    return NULL;
}

static uint8_t *dhcp(uint8_t type, uint32_t wanted, uint32_t server, size_t *size)
{
    size_t length = dhcp_message(type, wanted, server);
    send_udp(68, ALL_ONES, 67, length);
    return receive_udp(68, size);
}

static bool configure(void)
{
    size_t size;
    uint8_t *p = dhcp(1, 0, 0, &size);
    if (p == NULL || *dhcp_option(p, size, 53) != 2)
        return false;
    uint32_t offered = get32(p + 16), server = get32(dhcp_option(p, size, 54));
    p = dhcp(3, offered, server, &size);
    if (p == NULL || *dhcp_option(p, size, 53) != 5 || get32(p + 16) != offered)
        return false;
    own = offered;
    uint8_t *router = dhcp_option(p, size, 3), *names = dhcp_option(p, size, 6), *mtu = dhcp_option(p, size, 26);
    gateway = get32(router);
    dns = names == NULL ? 0 : get32(names);
    say("lease ");
    say_address(own);
    say(" mask ");
    say_address(get32(dhcp_option(p, size, 1)));
    say(" gateway ");
    say_address(gateway);
    if (dns != 0) {
        say(" dns ");
        say_address(dns);
    }
    if (mtu != NULL) {
        say(" mtu ");
        say_number(get16(mtu));
    }
    say("\n");
    return true;
}

static void ping(void)
{
    uint32_t from;
    size_t size;
    fill(payload, 64);
    payload[0] = 8;
    put32(payload + 4, 0x12340001);
    put16(payload + 2, fold(sum(payload, 64, 0)));
    send_ip(1, gateway, 64);
    uint8_t *p = receive(1, &from, &size, solo5_clock_monotonic() + 3 * SECOND);
    say(p != NULL && p[0] == 0 && size == 64 && from == gateway ? "pong\n" : "no pong\n");
}

static void ask_name(const char *name)
{
    uint8_t *p = payload + 8, *at = p + 12;
    fill(p, 12);
    put32(p, 0x77770100);
    put16(p + 4, 1);
    for (uint8_t *label = at++; *name != '\0' && *name != ' '; name++) {
        if (*name == '.') {
            label = at++;
            *label = 0;
        } else {
            *at++ = (uint8_t)*name;
            *label = (uint8_t)(at - label - 1);
        }
    }
    *at++ = 0;
    put32(at, 0x00010001);
    size_t size = (size_t)(at + 4 - p);
    uint16_t port = next_port++;
    send_udp(port, dns, 53, size);
    uint8_t *answer = receive_udp(port, &size);
    if (answer == NULL || get16(answer) != 0x7777) {
        say("no answer\n");
        return;
    }
    unsigned code = answer[3] & 15, count = get16(answer + 6);
    uint8_t *record = answer + 12, *end = answer + size;
    while (record < end && *record != 0)
        record += *record + 1;
    record += 5;
    for (; count > 0 && record + 12 <= end; count--) {
        /* Names are compressed, or one label after the other. */
        while (*record != 0 && *record < 192)
            record += *record + 1;
        record += *record == 0 ? 1 : 2;
        if (get16(record) == 1) {
            say_address(get32(record + 10));
            say("\n");
            return;
        }
        record += 10 + get16(record + 8);
    }
    say("code ");
    say_number(code);
    say("\n");
}

static uint32_t number(const char **s)
{
    uint32_t n = 0;
    for (; **s >= '0' && **s <= '9'; (*s)++)
        n = n * 10 + (uint32_t)(**s - '0');
    return n;
}
static uint32_t address(const char **s)
{
    uint32_t a = 0;
    for (int i = 0; i < 4; i++, (*s)++)
        a = a << 8 | number(s);
    return a;
}

static void udp(uint32_t to, uint16_t port)
{
    uint16_t own_port = next_port++;
    size_t size;
    copy(payload + 8, "ping", 4);
    send_udp(own_port, to, port, 4);
    uint8_t *p = receive_udp(own_port, &size);
    if (p == NULL)
        say("nothing");
    else
        solo5_console_write((const char *)p, size);
    say("\n");
}

enum { FIN = 1, SYN = 2, RST = 4, ACK = 16 };

static void send_tcp(uint32_t to, uint16_t port, uint16_t to_port, uint32_t seq, uint32_t ack, uint8_t flags, size_t size)
{
    put16(payload, port);
    put16(payload + 2, to_port);
    put32(payload + 4, seq);
    put32(payload + 8, ack);
    payload[12] = 0x50;
    payload[13] = flags;
    put16(payload + 14, 16384);
    put32(payload + 16, 0);
    uint32_t pseudo = (own >> 16) + (own & 0xffff) + (to >> 16) + (to & 0xffff) + 6 + (uint32_t)(20 + size);
    put16(payload + 16, fold(sum(payload, 20 + size, pseudo)));
    send_ip(6, to, 20 + size);
}

static void tcp(uint32_t to, uint16_t to_port, const char *text)
{
    uint16_t port = next_port++;
    uint32_t seq = 1000, ack = 0, from;
    size_t size;
    solo5_time_t deadline = solo5_clock_monotonic() + 5 * SECOND;
    send_tcp(to, port, to_port, seq, 0, SYN, 0);
    bool connected = false;
    for (;;) {
        uint8_t *p = receive(6, &from, &size, deadline);
        if (p == NULL) {
            say("timeout\n");
            return;
        }
        if (from != to || get16(p + 2) != port)
            continue;
        uint8_t flags = p[13];
        uint8_t *data = p + (p[12] >> 4) * 4;
        size_t count = size - (size_t)(data - p);
        if (flags & RST) {
            say(connected ? "reset\n" : "refused\n");
            return;
        }
        if (!connected) {
            if ((flags & (SYN | ACK)) != (SYN | ACK))
                continue;
            connected = true;
            ack = get32(p + 4) + 1;
            seq++;
            send_tcp(to, port, to_port, seq, ack, ACK, 0);
            uint32_t count = (uint32_t)length(text);
            copy(payload + 20, text, count);
            send_tcp(to, port, to_port, seq, ack, ACK, count);
            send_tcp(to, port, to_port, seq + count, ack, FIN | ACK, 0);
            seq += count + 1;
            continue;
        }
        if (get32(p + 4) != ack)
            continue;
        solo5_console_write((const char *)data, count);
        ack += (uint32_t)count + (flags & FIN ? 1 : 0);
        if (count > 0 || flags & FIN)
            send_tcp(to, port, to_port, seq, ack, ACK, 0);
        if (flags & FIN) {
            say(" and the end\n");
            return;
        }
    }
}

/* Whether `s` begins with `prefix`. */
static bool begins(const char *s, const char *prefix)
{
    while (*prefix != '\0')
        if (*s++ != *prefix++)
            return false;
    return true;
}

int solo5_app_main(const struct solo5_start_info *start)
{
    if (solo5_net_acquire("service0", &nic, &info) != SOLO5_R_OK)
        return SOLO5_EXIT_FAILURE;
    if (!configure()) {
        say("no lease\n");
        return SOLO5_EXIT_FAILURE;
    }
    uint32_t from;
    size_t size;
    send_arp(1, gateway_mac, gateway);
    if (receive(0, &from, &size, solo5_clock_monotonic() + 3 * SECOND) == NULL) {
        say("no gateway\n");
        return SOLO5_EXIT_FAILURE;
    }
    ping();
    for (const char *at = start->cmdline; *at != '\0'; at++) {
        const char *value = at;
        while (*value != '=' && *value != '\0')
            value++;
        value += *value == '=';
        if (begins(at, "name="))
            ask_name(value);
        else if (begins(at, "udp=") || begins(at, "tcp=") || begins(at, "get=")) {
            uint32_t to = address(&value);
            uint16_t port = (uint16_t)number(&value);
            if (*at == 'u')
                udp(to, port);
            else
                tcp(to, port, *at == 't' ? "ping" : "GET /answer HTTP/1.0\r\n\r\n");
        }
        while (*at != ' ' && *at != '\0')
            at++;
        if (*at == '\0')
            break;
    }
    return SOLO5_EXIT_SUCCESS;
}
