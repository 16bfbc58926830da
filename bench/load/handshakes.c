// handshakes PORT SOURCE 1.2|1.3 full|resumed|refused SECONDS IN_FLIGHT
//
// Makes TLS connections, several at a time, each closed after its handshake.
//   full      no session is offered
//   resumed   a session is offered, and the program fails if the server does not resume it
//   refused   after a full handshake sends a request and expects 403: how a server that decides after TLS turns a peer away
//
// A handshake counts when the server has surely finished its part of it. With TLS 1.3 the client's Finished is the last message, so the
// program waits for the session ticket which follows it. Then it sends close_notify and lets the server close first.

#define _GNU_SOURCE
#include "load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum mode { FULL, RESUMED, REFUSED };
enum phase { HANDSHAKE, TICKET, REQUEST, CLOSE };

struct connection {
    int fd;
    SSL *ssl;
    SSL_SESSION *session;  // the newest that the server issued on this slot; TLS 1.3 tickets are meant to be used once
    enum phase phase;
    bool ticket_received;
};

static struct {
    int epoll, port, version;
    in_addr_t source;
    enum mode mode;
    SSL_CTX *context;
    bool offering_sessions;
    unsigned long finished;
} run;

// MARK: Sessions

static int remember_session(SSL *ssl, SSL_SESSION *session) {
    struct connection *connection = SSL_get_app_data(ssl);
    SSL_SESSION_free(connection->session);
    connection->session = session;
    connection->ticket_received = true;
    return 1;  // the reference is ours now
}

static void prepare_context(void) {
    run.context = tls_client_context(run.version);
    SSL_CTX_set_session_cache_mode(run.context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(run.context, remember_session);
}

// MARK: One connection, phase by phase. The functions return true when their phase is over and false when the socket would block.

static void expect_would_block(struct connection *connection, int result, const char *doing) {
    int error = SSL_get_error(connection->ssl, result);
    if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) fail("%s failed (%d, %s)", doing, error, strerror(errno));
}

static bool advance_handshake(struct connection *connection) {
    int result = SSL_connect(connection->ssl);
    if (result != 1) {
        expect_would_block(connection, result, "a TLS handshake");
        return false;
    }
    if ((bool)SSL_session_reused(connection->ssl) != run.offering_sessions) {
        fail(run.offering_sessions ? "the server did not resume the session" : "a session was resumed that nobody offered");
    }
    return true;
}

static bool advance_ticket(struct connection *connection) {
    char byte;
    int result = SSL_read(connection->ssl, &byte, 1);  // OpenSSL reads the tickets on the way to application data
    if (result > 0) fail("the server spoke before it was asked");
    expect_would_block(connection, result, "waiting for a session ticket");
    return connection->ticket_received;
}

static void send_request(struct connection *connection) {
    static const char request[] = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    tls_write(connection->ssl, request, sizeof request - 1);
}

static bool advance_request(struct connection *connection) {
    char answer[16 * 1024];
    int result = SSL_read(connection->ssl, answer, sizeof answer - 1);
    if (result <= 0) {
        expect_would_block(connection, result, "waiting for the answer");
        return false;
    }
    answer[result] = '\0';
    if (strncmp(answer, "HTTP/1.1 403", 12) != 0) fail("answered otherwise than with 403:\n%s", answer);
    return true;
}

static bool advance_close(struct connection *connection) {
    char ignored[16 * 1024];
    ssize_t count;
    while ((count = recv(connection->fd, ignored, sizeof ignored, 0)) > 0) {}
    if (count < 0 && errno == EAGAIN) return false;
    if (count < 0 && errno != ECONNRESET) fail("closing: %s", strerror(errno));
    return true;
}

static enum phase after_handshake(struct connection *connection) {
    if (run.mode == REFUSED) {
        send_request(connection);
        return REQUEST;
    }
    return run.version == TLS1_3_VERSION ? TICKET : CLOSE;
}

