/*
 * HTTP/1.1 for tests, on connections that stay open: GET / gives a short page, GET /bytes/N gives N bytes of a pattern, and PUT of
 * anything gives its size and a sum of it. RFC 9112.
 */
#ifndef WEB_HTTP_H
#define WEB_HTTP_H

#include "tcp.h"

extern const struct application http;

#endif
