// The wrappers that need GNU declarations, kept out of the header so that it agrees with Swift's own Glibc module.
#define _GNU_SOURCE
#include <pthread.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/timex.h>

#include "CLinux.h"

int clinux_accept4(int listener, struct sockaddr_storage *peer, socklen_t *length, int flags) {
    return accept4(listener, (struct sockaddr *)peer, length, flags);
}

int clinux_set_thread_name(const char *name) { return pthread_setname_np(pthread_self(), name); }

int clinux_peer_credentials(int socket, uid_t *user, gid_t *group) {
    struct ucred peer;
    socklen_t length = sizeof peer;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) return -1;
    *user = peer.uid;
    *group = peer.gid;
    return 0;
}

ssize_t clinux_getrandom(void *bytes, size_t count) { return getrandom(bytes, count, 0); }

int clinux_clock_status(void) {
    struct timex clock = {.modes = 0};
    return adjtimex(&clock) < 0 ? -1 : clock.status;
}
