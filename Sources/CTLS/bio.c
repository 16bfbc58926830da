// The BIO between a TLS session and a non-blocking, edge-triggered socket.
//
// OpenSSL's socket BIO would make a system call to learn that nothing is there and one `send` a record. This one remembers that
// the last read was short (epoll(7): the socket is drained then) and leaves sending to the owner of the memory.
#include "CTLS.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#ifdef SIMULATION
ssize_t ctls_simulated_recv(int descriptor, void *bytes, size_t count);
#define recv(descriptor, bytes, count, flags) ctls_simulated_recv(descriptor, bytes, count)
#endif

static int bio_read(BIO *bio, char *bytes, int count) {
    ctls_io *io = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (io->end_of_stream) return 0;
    if (!io->readable || io->budget <= 0 || count <= 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    io->budget--;
    ssize_t received;
    do received = recv(io->descriptor, bytes, (size_t)count, 0);
    while (received < 0 && errno == EINTR);

    if (received > 0) {
        io->has_received = true;
        io->received += (size_t)received;
        if (received < count && !io->peer_closed) io->readable = false;
        return (int)received;
    }
    if (received == 0) {
        io->end_of_stream = true;
        return 0;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
        io->readable = false;
        BIO_set_retry_read(bio);
    } else {
        io->error = errno;
    }
    return -1;
}

static int bio_write(BIO *bio, const char *bytes, int count) {
    ctls_io *io = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (count <= 0) return 0;
    size_t room = io->output == NULL ? 0 : io->output_capacity - io->output_count;
    if (room == 0) {
        BIO_set_retry_write(bio);
        return -1;
    }
    size_t taken = room < (size_t)count ? room : (size_t)count;
    memcpy(io->output + io->output_count, bytes, taken);
    io->output_count += taken;
    return (int)taken;
}

static long bio_ctrl(BIO *bio, int command, long number, void *pointer) {
    (void)number, (void)pointer;
    const ctls_io *io = BIO_get_data(bio);
    switch (command) {
    case BIO_CTRL_FLUSH:
        return 1;
    case BIO_CTRL_EOF:
        return io->end_of_stream;
    default:
        return 0;
    }
}

BIO_METHOD *ctls_bio_method_new(void) {
    BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK | BIO_get_new_index(), "gatekeeper socket");
    if (method == NULL) return NULL;
    BIO_meth_set_read(method, bio_read);
    BIO_meth_set_write(method, bio_write);
    BIO_meth_set_ctrl(method, bio_ctrl);
    return method;
}

BIO *ctls_bio_new(BIO_METHOD *method, ctls_io *io) {
    BIO *bio = BIO_new(method);
    if (bio == NULL) return NULL;
    BIO_set_data(bio, io);
    BIO_set_init(bio, 1);
    return bio;
}
