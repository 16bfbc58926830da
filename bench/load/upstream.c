// upstream BIG_BYTES
//
// The ticket API behind every contestant: a plain HTTP/1.1 server on one thread that does as little as possible, so that it is never what
// is measured. Prints the port it listens on.
//
//   GET /            200, a JSON body of 120 bytes
//   GET /big         200, BIG_BYTES bytes
//   POST /upload     200 once Content-Length bytes have arrived, whatever they were
//
// A connection whose request says `Connection: close` is closed with the answer. It trusts its peers, the proxies, to send one request at a time, and ends the process when one does anything else.

#define _GNU_SOURCE
#include "load.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SMALL_BODY_BYTES = 120 };

struct connection {
    int fd;
    char head[8 * 1024];
    size_t head_bytes;
    size_t body_left;    // of the request, to be swallowed
    size_t answer_left;  // of the big body, to be sent
    bool closes;         // once its answer is through
    bool has_answered;
};

static char small_answer[256], big_head[128];
static const char upload_answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
static char filler[256 * 1024];
static size_t big_bytes;
static int epoll;

static void prepare_answers(void) {
    char body[SMALL_BODY_BYTES + 1];
    int length = snprintf(body, sizeof body, "{\"id\":4711,\"status\":\"open\",\"subject\":\"");
    memset(body + length, 'x', (size_t)(SMALL_BODY_BYTES - length));
    memcpy(body + SMALL_BODY_BYTES - 2, "\"}", 3);
    snprintf(small_answer, sizeof small_answer,
             "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", SMALL_BODY_BYTES, body);
    snprintf(big_head, sizeof big_head,
             "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: %zu\r\n\r\n", big_bytes);
    memset(filler, 'x', sizeof filler);
}

// MARK: Requests

static size_t request_body_bytes(const char *head) {
    if (strcasestr(head, "\r\ntransfer-encoding:")) fail("a request body without Content-Length:\n%s", head);
    const char *field = strcasestr(head, "\r\ncontent-length:");
    return field ? strtoul(field + strlen("\r\ncontent-length:"), NULL, 10) : 0;
}

// Answers begin on a drained connection, so a head always fits into the socket's buffer.
static void send_whole(int fd, const char *bytes) {
    size_t count = strlen(bytes);
    if (send(fd, bytes, count, MSG_NOSIGNAL) != (ssize_t)count && errno != EPIPE && errno != ECONNRESET) {
        fail("send: %s", strerror(errno));
    }
}

static void begin_answer(struct connection *connection) {
    const char *head = connection->head;
    if (strncmp(head, "GET / ", 6) == 0) send_whole(connection->fd, small_answer);
    else if (strncmp(head, "POST /upload ", 13) == 0) send_whole(connection->fd, upload_answer);
    else if (strncmp(head, "GET /big ", 9) == 0) {
        send_whole(connection->fd, big_head);
        connection->answer_left = big_bytes;
    } else fail("a request that this server does not know:\n%s", head);
    connection->head_bytes = 0;
    connection->has_answered = true;
}

// MARK: Connection. Each function returns false when the peer has gone.

static bool send_big_body(struct connection *connection) {
    while (connection->answer_left > 0) {
        size_t piece = connection->answer_left < sizeof filler ? connection->answer_left : sizeof filler;
        ssize_t sent = send(connection->fd, filler, piece, MSG_NOSIGNAL);
        if (sent < 0) return errno == EAGAIN;
        connection->answer_left -= (size_t)sent;
    }
    return true;
}

static bool swallow_body(struct connection *connection) {
    while (connection->body_left > 0) {
        // MSG_TRUNC lets TCP throw the bytes away without copying them (tcp(7)).
        ssize_t count = recv(connection->fd, NULL, connection->body_left, MSG_TRUNC);
        if (count == 0) return false;
        if (count < 0) return errno == EAGAIN;
        connection->body_left -= (size_t)count;
    }
    begin_answer(connection);
    return true;
}

static bool read_head(struct connection *connection) {
    size_t room = sizeof connection->head - 1 - connection->head_bytes;
    if (room == 0) fail("a request head that does not end");
    ssize_t count = recv(connection->fd, connection->head + connection->head_bytes, room, 0);
    if (count == 0) return false;
    if (count < 0) return errno == EAGAIN;
    connection->head_bytes += (size_t)count;
    connection->head[connection->head_bytes] = '\0';

    const char *end = strstr(connection->head, "\r\n\r\n");
    if (!end) return true;
    size_t early_body = connection->head_bytes - (size_t)(end + 4 - connection->head);
    size_t body = request_body_bytes(connection->head);
    connection->closes = strcasestr(connection->head, "\r\nconnection: close\r\n");
    connection->has_answered = false;
    if (early_body > body) fail("bytes after the end of a request:\n%s", connection->head);
    connection->body_left = body - early_body;
    if (connection->body_left > 0) return swallow_body(connection);
    begin_answer(connection);
    return send_big_body(connection);
}

static bool advance(struct connection *connection) {
    if (connection->answer_left > 0) return send_big_body(connection);
    if (connection->body_left > 0) return swallow_body(connection);
    return read_head(connection);
}

// MARK: Listening

static void watch(int operation, int fd, uint32_t events, void *pointer) {
    struct epoll_event interest = {.events = events, .data.ptr = pointer};
    if (epoll_ctl(epoll, operation, fd, &interest) < 0) fail("epoll_ctl: %s", strerror(errno));
}

static int listen_on_loopback(void) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, length) < 0 || listen(fd, 4096) < 0
        || getsockname(fd, (struct sockaddr *)&address, &length) < 0) {
        fail("listening: %s", strerror(errno));
    }
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

static void accept_all(int listener) {
    int fd;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        int on = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        struct connection *connection = calloc(1, sizeof *connection);
        if (!connection) fail("out of memory");
        connection->fd = fd;
        watch(EPOLL_CTL_ADD, fd, EPOLLIN, connection);
    }
}

int main(int argc, char **argv) {
    if (argc != 2) fail("usage: upstream BIG_BYTES");
    big_bytes = (size_t)number_from(argv[1], 1, 2000000000);
    prepare_answers();
    if ((epoll = epoll_create1(EPOLL_CLOEXEC)) < 0) fail("epoll_create1: %s", strerror(errno));
    int listener = listen_on_loopback();
    watch(EPOLL_CTL_ADD, listener, EPOLLIN, NULL);

    for (;;) {
        struct epoll_event events[64];
        int count = epoll_wait(epoll, events, 64, -1);
        for (int i = 0; i < count; i++) {
            struct connection *connection = events[i].data.ptr;
            if (!connection) {
                accept_all(listener);
                continue;
            }
            bool was_answering = connection->answer_left > 0;
            bool is_open = advance(connection);
            bool is_through = connection->closes && connection->has_answered && connection->answer_left == 0;
            if (!is_open || is_through) {
                close(connection->fd);
                free(connection);
                continue;
            }
            bool answering = connection->answer_left > 0;
            if (answering != was_answering) watch(EPOLL_CTL_MOD, connection->fd, answering ? EPOLLOUT : EPOLLIN, connection);
        }
    }
}
