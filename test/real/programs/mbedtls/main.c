/*
 * mbedTLS: a client and a server in one process shake hands (X25519, a shared key) and send each other data
 * (ChaCha20-Poly1305). Their random numbers are those of a seed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "mbedtls/sha256.h"
#include "mbedtls/ssl.h"

#define ROOM (1u << 16)

/* What one side has sent and the other has not read. */
struct pipe {
    unsigned char data[ROOM];
    size_t from, to;
};

struct side {
    mbedtls_ssl_context ssl;
    mbedtls_ssl_config config;
    struct pipe *in, *out;
};

static struct pipe upward, downward;
static uint64_t seed = 0x9e3779b97f4a7c15;

static int random_bytes(void *state, unsigned char *to, size_t size)
{
    (void)state;
    while (size-- > 0) {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        *to++ = (unsigned char)(seed >> 32);
    }
    return 0;
}

static int send_bytes(void *state, const unsigned char *data, size_t size)
{
    struct pipe *pipe = ((struct side *)state)->out;
    if (pipe->from == pipe->to) pipe->from = pipe->to = 0;
    if (size > ROOM - pipe->to) return MBEDTLS_ERR_SSL_WANT_WRITE;
    memcpy(pipe->data + pipe->to, data, size);
    pipe->to += size;
    return (int)size;
}

static int receive_bytes(void *state, unsigned char *to, size_t size)
{
    struct pipe *pipe = ((struct side *)state)->in;
    if (pipe->from == pipe->to) return MBEDTLS_ERR_SSL_WANT_READ;
    if (size > pipe->to - pipe->from) size = pipe->to - pipe->from;
    memcpy(to, pipe->data + pipe->from, size);
    pipe->from += size;
    return (int)size;
}

static void check(int status, const char *what)
{
    if (status >= 0) return;
    printf("mbedtls: %s: -0x%04x\n", what, (unsigned)-status);
    exit(1);
}

static void start(struct side *side, int endpoint, struct pipe *in, struct pipe *out)
{
    static const int suites[] = { MBEDTLS_TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256, 0 };
    static const mbedtls_ecp_group_id curves[] = { MBEDTLS_ECP_DP_CURVE25519, MBEDTLS_ECP_DP_SECP256R1, MBEDTLS_ECP_DP_NONE };
    static const unsigned char key[] = "a key that both sides know", identity[] = "guest";
    side->in = in;
    side->out = out;
    mbedtls_ssl_init(&side->ssl);
    mbedtls_ssl_config_init(&side->config);
    check(mbedtls_ssl_config_defaults(&side->config, endpoint, MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT), "config");
    mbedtls_ssl_conf_rng(&side->config, random_bytes, NULL);
    mbedtls_ssl_conf_ciphersuites(&side->config, suites);
    mbedtls_ssl_conf_curves(&side->config, curves);
    check(mbedtls_ssl_conf_psk(&side->config, key, sizeof key, identity, sizeof identity - 1), "key");
    check(mbedtls_ssl_setup(&side->ssl, &side->config), "setup");
    mbedtls_ssl_set_bio(&side->ssl, side, send_bytes, receive_bytes, NULL);
}

static void end(struct side *side)
{
    mbedtls_ssl_free(&side->ssl);
    mbedtls_ssl_config_free(&side->config);
}

static int step(struct side *side)
{
    int status = mbedtls_ssl_handshake(&side->ssl);
    if (status != MBEDTLS_ERR_SSL_WANT_READ) check(status, "handshake");
    return status == 0;
}

/* Sends `size` bytes one way, in records, into `sum`. */
static void transfer(struct side *from, struct side *to, size_t size, mbedtls_sha256_context *sum)
{
    static unsigned char data[8192], back[8192];
    for (size_t done = 0; done < size; done += sizeof data) {
        random_bytes(NULL, data, sizeof data);
        check(mbedtls_ssl_write(&from->ssl, data, sizeof data), "write");
        for (size_t got = 0; got < sizeof data;) {
            int n = mbedtls_ssl_read(&to->ssl, back + got, sizeof back - got);
            check(n, "read");
            got += (size_t)n;
        }
        if (memcmp(data, back, sizeof data) != 0) check(-1, "data");
        mbedtls_sha256_update_ret(sum, back, sizeof back);
    }
}

int main(int argc, char **argv)
{
    static struct side client, server;
    int rounds = argc > 2 ? atoi(argv[2]) : 1;
    unsigned char digest[32];
    mbedtls_sha256_context sum;
    mbedtls_sha256_init(&sum);
    mbedtls_sha256_starts_ret(&sum, 0);
    for (int round = 0; round < rounds; round++) {
        start(&client, MBEDTLS_SSL_IS_CLIENT, &downward, &upward);
        start(&server, MBEDTLS_SSL_IS_SERVER, &upward, &downward);
        for (int done = 0; done != 3;) done = step(&client) | step(&server) << 1;
        transfer(&client, &server, 64 << 10, &sum);
        transfer(&server, &client, 128 << 10, &sum);
        if (round == 0) printf("%s\n", mbedtls_ssl_get_ciphersuite(&client.ssl));
        end(&client);
        end(&server);
    }
    mbedtls_sha256_finish_ret(&sum, digest);
    for (int i = 0; i < 32; i++) printf("%02x", digest[i]);
    printf("\n");
    return 0;
}
