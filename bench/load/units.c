// units PORT SOURCE KIND COUNT SERVER_PID
//
// Makes exactly COUNT units of work, in the same order each time: what `bench/budget` counts instructions of. Nothing here is fast, for
// the server runs under valgrind; where several connections are open they move in step, so that the server meets the same batches.
//
//   keepalive                     requests over TLS 1.3 on 4 connections, all four asked before the first is read
//   full-1.2, full-1.3            a handshake, one request, close_notify
//   resumed-1.2, resumed-1.3      the same with a session of the connection before, which the server must take
//   denied                        connections from 32 sources, which the server must end before a byte is sent: 192 at a time, and
//                                 made while the server is stopped, so that what it finds at once isn't chance
//   hello                         connections from 32 networks, each with a ClientHello for a pending challenge that is wrong in its last byte:
//                                 the whole of it is read before the server can end it
//   refused                       a TLS 1.3 handshake and a request answered with 403: how a server that decides after TLS denies
//   download, upload              bodies of 1 MiB over one connection

#define _GNU_SOURCE
#include "load.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNECTIONS = 4, DENIED_AT_A_TIME = 192, DENIED_SOURCES = 32, HELLO_NETWORKS = 32, HELLO_BYTES_MAX = 4096, SMALL_BODY_BYTES = 120, BIG_BODY_BYTES = 1 << 20 };

static int port;
static in_addr_t source;
static pid_t server;
static SSL_SESSION *session;  // the newest that the server issued

static void ask(SSL *ssl, const char *text) {
    tls_write(ssl, text, strlen(text));
}

static void make_requests(int count) {
    SSL_CTX *context = tls_client_context(TLS1_3_VERSION);
    SSL *connections[CONNECTIONS];
    for (int i = 0; i < CONNECTIONS; i++) connections[i] = tls_connect(context, source, port);
    for (int made = 0; made < count; made += CONNECTIONS) {
        for (int i = 0; i < CONNECTIONS; i++) ask(connections[i], "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
        for (int i = 0; i < CONNECTIONS; i++) read_ok_response(connections[i], SMALL_BODY_BYTES);
    }
    for (int i = 0; i < CONNECTIONS; i++) close_with_reset(SSL_get_fd(connections[i]));
}

static int remember_session(SSL *ssl, SSL_SESSION *newest) {
    (void)ssl;
    SSL_SESSION_free(session);
    session = SSL_SESSION_dup(newest);  // its own is spoilt if the server leaves out close_notify
    return 0;
}

static void make_handshake(SSL_CTX *context, bool is_resumed, const char *request, const char *expected) {
    char answer[16 * 1024];
    size_t held = 0, count;
    SSL *ssl = SSL_new(context);
    if (!ssl || !SSL_set_fd(ssl, connect_from(source, port, true))) fail("SSL_new");
    if (is_resumed && !SSL_set_session(ssl, session)) fail("SSL_set_session");
    if (SSL_connect(ssl) != 1) fail("TLS handshake failed");
        if ((bool)SSL_session_reused(ssl) != is_resumed) fail(is_resumed ? "the session was not resumed" : "a session was resumed");
    ask(ssl, request);
    while (held < sizeof answer - 1 && SSL_read_ex(ssl, answer + held, sizeof answer - 1 - held, &count)) held += count;
    answer[held] = '\0';
    if (strncmp(answer, expected, strlen(expected)) != 0) fail("answered otherwise than with %s:\n%s", expected, answer);
    SSL_shutdown(ssl);
    close(SSL_get_fd(ssl));
    SSL_free(ssl);
}

static void make_handshakes(int version, bool resumed, const char *expected, int count) {
    static const char request[] = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    SSL_CTX *context = tls_client_context(version);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context, remember_session);
    if (resumed) make_handshake(context, false, request, expected);
    for (int i = 0; i < count; i++) make_handshake(context, resumed, request, expected);
}

// How often the server wakes up for a batch is chance, so the batches are large.
static void resume_server(void) {
    kill(server, SIGCONT);
}

static void stop_server(void) {
    if (kill(server, SIGSTOP) < 0) fail("kill %d: %s", server, strerror(errno));
}

static void expect_end(int connection) {
    char byte;
    ssize_t received = recv(connection, &byte, 1, 0);
    if (received > 0 || (received < 0 && errno != ECONNRESET && errno != ENOTCONN)) fail("a denied connection was not ended");
    close_with_reset(connection);
}

