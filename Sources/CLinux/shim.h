// This file includes headers that are missing from Swift's Glibc module. It also wraps functions that Swift cannot call
// because they are variadic.
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/memfd.h>
#include <linux/sockios.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
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
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// glibc declares these GNU extensions only if _GNU_SOURCE is defined. If this file defined it, the structures in this
// module would differ from the structures in Swift's Glibc module. Therefore it declares the extensions again. The
// prototypes are copied from the manual pages memfd_create(2), accept4(2), pipe2(2), splice(2), tee(2),
// pthread_setname_np(3) and sigabbrev_np(3). The values of the constants are copied from fcntl.h, asm-generic/fcntl.h
// and linux/splice.h.
int memfd_create(const char *_Nonnull name, unsigned int flags);
int accept4(int descriptor, struct sockaddr *_Nullable address, socklen_t *_Nullable length, int flags);
int pthread_setname_np(pthread_t thread, const char *_Nonnull name);
int pipe2(int descriptors[_Nonnull 2], int flags);
const char *_Nullable sigabbrev_np(int signal);
ssize_t splice(int source, int64_t *_Nullable source_offset, int target, int64_t *_Nullable target_offset,
               size_t length, unsigned int flags);
ssize_t tee(int source, int target, size_t length, unsigned int flags);
enum { linux_ofd_getlk = 36, linux_ofd_setlk = 37, linux_ofd_setlkw = 38 };
enum { linux_set_pipe_size = 1031, linux_splice_nonblock = 2 };
static const int linux_open_unnamed = 020000000 | O_DIRECTORY;

/// Waits while `*word` equals `expected`, for at most `timeout`. If `timeout` is NULL, there is no time limit. The word
/// may be in memory that several processes share. Returns 0 after a wake-up, or -1 with errno set.
static inline int linux_futex_wait(const uint32_t *_Nonnull word, uint32_t expected,
                                   const struct timespec *_Nullable timeout) {
    return (int)syscall(SYS_futex, word, FUTEX_WAIT, expected, timeout, (void *)0, 0);
}

/// Wakes all waiters on `word`.
static inline int linux_futex_wake(const uint32_t *_Nonnull word) {
    return (int)syscall(SYS_futex, word, FUTEX_WAKE, INT32_MAX, (void *)0, (void *)0, 0);
}

/// Waits while both words have their expected values, at most until `deadline` on CLOCK_MONOTONIC. This uses
/// futex_waitv(2), which requires Linux 5.16 or later. Returns 0 or 1 after a wake-up, or -1 with errno set.
static inline int linux_futex_wait_either(const uint32_t *_Nonnull first, uint32_t first_expected,
                                          const uint32_t *_Nonnull second, uint32_t second_expected,
                                          const struct timespec *_Nonnull deadline) {
#ifdef SYS_futex_waitv
    struct futex_waitv words[2] = {{first_expected, (uintptr_t)first, FUTEX_32, 0},
                                   {second_expected, (uintptr_t)second, FUTEX_32, 0}};
    return (int)syscall(SYS_futex_waitv, words, 2, 0, deadline, CLOCK_MONOTONIC);
#else
    errno = ENOSYS;
    return -1;
#endif
}

/// Calls fcntl with a `struct flock`, for the commands F_OFD_SETLK, F_OFD_SETLKW and F_OFD_GETLK.
static inline int linux_fcntl_lock(int descriptor, int command, struct flock *_Nonnull lock) {
    return fcntl(descriptor, command, lock);
}

/// Returns the number of bytes in the socket's send queue (SIOCOUTQ), or -1 with errno set.
static inline int linux_socket_unsent(int descriptor) {
    int bytes = 0;
    return ioctl(descriptor, SIOCOUTQ, &bytes) == 0 ? bytes : -1;
}

/// Sets the signal that this process receives when its parent exits (PR_SET_PDEATHSIG).
static inline int linux_set_parent_death_signal(int signal) {
    return prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0);
}

/// Starts a program as the leader of its own session and process group. Returns its process ID, or -1 with errno set.
///
/// The program's standard input, output and error are duplicates of the three descriptors in `streams`. The program
/// inherits all other descriptors that do not have FD_CLOEXEC. It starts with default signal actions and an empty
/// signal mask. It receives `death_signal` when the calling thread exits, or no signal if `death_signal` is 0.
///
/// If the program cannot be executed, this function fails with the error of execve: the child writes that error to a
/// pipe, which a successful execve closes. Between fork and execve, the child makes only async-signal-safe calls.
/// Therefore a process with several threads may call this function.
static inline pid_t linux_spawn(const char *_Nonnull path, char *_Nullable const *_Nonnull arguments,
                                char *_Nullable const *_Nonnull environment, const int streams[_Nonnull 3],
                                int death_signal) {
    int report[2];
    if (pipe2(report, O_CLOEXEC) < 0) return -1;
    const pid_t parent = getpid();
    const pid_t child = fork();
    if (child == 0) {
        setsid();
        for (int number = 1; number <= 64; number++) signal(number, SIG_DFL);
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, (sigset_t *)0);
        if (death_signal) prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0);
        if (death_signal && getppid() != parent) _exit(127);
        for (int number = 0; number < 3; number++) dup2(streams[number], number);
        execve(path, arguments, environment);
        const int failure = errno;
        const ssize_t written = write(report[1], &failure, sizeof failure);
        (void)written;
        _exit(127);
    }
    int failure = child < 0 ? errno : 0;
    close(report[1]);
    if (child > 0) {
        ssize_t count;
        do { count = read(report[0], &failure, sizeof failure); } while (count < 0 && errno == EINTR);
        if (count != (ssize_t)sizeof failure) failure = 0;
        if (failure) {
            while (waitpid(child, (int *)0, 0) < 0 && errno == EINTR) {}
        }
    }
    close(report[0]);
    errno = failure;
    return failure ? -1 : child;
}

/// Returns the process ID of a child that has exited but has not been reaped, or 0 if there is none. This function does
/// not reap the child.
static inline pid_t linux_ended_child(void) {
    siginfo_t info;
    info.si_pid = 0;
    return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 ? info.si_pid : 0;
}

/// Sends a duplicate of `descriptor` through a Unix socket (SCM_RIGHTS in unix(7)). Returns 0, or -1 with errno set.
static inline int linux_send_descriptor(int socket, int descriptor) {
    char byte = 0, control[CMSG_SPACE(sizeof(int))];
    memset(control, 0, sizeof control);
    struct iovec part = {&byte, 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control,
                             .msg_controllen = sizeof control};
    struct cmsghdr *const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &descriptor, sizeof(int));
    return sendmsg(socket, &message, MSG_NOSIGNAL) < 0 ? -1 : 0;
}

/// Receives a descriptor that linux_send_descriptor() sent, and sets FD_CLOEXEC on it. Returns the descriptor, or -1
/// with errno set if no descriptor was received.
static inline int linux_receive_descriptor(int socket) {
    char byte = 0, control[CMSG_SPACE(sizeof(int))];
    struct iovec part = {&byte, 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control,
                             .msg_controllen = sizeof control};
    const ssize_t count = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    if (count < 0) return -1;
    struct cmsghdr *const header = CMSG_FIRSTHDR(&message);
    if (count == 0 || !header || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS
        || header->cmsg_len != CMSG_LEN(sizeof(int))) {
        errno = ENODATA;
        return -1;
    }
    int descriptor;
    memcpy(&descriptor, CMSG_DATA(header), sizeof(int));
    return descriptor;
}