// Moves on as far as the socket lets it; returns true when the server has closed the connection.
static bool advance(struct connection *connection) {
    for (;;) {
        enum phase next = CLOSE;
        switch (connection->phase) {
        case HANDSHAKE:
            if (!advance_handshake(connection)) return false;
            next = after_handshake(connection);
            break;
        case TICKET:
            if (!advance_ticket(connection)) return false;
            break;
        case REQUEST:
            if (!advance_request(connection)) return false;
            break;
        case CLOSE:
            return advance_close(connection);
        }
        if (next == CLOSE) SSL_shutdown(connection->ssl);
        connection->phase = next;
    }
}

static void start(struct connection *connection) {
    connection->fd = connect_from(run.source, run.port, false);
    connection->ssl = SSL_new(run.context);
    connection->phase = HANDSHAKE;
    connection->ticket_received = false;
    if (!connection->ssl || !SSL_set_fd(connection->ssl, connection->fd)) fail("SSL_new");
    SSL_set_app_data(connection->ssl, connection);
    if (run.offering_sessions && !SSL_set_session(connection->ssl, connection->session)) fail("SSL_set_session");
    struct epoll_event interest = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = connection};
    if (epoll_ctl(run.epoll, EPOLL_CTL_ADD, connection->fd, &interest) < 0) fail("epoll_ctl: %s", strerror(errno));
}

static void end(struct connection *connection) {
    SSL_free(connection->ssl);
    close_with_reset(connection->fd);
    run.finished++;
}

// MARK: All of them

// Keeps `in_flight` connections going until the deadline, then lets the last ones finish.
static void run_until(double deadline, struct connection *connections, int in_flight) {
    for (int i = 0; i < in_flight; i++) start(&connections[i]);
    for (int open = in_flight; open > 0;) {
        struct epoll_event events[64];
        int count = wait_for_events(run.epoll, events, 64);
        for (int i = 0; i < count; i++) {
            struct connection *connection = events[i].data.ptr;
            if (!advance(connection)) continue;
            end(connection);
            if (seconds_now() < deadline) start(connection);
            else open--;
        }
    }
}

// One full handshake gives every slot its first session. It is not counted, and among thousands its cost does not show.
static void obtain_session(struct connection *connections, int in_flight) {
    run_until(0, connections, 1);
    if (!connections[0].session) fail("the server issued no session to resume");
    for (int i = 1; i < in_flight; i++) {
        // A copy, because OpenSSL lets a TLS 1.3 session object be offered only once.
        connections[i].session = SSL_SESSION_dup(connections[0].session);
        if (!connections[i].session) fail("SSL_SESSION_dup");
    }
    run.offering_sessions = true;
    run.finished = 0;
}

static enum mode mode_from(const char *text) {
    if (strcmp(text, "full") == 0) return FULL;
    if (strcmp(text, "resumed") == 0) return RESUMED;
    if (strcmp(text, "refused") == 0) return REFUSED;
    fail("%s is neither full nor resumed nor refused", text);
}

int main(int argc, char **argv) {
    if (argc != 7) fail("usage: handshakes PORT SOURCE 1.2|1.3 full|resumed|refused SECONDS IN_FLIGHT");
    run.port = number_from(argv[1], 1, 65535);
    run.source = address_from(argv[2]);
    run.version = strcmp(argv[3], "1.2") == 0 ? TLS1_2_VERSION : TLS1_3_VERSION;
    run.mode = mode_from(argv[4]);
    double duration = duration_from(argv[5]);
    int in_flight = number_from(argv[6], 1, 1024);
    if ((run.epoll = epoll_create1(EPOLL_CLOEXEC)) < 0) fail("epoll_create1: %s", strerror(errno));
    prepare_context();

    struct connection *connections = calloc((size_t)in_flight, sizeof *connections);
    if (!connections) fail("out of memory");
    if (run.mode == RESUMED) obtain_session(connections, in_flight);
    double begin = seconds_now();
    run_until(begin + duration, connections, in_flight);
    printf("{\"connections\": %lu, \"seconds\": %.6f}\n", run.finished, seconds_now() - begin);
}
