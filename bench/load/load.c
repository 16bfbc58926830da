#define _GNU_SOURCE
#include "load.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

void fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "%s: ", program_invocation_short_name);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    ERR_print_errors_fp(stderr);
    exit(1);
}

double seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

// MARK: Arguments

in_addr_t address_from(const char *text) {
    struct in_addr address;
    if (inet_pton(AF_INET, text, &address) != 1) fail("%s is not an IPv4 address", text);
    if (ntohl(address.s_addr) >> 24 != 127) fail("%s is not a loopback address", text);
    return address.s_addr;
}

int number_from(const char *text, int least, int most) {
    char *end;
    long number = strtol(text, &end, 10);
    if (end == text || *end || number < least || number > most) fail("%s is not a number from %d to %d", text, least, most);
    return (int)number;
}

double duration_from(const char *text) {
    char *end;
    double seconds = strtod(text, &end);
    if (end == text || *end || !(seconds > 0 && seconds <= 60)) fail("%s is not a duration of up to 60 seconds", text);
    return seconds;
}

// MARK: Sockets

static void set_patience(int fd) {
    struct timeval patience = {.tv_sec = PATIENCE_SECONDS};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
}

int connect_from(in_addr_t source, int port, bool blocking) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | (blocking ? 0 : SOCK_NONBLOCK), 0);
    if (fd < 0) fail("socket: %s", strerror(errno));
    int on = 1;
    // The port is chosen by connect, for the whole 4-tuple: bind alone would need a port that is free for every destination.
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (blocking) set_patience(fd);

    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = source};
    if (bind(fd, (struct sockaddr *)&from, sizeof from) < 0) fail("bind: %s", strerror(errno));
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)port)};
    // Who is denied may hear of it before connect has returned.
    bool went = connect(fd, (struct sockaddr *)&to, sizeof to) == 0 || errno == EINPROGRESS || errno == ECONNRESET;
    if (!went) fail("connect: %s", strerror(errno));
    return fd;
}

void close_with_reset(int fd) {
    struct linger reset = {.l_onoff = 1, .l_linger = 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    close(fd);
}

int wait_for_events(int epoll, struct epoll_event *events, int capacity) {
    int count = epoll_wait(epoll, events, capacity, PATIENCE_SECONDS * 1000);
    if (count < 0 && errno == EINTR) return 0;
    if (count < 0) fail("epoll_wait: %s", strerror(errno));
    if (count == 0) fail("nothing happened for %d s on connections that should have ended", PATIENCE_SECONDS);
    return count;
}

// MARK: TLS

SSL_CTX *tls_client_context(int version) {
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (!context
        || !SSL_CTX_set_min_proto_version(context, version)
        || !SSL_CTX_set_max_proto_version(context, version)
        || !SSL_CTX_set_cipher_list(context, "ECDHE-ECDSA-AES256-GCM-SHA384")
        || !SSL_CTX_set_ciphersuites(context, "TLS_AES_256_GCM_SHA384")
        || !SSL_CTX_set1_groups_list(context, "P-256")) {
        fail("the TLS context could not be made");
    }
    SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);  // the certificate is self-signed; the client's work is not measured
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    return context;
}

SSL *tls_connect(SSL_CTX *context, in_addr_t source, int port) {
    SSL *ssl = SSL_new(context);
    if (!ssl || !SSL_set_fd(ssl, connect_from(source, port, true))) fail("SSL_new");
    if (SSL_connect(ssl) != 1) fail("TLS handshake failed");
    return ssl;
}

void tls_write(SSL *ssl, const char *bytes, size_t count) {
    size_t written;
    if (!SSL_write_ex(ssl, bytes, count, &written) || written != count) fail("writing a request failed");
}

static size_t content_length(const char *head) {
    const char *field = strcasestr(head, "\r\ncontent-length:");
    if (!field) fail("an answer without Content-Length:\n%s", head);
    return strtoul(field + strlen("\r\ncontent-length:"), NULL, 10);
}

void read_ok_response(SSL *ssl, size_t body_bytes) {
    static _Thread_local char buffer[64 * 1024 + 1];
    size_t held = 0, count;
    const char *head_end = NULL;
    while (!head_end) {
        if (held == sizeof buffer - 1) fail("an answer whose head does not end");
        if (!SSL_read_ex(ssl, buffer + held, sizeof buffer - 1 - held, &count)) fail("the connection ended before the answer's head");
        held += count;
        buffer[held] = '\0';
        head_end = strstr(buffer, "\r\n\r\n");
    }
    if (strncmp(buffer, "HTTP/1.1 200", 12) != 0) fail("answered otherwise than with 200:\n%s", buffer);
    if (content_length(buffer) != body_bytes) fail("answered with %zu bytes instead of %zu", content_length(buffer), body_bytes);

    size_t body = held - (size_t)(head_end + 4 - buffer);
    while (body < body_bytes) {
        if (!SSL_read_ex(ssl, buffer, sizeof buffer - 1, &count)) fail("the connection ended after %zu of %zu bytes", body, body_bytes);
        body += count;
    }
    if (body != body_bytes) fail("%zu bytes more than announced", body - body_bytes);
}
