// OpenSSL for Swift: the library's headers, the BIO that joins a TLS session to a non-blocking socket, and one-line functions for
// what OpenSSL offers as macros only. Nothing here decides anything and nothing is global.
#pragma once

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/ui.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#pragma clang assume_nonnull begin

/// What the BIO reads from and writes to.
///
/// Reading goes straight from the socket into OpenSSL's record buffer: one `recv` a call, and none at all while `readable` is
/// false. Writing only collects ciphertext in `output`; the owner sends it, so that several records leave in one system call.
typedef struct ctls_io {
    int descriptor;
    /// The kernel may have bytes for us. Cleared by a short or would-block read, set by the owner when epoll reports an edge.
    bool readable;
    /// epoll has reported the peer's FIN, which no further edge will announce: a short read then leaves `readable` set.
    bool peer_closed;
    /// `recv` calls that may still be made before the owner looks in again. OpenSSL reads on for as long as records come that hold no data
    /// (KeyUpdate), and must not be able to stay.
    int budget;
    /// Bytes that came in all; the owner sets it back.
    size_t received;
    /// `recv` returned 0.
    bool end_of_stream;
    /// errno of the `recv` that failed, else 0.
    int error;
    /// Number of the fatal alert that the session has sent, 0 for none.
    uint8_t alert_sent;
    /// A `recv` has brought something.
    bool has_received;
    /// Our peer, a server, has asked for a certificate.
    bool certificate_asked;
    /// Our peer, a server, has asked for a handshake in the session, which we have declined.
    bool renegotiation_asked;
    /// Ciphertext to be sent: `output_count` of `output_capacity` bytes; null while the owner has lent no memory.
    uint8_t *_Nullable output;
    size_t output_capacity;
    size_t output_count;
} ctls_io;

/// A method table for `ctls_bio_new`; null when memory is short. Freed with `BIO_meth_free` after the last BIO that uses it.
BIO_METHOD *_Nullable ctls_bio_method_new(void);

/// A BIO over `io`, which must outlive it; null when memory is short.
BIO *_Nullable ctls_bio_new(BIO_METHOD *method, ctls_io *io);

/// What a thread has in place of the system, where that is simulated; null for the system's.
typedef struct ctls_simulated {
    /// As recv(2), but for an errno, which is a negative number.
    ssize_t (*_Nullable receive)(int descriptor, void *bytes, size_t count);
    /// Random bytes.
    void (*_Nullable fill)(uint8_t *bytes, size_t count);
} ctls_simulated;

/// For the calling thread, from now on. Only in builds that define SIMULATION.
void ctls_simulate(ctls_simulated how);

static inline long ctls_ctx_set_mode(SSL_CTX *ctx, long mode) { return SSL_CTX_set_mode(ctx, mode); }
static inline long ctls_set_mode(SSL *ssl, long mode) { return SSL_set_mode(ssl, mode); }
static inline long ctls_clear_mode(SSL *ssl, long mode) { return SSL_clear_mode(ssl, mode); }
/// The header of a record has been read and its body has not (SSL_rstate_string(3): "RB").
static inline bool ctls_is_in_record(const SSL *ssl) { return SSL_rstate_string(ssl)[1] == 'B'; }
/// HMAC with SHA-256 and this key (EVP_MAC_CTX_set_params(3), whose parameters want C strings that stay).
static inline bool ctls_mac_use_key(EVP_MAC_CTX *mac, uint8_t *key, size_t count) {
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_octet_string("key", key, count),
        OSSL_PARAM_construct_utf8_string("digest", (char *)"SHA256", 0),
        OSSL_PARAM_construct_end(),
    };
    return EVP_MAC_CTX_set_params(mac, parameters) == 1;
}
static inline void ctls_ctx_set_read_ahead(SSL_CTX *ctx, int on) { SSL_CTX_set_read_ahead(ctx, on); }
static inline int ctls_ctx_set_min_proto_version(SSL_CTX *ctx, int version) { return SSL_CTX_set_min_proto_version(ctx, version); }
static inline int ctls_ctx_set_max_proto_version(SSL_CTX *ctx, int version) { return SSL_CTX_set_max_proto_version(ctx, version); }
static inline long ctls_ctx_set_session_cache_mode(SSL_CTX *ctx, long mode) { return SSL_CTX_set_session_cache_mode(ctx, mode); }
static inline int ctls_ctx_set1_groups_list(SSL_CTX *ctx, const char *list) { return SSL_CTX_set1_groups_list(ctx, (char *)list); }
static inline long ctls_set_tlsext_host_name(SSL *ssl, const char *name) { return SSL_set_tlsext_host_name(ssl, (char *)name); }
/// `choose` gets `argument`, which must outlive the context's sessions.
static inline void ctls_ctx_set_server_name_callback(
    SSL_CTX *ctx, int (*choose)(SSL *_Nullable, int *_Nullable, void *_Nullable), void *argument) {
    SSL_CTX_set_tlsext_servername_callback(ctx, choose);
    SSL_CTX_set_tlsext_servername_arg(ctx, argument);
}
static inline long ctls_ctx_clear_chain(SSL_CTX *ctx) { return SSL_CTX_clear_chain_certs(ctx); }
/// Takes a reference of its own.
static inline long ctls_ctx_add_chain_certificate(SSL_CTX *ctx, X509 *certificate) { return SSL_CTX_add1_chain_cert(ctx, certificate); }
static inline void ctls_free(void *_Nullable memory) { OPENSSL_free(memory); }
static inline int ctls_reason(unsigned long error) { return ERR_GET_REASON(error); }
/// The errno that an error of the system carries, 0 for an error of OpenSSL's own.
static inline int ctls_system_error(unsigned long error) { return ERR_SYSTEM_ERROR(error) ? (int)(error & ERR_SYSTEM_MASK) : 0; }
static inline bool ctls_is_ssl_library(unsigned long error) { return ERR_GET_LIB(error) == ERR_LIB_SSL; }

// Macros with casts or 64-bit values, which Swift doesn't import.
static const uint64_t ctls_op_no_renegotiation = SSL_OP_NO_RENEGOTIATION;
static const uint64_t ctls_op_no_ticket = SSL_OP_NO_TICKET;
static const uint64_t ctls_op_no_compression = SSL_OP_NO_COMPRESSION;
static const uint64_t ctls_op_cipher_server_preference = SSL_OP_CIPHER_SERVER_PREFERENCE;
static const uint64_t ctls_no_configuration_file = OPENSSL_INIT_NO_LOAD_CONFIG;
static const uint64_t ctls_no_cleanup_at_exit = OPENSSL_INIT_NO_ATEXIT;
static const long ctls_mode_partial_write = SSL_MODE_ENABLE_PARTIAL_WRITE;
static const long ctls_mode_moving_write_buffer = SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER;
static const long ctls_mode_release_buffers = SSL_MODE_RELEASE_BUFFERS;
/// How X509_NAME_print_ex(3) writes a name: on one line as in RFC 2253, UTF-8 as it is, control characters escaped.
static const unsigned long ctls_name_on_one_line = XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB;
static const long ctls_session_cache_off = SSL_SESS_CACHE_OFF;

#pragma clang assume_nonnull end
