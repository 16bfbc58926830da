// idle PORT SOURCE CONNECTIONS BODY_BYTES
//
// Opens TLS 1.3 connections, makes one request on each and leaves them idle. Prints "ready", waits for the end of its standard input, and
// then fails unless every connection is still open: a server that closed some would need less memory for a reason nobody asked for.

#define _GNU_SOURCE
#include "load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

static bool is_open(SSL *ssl) {
    char byte;
    return recv(SSL_get_fd(ssl), &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

int main(int argc, char **argv) {
    if (argc != 5) fail("usage: idle PORT SOURCE CONNECTIONS BODY_BYTES");
    int port = number_from(argv[1], 1, 65535);
    in_addr_t source = address_from(argv[2]);
    int wanted = number_from(argv[3], 1, 10000);
    size_t body_bytes = (size_t)number_from(argv[4], 0, 16 * 1024);

    SSL_CTX *context = tls_client_context(TLS1_3_VERSION);
    SSL **connections = calloc((size_t)wanted, sizeof *connections);
    if (!connections) fail("out of memory");
    static const char request[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    for (int i = 0; i < wanted; i++) {
        connections[i] = tls_connect(context, source, port);
        tls_write(connections[i], request, sizeof request - 1);
        read_ok_response(connections[i], body_bytes);
    }
    puts("ready");
    fflush(stdout);

    while (getchar() != EOF) {}
    int open = 0;
    for (int i = 0; i < wanted; i++) open += is_open(connections[i]);
    if (open != wanted) fail("the server closed %d of %d idle connections", wanted - open, wanted);
    for (int i = 0; i < wanted; i++) close_with_reset(SSL_get_fd(connections[i]));
    printf("{\"connections\": %d}\n", open);
}
