// What the load programs share: sockets bound to a chosen loopback source, TLS with one fixed set of parameters, and failing loudly.

#ifndef LOAD_H
#define LOAD_H

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>

// Nothing on loopback takes this long: whatever does is an error, not a slow answer.
enum { PATIENCE_SECONDS = 5 };

// Prints `program: message` to standard error and exits with status 1. A load program that met any error reports no figures.
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

double seconds_now(void);  // monotonic

in_addr_t address_from(const char *text);
int number_from(const char *text, int least, int most);
double duration_from(const char *text);

// Opens a connection to 127.0.0.1:`port` from `source`. Blocking sockets carry receive and send timeouts of PATIENCE_SECONDS.
int connect_from(in_addr_t source, int port, bool blocking);

// Closes with RST, so that neither side keeps the pair of ports in TIME_WAIT and long runs don't exhaust them.
void close_with_reset(int fd);

// A context for `version` (TLS1_2_VERSION or TLS1_3_VERSION) with P-256 and AES-256-GCM only: every server does the same cryptography.
SSL_CTX *tls_client_context(int version);

// For blocking connections: a TLS connection from `source`, and the read of a 200 answer with exactly `body_bytes` of body.
SSL *tls_connect(SSL_CTX *context, in_addr_t source, int port);
void tls_write(SSL *ssl, const char *bytes, size_t count);
void read_ok_response(SSL *ssl, size_t body_bytes);

// Waits for events on `epoll`, and fails when nothing at all happens for PATIENCE_SECONDS.
struct epoll_event;
int wait_for_events(int epoll, struct epoll_event *events, int capacity);

#endif
