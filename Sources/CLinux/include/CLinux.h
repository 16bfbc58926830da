// What Swift's Glibc module leaves out of Linux: epoll, eventfd, signalfd, accept4, socket filters, peer credentials, memory files,
// malloc_trim, thread names, the clock's state and name servers. Declarations and one-line wrappers only; whatever decides something is Swift.
#pragma once

#include <linux/filter.h>
#include <linux/sock_diag.h>
#include <malloc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

#pragma clang assume_nonnull begin

/// accept4(2), which the C library declares for GNU sources only.
int clinux_accept4(int listener, struct sockaddr_storage *peer, socklen_t *length, int flags);

/// Names the calling thread, as `ps -T` and `/proc` show it; at most 15 bytes. Returns an errno.
int clinux_set_thread_name(const char *name);

/// For a program that is spawned (`posix_spawn_file_actions_t`): closes every descriptor from `first` on (glibc 2.34). 0, or an errno.
int clinux_spawn_close_from(void *actions, int first);

/// Likewise: starts it in this folder (glibc 2.29).
int clinux_spawn_in_folder(void *actions, const char *path);

/// The user and group that a UNIX socket's peer had when it connected (SO_PEERCRED, whose structure is declared for GNU sources only).
/// 0, or -1 with errno.
int clinux_peer_credentials(int socket, uid_t *user, gid_t *group);

/// getrandom(2); the number of bytes, or -1 with errno.
ssize_t clinux_getrandom(void *bytes, size_t count);

/// setresgid(2) and setresuid(2), all three numbers at once, which the C library declares for GNU sources only. 0, or -1 with errno.
int clinux_become_group(gid_t group);
int clinux_become_user(uid_t user);

/// prctl(2), whose arguments vary: PR_SET_NO_NEW_PRIVS, PR_SET_KEEPCAPS, PR_CAPBSET_DROP. 0, or -1 with errno.
int clinux_no_new_privileges(void);
int clinux_keep_capabilities(void);
int clinux_drop_bound(int capability);

/// capset(2), which the C library leaves to another one: the calling thread has these from now on, and hands none on. 0, or -1 with errno.
int clinux_set_capabilities(uint64_t capabilities);

/// What the kernel says of its clock, as bits of adjtimex(2)'s status; -1 with errno where it may not be asked.
int clinux_clock_status(void);

/// memfd_create(2), closed on exec, which may be sealed. The descriptor, or -1 with errno.
int clinux_memory_file(const char *name);

/// Fixes the size of a memory file for good (F_ADD_SEALS). 0, or -1 with errno.
int clinux_fix_size(int descriptor);

/// Whether that was done; false for every descriptor of another kind.
int clinux_is_size_fixed(int descriptor);

/// res_nquery(3) with a state of its own, of class IN, asking each name server twice and waiting 2 s for it at first. The length of the
/// answer, which may be more than there was room for, or -1 and why in `failure`, as netdb.h's h_errno has it.
int clinux_name_query(const char *name, int type, uint8_t *answer, int capacity, int *failure);

/// Nobody keeps the clock by another.
static const int clinux_clock_unsynchronised = 0x0040;

#pragma clang assume_nonnull end
