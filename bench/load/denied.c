// denied PORT FIRST_SOURCE SOURCES SECONDS IN_FLIGHT
//
// Connects from addresses that are not on the allow-list, waits until the server turns each connection away (RST or FIN), and starts
// the next. The client never sends a byte: a server that waits for one makes this program fail.

#define _GNU_SOURCE
#include "load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

static struct {
    int epoll, port, sources;
    in_addr_t first_source;
    unsigned long started, resets, closes;
} run;

static void start_connection(void) {
    in_addr_t source = htonl(ntohl(run.first_source) + (in_addr_t)(run.started++ % (unsigned long)run.sources));
    int fd = connect_from(source, run.port, false);
    struct epoll_event interest = {.events = EPOLLIN | EPOLLRDHUP, .data.fd = fd};
    if (epoll_ctl(run.epoll, EPOLL_CTL_ADD, fd, &interest) < 0) fail("epoll_ctl: %s", strerror(errno));
}

static void end_connection(int fd) {
    char byte;
    ssize_t count = recv(fd, &byte, 1, 0);
    if (count > 0) fail("a denied peer was sent bytes");
    if (count == 0) run.closes++;
    else if (errno == ECONNRESET) run.resets++;
    else fail("a denied connection ended with: %s", strerror(errno));
    close_with_reset(fd);
}

int main(int argc, char **argv) {
    if (argc != 6) fail("usage: denied PORT FIRST_SOURCE SOURCES SECONDS IN_FLIGHT");
    run.port = number_from(argv[1], 1, 65535);
    run.first_source = address_from(argv[2]);
    run.sources = number_from(argv[3], 1, 200);
    double duration = duration_from(argv[4]);
    int in_flight = number_from(argv[5], 1, 4096);
    if ((run.epoll = epoll_create1(EPOLL_CLOEXEC)) < 0) fail("epoll_create1: %s", strerror(errno));

    double start = seconds_now(), deadline = start + duration;
    for (int i = 0; i < in_flight; i++) start_connection();
    while (run.resets + run.closes < run.started) {
        struct epoll_event events[64];
        int count = wait_for_events(run.epoll, events, 64);
        bool more = seconds_now() < deadline;
        for (int i = 0; i < count; i++) {
            end_connection(events[i].data.fd);
            if (more) start_connection();
        }
    }
    printf("{\"connections\": %lu, \"resets\": %lu, \"closes\": %lu, \"seconds\": %.6f}\n",
           run.started, run.resets, run.closes, seconds_now() - start);
}
