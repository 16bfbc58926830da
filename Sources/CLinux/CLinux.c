// The wrappers that need GNU declarations, kept out of the header so that it agrees with Swift's own Glibc module.
#define _GNU_SOURCE
#include <arpa/nameser.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <netdb.h>
#include <pthread.h>
#include <resolv.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <unistd.h>

#include "CLinux.h"

int clinux_accept4(int listener, struct sockaddr_storage *peer, socklen_t *length, int flags) {
    return accept4(listener, (struct sockaddr *)peer, length, flags);
}

int clinux_set_thread_name(const char *name) { return pthread_setname_np(pthread_self(), name); }

int clinux_spawn_close_from(void *actions, int first) {
    return posix_spawn_file_actions_addclosefrom_np(actions, first);
}

int clinux_spawn_in_folder(void *actions, const char *path) {
    return posix_spawn_file_actions_addchdir_np(actions, path);
}

int clinux_peer_credentials(int socket, uid_t *user, gid_t *group) {
    struct ucred peer;
    socklen_t length = sizeof peer;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) return -1;
    *user = peer.uid;
    *group = peer.gid;
    return 0;
}

ssize_t clinux_getrandom(void *bytes, size_t count) { return getrandom(bytes, count, 0); }

int clinux_become_group(gid_t group) { return setresgid(group, group, group); }

int clinux_become_user(uid_t user) { return setresuid(user, user, user); }

int clinux_no_new_privileges(void) { return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); }

int clinux_keep_capabilities(void) { return prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0); }

int clinux_drop_bound(int capability) { return prctl(PR_CAPBSET_DROP, capability, 0, 0, 0); }

int clinux_set_capabilities(uint64_t capabilities) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    struct __user_cap_data_struct data[2] = {
        {.effective = (uint32_t)capabilities, .permitted = (uint32_t)capabilities, .inheritable = 0},
        {.effective = (uint32_t)(capabilities >> 32), .permitted = (uint32_t)(capabilities >> 32), .inheritable = 0},
    };
    return (int)syscall(SYS_capset, &header, data);
}

int clinux_clock_status(void) {
    struct timex clock = {.modes = 0};
    return adjtimex(&clock) < 0 ? -1 : clock.status;
}

int clinux_name_query(const char *name, int type, uint8_t *answer, int capacity, int *failure) {
    struct __res_state state = {0};
    *failure = NETDB_INTERNAL;
    if (res_ninit(&state) != 0) return -1;
    state.retrans = 2;
    state.retry = 2;
    int length = res_nquery(&state, name, ns_c_in, type, answer, capacity);
    *failure = state.res_h_errno;
    res_nclose(&state);
    return length;
}

static const int size_seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;

int clinux_memory_file(const char *name) { return memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING); }

int clinux_fix_size(int descriptor) { return fcntl(descriptor, F_ADD_SEALS, size_seals); }

int clinux_is_size_fixed(int descriptor) { return fcntl(descriptor, F_GET_SEALS) == size_seals; }
