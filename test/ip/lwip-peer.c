/* A peer with lwIP's TCP/IP on the tap that TAP names: serves as an echo on port 7, and asks an echo on port 7 of
   10.0.4.1 the same number of bytes; both with half-close. Prints what it did. */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <lwip/init.h>
#include <lwip/netif.h>
#include <lwip/sockets.h>
#include <lwip/sys.h>
#include <lwip/tcpip.h>
#include <netif/etharp.h>
#include <net/if.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>
#include <fcntl.h>

static struct netif netif;
static sys_sem_t ready;

static int tap;

static err_t transmit(struct netif *to, struct pbuf *packet)
{
    static uint8_t frame[2000];
    (void)to;
    u16_t size = pbuf_copy_partial(packet, frame, sizeof frame, 0);
    return write(tap, frame, size) == size ? ERR_OK : ERR_IF;
}

static void receive(void *argument)
{
    static uint8_t frame[2000];
    (void)argument;
    for (;;) {
        ssize_t size = read(tap, frame, sizeof frame);
        if (size <= 0) continue;
        struct pbuf *packet = pbuf_alloc(PBUF_RAW, (u16_t)size, PBUF_RAM);
        if (packet == NULL) continue;
        pbuf_take(packet, frame, (u16_t)size);
        if (netif.input(packet, &netif) != ERR_OK) pbuf_free(packet);
    }
}

static err_t attach(struct netif *to)
{
    struct ifreq request = { .ifr_flags = IFF_TAP | IFF_NO_PI };
    static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 0x16 };
    tap = open("/dev/net/tun", O_RDWR);
    strcpy(request.ifr_name, getenv("TAP"));
    if (tap < 0 || ioctl(tap, TUNSETIFF, &request) < 0) return ERR_IF;
    to->name[0] = 't';
    to->name[1] = 'p';
    to->output = etharp_output;
    to->linkoutput = transmit;
    to->mtu = 1500;
    to->hwaddr_len = 6;
    memcpy(to->hwaddr, mac, 6);
    to->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET;
    sys_thread_new("receive", receive, NULL, 0, 0);
    return ERR_OK;
}

static void start(void *argument)
{
    ip4_addr_t address, mask, gateway;
    IP4_ADDR(&address, 10, 0, 4, 2);
    IP4_ADDR(&mask, 255, 255, 255, 0);
    IP4_ADDR(&gateway, 10, 0, 4, 1);
    netif_add(&netif, &address, &mask, &gateway, NULL, attach, tcpip_input);
    netif_set_default(&netif);
    netif_set_up(&netif);
    netif_set_link_up(&netif);
    sys_sem_signal((sys_sem_t *)argument);
}

static uint8_t byte_at(size_t i)
{
    return (uint8_t)(i * 31 + (i >> 8) * 17 + (i >> 16));
}

static void echo(int listener)
{
    static uint8_t buffer[4000];
    int connection = lwip_accept(listener, NULL, NULL);
    size_t count = 0;
    int size;
    while ((size = lwip_recv(connection, buffer, sizeof buffer, 0)) > 0) {
        count += (size_t)size;
        for (int done = 0; done < size;) {
            int sent = lwip_send(connection, buffer + done, (size_t)(size - done), 0);
            if (sent <= 0) break;
            done += sent;
        }
    }
    lwip_close(connection);
    printf("served %zu\n", count);
    fflush(stdout);
}

static int server;
static void serve(void *argument)
{
    (void)argument;
    for (;;) echo(server);
}

struct asking {
    int connection;
    size_t total;
};
static void pour(void *argument)
{
    static uint8_t buffer[3000];
    struct asking *asking = argument;
    for (size_t at = 0; at < asking->total;) {
        size_t size = asking->total - at < sizeof buffer ? asking->total - at : sizeof buffer;
        for (size_t i = 0; i < size; i++) buffer[i] = byte_at(at + i);
        for (size_t done = 0; done < size;) {
            int sent = lwip_send(asking->connection, buffer + done, size - done, 0);
            if (sent <= 0) return;
            done += (size_t)sent;
        }
        at += size;
    }
    lwip_shutdown(asking->connection, SHUT_WR);
}

int main(int argc, char **argv)
{
    /* Whoever started it may have been killed. */
    alarm(50);
    size_t total = argc > 1 ? (size_t)atol(argv[1]) : 100000;
    tcpip_init(NULL, NULL);
    sys_sem_new(&ready, 0);
    tcpip_callback(start, &ready);
    sys_arch_sem_wait(&ready, 0);

    struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons(7) };
    server = lwip_socket(AF_INET, SOCK_STREAM, 0);
    if (lwip_bind(server, (struct sockaddr *)&any, sizeof any) != 0 || lwip_listen(server, 4) != 0) return 1;
    printf("listening\n");
    fflush(stdout);
    sys_thread_new("serve", serve, NULL, 0, 0);

    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(7) };
    to.sin_addr.s_addr = htonl(0x0a000401);
    struct asking asking = { lwip_socket(AF_INET, SOCK_STREAM, 0), total };
    if (lwip_connect(asking.connection, (struct sockaddr *)&to, sizeof to) != 0) {
        printf("not connected\n");
        return 1;
    }
    sys_thread_new("pour", pour, &asking, 0, 0);
    static uint8_t buffer[4000];
    size_t count = 0, wrong = 0;
    int size;
    while ((size = lwip_recv(asking.connection, buffer, sizeof buffer, 0)) > 0)
        for (int i = 0; i < size; i++) wrong += buffer[i] != byte_at(count++);
    lwip_close(asking.connection);
    printf("asked %zu, wrong %zu\n", count, wrong);
    fflush(stdout);
    for (;;) pause();
}