static void be_denied(int count) {
    atexit(resume_server);
    for (int made = 0; made < count; made += DENIED_AT_A_TIME) {
        int connections[DENIED_AT_A_TIME];
        stop_server();
        for (int i = 0; i < DENIED_AT_A_TIME; i++) {
            connections[i] = connect_from(htonl(ntohl(source) + (in_addr_t)(i % DENIED_SOURCES)), port, true);
        }
        resume_server();
        for (int i = 0; i < DENIED_AT_A_TIME; i++) expect_end(connections[i]);
    }
}

// A whole hello for the challenge, in a record that has one byte more than it.
static int make_hello(unsigned char *hello) {
    SSL *ssl = SSL_new(tls_client_context(TLS1_3_VERSION));
    BIO *written = BIO_new(BIO_s_mem());
    if (!ssl || !written || SSL_set_alpn_protos(ssl, (const unsigned char *)"\012acme-tls/1", 11) != 0
        || !SSL_set_tlsext_host_name(ssl, "localhost")) {
        fail("a hello could not be made");
    }
    SSL_set_bio(ssl, BIO_new(BIO_s_mem()), written);
    SSL_connect(ssl);
    int count = BIO_read(written, hello, HELLO_BYTES_MAX - 1);
    if (count < 6) fail("a hello could not be made");
    int length = count - 5 + 1;
    hello[3] = (unsigned char)(length >> 8);
    hello[4] = (unsigned char)length;
    hello[count] = 0;
    SSL_free(ssl);
    return count + 1;
}

static void greet(int count) {
    unsigned char hello[HELLO_BYTES_MAX];
    int bytes = make_hello(hello);
    atexit(resume_server);
    for (int made = 0; made < count; made += HELLO_NETWORKS) {
        int connections[HELLO_NETWORKS];
        stop_server();
        for (int i = 0; i < HELLO_NETWORKS; i++) {
            connections[i] = connect_from(htonl(ntohl(source) + ((in_addr_t)i << 8)), port, true);
            if (send(connections[i], hello, (size_t)bytes, MSG_NOSIGNAL) != bytes) fail("a hello was not sent");
        }
        resume_server();
        for (int i = 0; i < HELLO_NETWORKS; i++) expect_end(connections[i]);
    }
}

static void transfer(bool upload, int count) {
    static const char body[64 * 1024];
    char head[128];
    snprintf(head, sizeof head, "POST /upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n", BIG_BODY_BYTES);
    SSL *ssl = tls_connect(tls_client_context(TLS1_3_VERSION), source, port);
    for (int i = 0; i < count; i++) {
        ask(ssl, upload ? head : "GET /big HTTP/1.1\r\nHost: localhost\r\n\r\n");
        for (size_t sent = 0; upload && sent < BIG_BODY_BYTES; sent += sizeof body) tls_write(ssl, body, sizeof body);
        read_ok_response(ssl, upload ? 0 : BIG_BODY_BYTES);
    }
    close_with_reset(SSL_get_fd(ssl));
}

int main(int argc, char **argv) {
    if (argc != 6) fail("usage: units PORT SOURCE KIND COUNT SERVER_PID");
    port = number_from(argv[1], 1, 65535);
    source = address_from(argv[2]);
    const char *kind = argv[3];
    int count = number_from(argv[4], 1, 100000);
    server = number_from(argv[5], 2, 1 << 22);
    int version = strstr(kind, "1.2") ? TLS1_2_VERSION : TLS1_3_VERSION;
    if (strcmp(kind, "keepalive") == 0) make_requests(count);
    else if (strncmp(kind, "full-", 5) == 0) make_handshakes(version, false, "HTTP/1.1 200", count);
    else if (strncmp(kind, "resumed-", 8) == 0) make_handshakes(version, true, "HTTP/1.1 200", count);
    else if (strcmp(kind, "refused") == 0) make_handshakes(version, false, "HTTP/1.1 403", count);
    else if (strcmp(kind, "denied") == 0) be_denied(count);
    else if (strcmp(kind, "hello") == 0) greet(count);
    else if (strcmp(kind, "download") == 0 || strcmp(kind, "upload") == 0) transfer(kind[0] == 'u', count);
    else fail("%s is no kind of work", kind);
}
