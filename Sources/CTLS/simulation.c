// What a simulation (Base/System/Kernel.swift) puts in the place of the system below OpenSSL: what its BIOs read, and random numbers. Each is a
// thread's own; a thread that has none has the system's. Nothing of this file is in a release build.
#include "CTLS.h"

#ifdef SIMULATION
#define OPENSSL_SUPPRESS_DEPRECATED
#include <errno.h>
#include <openssl/rand.h>
#include <sys/socket.h>

#pragma clang diagnostic ignored "-Wdeprecated-declarations"

ssize_t ctls_simulated_recv(int descriptor, void *bytes, size_t count);

static _Thread_local ctls_simulated simulated;

ssize_t ctls_simulated_recv(int descriptor, void *bytes, size_t count) {
    if (simulated.receive == NULL) return recv(descriptor, bytes, count, 0);
    ssize_t outcome = simulated.receive(descriptor, bytes, count);
    if (outcome >= 0) return outcome;
    errno = (int)-outcome;
    return -1;
}

static int fill(unsigned char *bytes, int count) {
    if (simulated.fill == NULL) return RAND_OpenSSL()->bytes(bytes, count);
    simulated.fill(bytes, (size_t)count);
    return 1;
}

static int status(void) { return 1; }

void ctls_simulate(ctls_simulated how) {
    static const RAND_METHOD method = {.bytes = fill, .pseudorand = fill, .status = status};
    if (how.fill != NULL) RAND_set_rand_method(&method);
    simulated = how;
}
#endif
