#define _GNU_SOURCE 1
// Headers that Swift's Glibc module leaves out, and calls that Swift cannot make because they are variadic.
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/sockios.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/// Sleeps while `*word` is `expected`, no longer than `timeout` (NULL: no limit). Shared between processes.
static inline int linux_futex_wait(const uint32_t *_Nonnull word, uint32_t expected,
                                   const struct timespec *_Nullable timeout) {
    return (int)syscall(SYS_futex, word, FUTEX_WAIT, expected, timeout, (void *)0, 0);
}

/// Wakes everyone asleep on `word`.
static inline int linux_futex_wake(const uint32_t *_Nonnull word) {
    return (int)syscall(SYS_futex, word, FUTEX_WAKE, INT32_MAX, (void *)0, (void *)0, 0);
}

/// fcntl with a `struct flock`: F_OFD_SETLK, F_OFD_SETLKW, F_OFD_GETLK.
static inline int linux_fcntl_lock(int descriptor, int command, struct flock *_Nonnull lock) {
    return fcntl(descriptor, command, lock);
}

/// Bytes that wait in the socket's send queue (SIOCOUTQ), or -1.
static inline int linux_socket_unsent(int descriptor) {
    int bytes = 0;
    return ioctl(descriptor, SIOCOUTQ, &bytes) == 0 ? bytes : -1;
}

/// The signal sent to this process when its parent ends (PR_SET_PDEATHSIG).
static inline int linux_set_parent_death_signal(int signal) {
    return prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0);
}
