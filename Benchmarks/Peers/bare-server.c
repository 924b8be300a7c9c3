// A server that does as little as possible, to show how little CPU time a server can use.
//
//   bare-server PORT|SOCKET FOLDER [FRAMES_PER_SECOND]
//
// It has one thread with one event loop, but no camera, no ring and no web server. FRAMES_PER_SECOND times per second,
// it writes the time and a number into the next picture of FOLDER and prepends a part header. It sends the result to
// every viewer that has received the previous picture completely. If SOCKET is given instead of PORT, it listens on
// that Unix socket, so that the benchmark can run it behind nginx.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { STAMP_BYTES = 44, MOST_PICTURES = 1024 };

struct picture { unsigned char *bytes; size_t count; };
struct image { int users; size_t count; unsigned char bytes[]; };
struct viewer { int socket; struct image *image, *shown; size_t offset; bool is_armed, has_asked; struct viewer *next, **place; };

static struct picture pictures[MOST_PICTURES];
static size_t picture_count, number;
static struct image *newest;
static struct viewer *viewers;
static int epoll;

static int by_name(const struct dirent **a, const struct dirent **b) { return strcmp((*a)->d_name, (*b)->d_name); }
static int is_jpeg(const struct dirent *entry) { return strstr(entry->d_name, ".jpg") != NULL; }

static void load(const char *folder) {
    struct dirent **entries;
    int count = scandir(folder, &entries, is_jpeg, by_name);
    for (int i = 0; i < count && picture_count < MOST_PICTURES; i++) {
        char path[4096];
        struct stat status;
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        int file = open(path, O_RDONLY | O_CLOEXEC);
        if (file < 0 || fstat(file, &status)) continue;
        struct picture *picture = &pictures[picture_count++];
        picture->bytes = malloc((size_t)status.st_size);
        picture->count = (size_t)read(file, picture->bytes, (size_t)status.st_size);
        close(file);
    }
}

static void release(struct image *image) {
    if (image && --image->users == 0) free(image);
}

static void make_newest(void) {
    struct picture *picture = &pictures[number % picture_count];
    char header[160], text[41];
    struct timespec now, real;
    size_t count = picture->count + STAMP_BYTES;
    clock_gettime(CLOCK_REALTIME, &real);
    int length = snprintf(header, sizeof header,
                          "Content-Type: image/jpeg\r\nContent-Length: %zu\r\nX-Timestamp: %ld.%06ld\r\n\r\n", count,
                          (long)real.tv_sec, real.tv_nsec / 1000);
    static const char tail[] = "\r\n--frame\r\n";
    struct image *image = malloc(sizeof *image + (size_t)length + count + sizeof tail - 1);
    if (!image) abort();
    unsigned char *end = image->bytes;
    memcpy(end, header, (size_t)length);
    end += length;
    memcpy(end, picture->bytes, 2);
    clock_gettime(CLOCK_MONOTONIC, &now);
    snprintf(text, sizeof text, "oriel %020llu %012zu\n", now.tv_sec * 1000000000ull + (unsigned long)now.tv_nsec, number);
    memcpy(end + 2, "\xff\xfe\0\x2a", 4);
    memcpy(end + 6, text, 40);
    memcpy(end + 2 + STAMP_BYTES, picture->bytes + 2, picture->count - 2);
    end += count;
    memcpy(end, tail, sizeof tail - 1);
    image->count = (size_t)(end - image->bytes) + sizeof tail - 1;
    image->users = 1;
    release(newest);
    newest = image;
    number++;
}

static void drop(struct viewer *viewer) {
    release(viewer->image);
    close(viewer->socket);
    *viewer->place = viewer->next;
    if (viewer->next) viewer->next->place = viewer->place;
    free(viewer);
}

static void arm(struct viewer *viewer, bool is_armed) {
    if (viewer->is_armed == is_armed) return;
    viewer->is_armed = is_armed;
    struct epoll_event event = {.events = is_armed ? EPOLLIN | EPOLLOUT : EPOLLIN, .data.ptr = viewer};
    epoll_ctl(epoll, EPOLL_CTL_MOD, viewer->socket, &event);
}

