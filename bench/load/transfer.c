// transfer PORT SOURCE download|upload BYTES SECONDS CONNECTIONS
//
// Moves bodies of BYTES over TLS 1.3 keep-alive connections, one thread each, until SECONDS have passed; transfers under way then are
// finished and counted. Downloads GET /big, uploads POST /upload with Content-Length.

#define _GNU_SOURCE
#include "load.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
    int port;
    in_addr_t source;
    bool upload;
    size_t bytes;
    double deadline;
    SSL_CTX *context;
} run;

static void download(SSL *ssl) {
    static const char request[] = "GET /big HTTP/1.1\r\nHost: localhost\r\n\r\n";
    tls_write(ssl, request, sizeof request - 1);
    read_ok_response(ssl, run.bytes);
}

static void upload(SSL *ssl) {
    static const char body[64 * 1024];
    char head[128];
    int length = snprintf(head, sizeof head, "POST /upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: %zu\r\n\r\n", run.bytes);
    tls_write(ssl, head, (size_t)length);
    for (size_t left = run.bytes; left > 0;) {
        size_t piece = left < sizeof body ? left : sizeof body;
        tls_write(ssl, body, piece);
        left -= piece;
    }
    read_ok_response(ssl, 0);
}

static void *transfer_until_deadline(void *transfers) {
    SSL *ssl = tls_connect(run.context, run.source, run.port);
    do {
        if (run.upload) upload(ssl);
        else download(ssl);
        ++*(unsigned long *)transfers;
    } while (seconds_now() < run.deadline);
    close_with_reset(SSL_get_fd(ssl));
    return NULL;
}

int main(int argc, char **argv) {
    if (argc != 7) fail("usage: transfer PORT SOURCE download|upload BYTES SECONDS CONNECTIONS");
    run.port = number_from(argv[1], 1, 65535);
    run.source = address_from(argv[2]);
    run.upload = strcmp(argv[3], "upload") == 0;
    run.bytes = (size_t)number_from(argv[4], 1, 2000000000);
    double duration = duration_from(argv[5]);
    int connections = number_from(argv[6], 1, 64);
    run.context = tls_client_context(TLS1_3_VERSION);

    pthread_t threads[64];
    unsigned long transfers[64] = {0}, total = 0;
    double begin = seconds_now();
    run.deadline = begin + duration;
    for (int i = 0; i < connections; i++) {
        if (pthread_create(&threads[i], NULL, transfer_until_deadline, &transfers[i]) != 0) fail("pthread_create");
    }
    for (int i = 0; i < connections; i++) {
        pthread_join(threads[i], NULL);
        total += transfers[i];
    }
    printf("{\"transfers\": %lu, \"bytes\": %lu, \"seconds\": %.6f}\n", total, total * run.bytes, seconds_now() - begin);
}
