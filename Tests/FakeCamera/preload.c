// Replaces functions of the C library. A call that concerns a descriptor or a path of the fake camera is passed to the
// fake camera. All other calls are passed to the C library.
#define _GNU_SOURCE
#include "camera.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;

static bool is_camera(const char *path) {
    pthread_once(&once, camera_set_up);
    return path && !strcmp(path, camera_device);
}

/// If `path` is a file of /sys that describes the camera, writes to `room` the path of the same file in the folder that
/// replaces /sys, and returns `room`. Otherwise returns `path`.
static const char *redirect(const char *path, char *room) {
    pthread_once(&once, camera_set_up);
    bool is_ours = path && *camera_sys
        && (!strncmp(path, "/sys/class/video4linux", 22) || !strncmp(path, "/sys/dev/char/81:", 17));
    if (!is_ours) return path;
    snprintf(room, PATH_MAX, "%s%s", camera_sys, path + 4);
    return room;
}

static int open_camera(void) {
    struct handle *handle = NULL;
    pthread_mutex_lock(&camera_lock);
    int error = camera_open(&handle);
    pthread_mutex_unlock(&camera_lock);
    errno = error;
    return error ? -1 : handle->descriptor;
}

int open(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    char room[PATH_MAX];
    return is_camera(path) ? open_camera() : REAL(open)(redirect(path, room), flags, mode);
}

int open64(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return open(path, flags, mode);
}

int close(int descriptor) {
    pthread_mutex_lock(&camera_lock);
    struct handle *handle = descriptor > 0 ? camera_handle(descriptor) : NULL;
    if (handle) camera_close(handle);
    pthread_mutex_unlock(&camera_lock);
    return REAL(close)(descriptor);
}

int ioctl(int descriptor, unsigned long request, ...) {
    va_list rest;
    va_start(rest, request);
    void *argument = va_arg(rest, void *);
    va_end(rest);
    pthread_mutex_lock(&camera_lock);
    struct handle *handle = descriptor > 0 ? camera_handle(descriptor) : NULL;
    int error = handle ? camera_ioctl(handle, (unsigned int)request, argument) : 0;    // some programs pass the request as an int, which is sign-extended
    pthread_mutex_unlock(&camera_lock);
    if (!handle) return REAL(ioctl)(descriptor, request, argument);
    errno = error;
    return error ? -1 : 0;
}

void *mmap(void *address, size_t count, int protection, int flags, int descriptor, off_t offset) {
    int memory = -1;
    if (descriptor > 0 && !(flags & MAP_ANONYMOUS)) {
        pthread_mutex_lock(&camera_lock);
        if (camera_handle(descriptor)) memory = camera_memory(offset);
        pthread_mutex_unlock(&camera_lock);
    }
    if (memory < 0) return REAL(mmap)(address, count, protection, flags, descriptor, offset);
    return REAL(mmap)(address, count, protection, flags, memory, 0);
}

void *mmap64(void *address, size_t count, int protection, int flags, int descriptor, off_t offset) {
    return mmap(address, count, protection, flags, descriptor, offset);
}

static void become_camera(struct stat *status) {
    status->st_mode = S_IFCHR | 0660;
    status->st_rdev = makedev(81, 0);
    status->st_size = 0;
}

int stat(const char *restrict path, struct stat *restrict status) {
    char room[PATH_MAX];
    if (!is_camera(path)) return REAL(stat)(redirect(path, room), status);
    pthread_mutex_lock(&camera_lock);
    bool is_there = camera_is_plugged();
    pthread_mutex_unlock(&camera_lock);
    if (REAL(stat)(is_there ? "/dev/null" : "/nonexistent", status)) return -1;
    become_camera(status);
    return 0;
}

int access(const char *path, int mode) {
    if (!is_camera(path)) return REAL(access)(path, mode);
    pthread_mutex_lock(&camera_lock);
    bool is_there = camera_is_plugged();
    pthread_mutex_unlock(&camera_lock);
    if (!is_there) errno = ENOENT;
    return is_there ? 0 : -1;
}

int fstat(int descriptor, struct stat *status) {
    int result = REAL(fstat)(descriptor, status);
    pthread_mutex_lock(&camera_lock);
    if (descriptor > 0 && camera_handle(descriptor)) become_camera(status);
    pthread_mutex_unlock(&camera_lock);
    return result;
}

DIR *opendir(const char *path) {
    char room[PATH_MAX];
    return REAL(opendir)(redirect(path, room));
}

char *realpath(const char *restrict path, char *restrict answer) {
    char room[PATH_MAX];
    if (is_camera(path)) return answer ? strcpy(answer, path) : strdup(path);
    return REAL(realpath)(redirect(path, room), answer);
}