// Sends the newest image, and repeats this until the viewer has the newest image or the socket is full.
static void push(struct viewer *viewer) {
    for (;;) {
        if (!viewer->image) {
            if (!viewer->has_asked || viewer->shown == newest || !newest) break;
            viewer->image = newest;
            viewer->shown = newest;
            viewer->offset = 0;
            newest->users++;
        }
        ssize_t count = send(viewer->socket, viewer->image->bytes + viewer->offset, viewer->image->count - viewer->offset,
                             MSG_NOSIGNAL);
        if (count < 0 && errno == EAGAIN) {
            arm(viewer, true);
            return;
        }
        if (count < 0) {
            drop(viewer);
            return;
        }
        viewer->offset += (size_t)count;
        if (viewer->offset < viewer->image->count) continue;
        release(viewer->image);
        viewer->image = NULL;
    }
    arm(viewer, false);
}

static void take_request(struct viewer *viewer) {
    static const char answer[] =
        "HTTP/1.0 200 OK\r\nCache-Control: no-store\r\nContent-Type: multipart/x-mixed-replace; boundary=frame\r\n\r\n--frame\r\n";
    char request[4096];
    ssize_t count = recv(viewer->socket, request, sizeof request, 0);
    if (count == 0 || (count < 0 && errno != EAGAIN)) {
        drop(viewer);
        return;
    }
    if (count < 0 || viewer->has_asked) return;
    viewer->has_asked = true;
    if (send(viewer->socket, answer, sizeof answer - 1, MSG_NOSIGNAL) < 0) drop(viewer);
}

static int listen_at(const char *place) {
    bool is_path = strchr(place, '/') != NULL;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(place)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_un file = {.sun_family = AF_UNIX};
    snprintf(file.sun_path, sizeof file.sun_path, "%s", place);
    int one = 1, listener = socket(is_path ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    int status = is_path ? bind(listener, (struct sockaddr *)&file, sizeof file)
                         : bind(listener, (struct sockaddr *)&address, sizeof address);
    if (!status && is_path) status = chmod(place, 0666);
    return status || listen(listener, 1024) ? -1 : listener;
}

int main(int argument_count, char **arguments) {
    if (argument_count < 3) return 64;
    double rate = argument_count > 3 ? atof(arguments[3]) : 30;
    load(arguments[2]);
    if (!picture_count || rate <= 0) return 66;
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);

    int listener = listen_at(arguments[1]), one = 1;
    if (listener < 0) {
        perror("bare-server");
        return 71;
    }
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    long period = (long)(1e9 / rate);
    struct itimerspec times = {.it_interval = {period / 1000000000, period % 1000000000}, .it_value = {0, 1}};
    timerfd_settime(timer, 0, &times, NULL);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &listener};
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
    event.data.ptr = &timer;
    epoll_ctl(epoll, EPOLL_CTL_ADD, timer, &event);
    for (;;) {
        struct epoll_event events[256];
        int ready = epoll_wait(epoll, events, 256, -1);
        for (int i = 0; i < ready; i++) {
            if (events[i].data.ptr == &timer) {
                uint64_t ticks;
                if (read(timer, &ticks, sizeof ticks) < 0) continue;
                make_newest();
                for (struct viewer *viewer = viewers, *next; viewer; viewer = next) {
                    next = viewer->next;
                    if (!viewer->image) push(viewer);
                }
                break;      // the remaining events may refer to removed viewers; epoll will report the valid ones again
            }
            if (events[i].data.ptr == &listener) {
                int socket = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
                if (socket < 0) continue;
                struct viewer *viewer = calloc(1, sizeof *viewer);
                setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
                *viewer = (struct viewer){.socket = socket, .next = viewers, .place = &viewers};
                if (viewers) viewers->place = &viewer->next;
                viewers = viewer;
                event = (struct epoll_event){.events = EPOLLIN, .data.ptr = viewer};
                epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event);
                continue;
            }
            struct viewer *viewer = events[i].data.ptr;
            if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) take_request(viewer);
            else push(viewer);
        }
    }
}
