// Watches streams of any server with many viewers at once, or requests pictures, and prints the results as JSON.
//
//   viewers [--seconds 3] [--warmup 0.5] [--ramp 1000] [--sample 16] [--log FILE] [--until-first]
//           [--process PID]… [--thread PID/TID]… COUNT[:BYTES_PER_SECOND | :ask]=http://ADDRESS:PORT/PATH…
//
// It uses as little CPU time as possible. Of each picture, it reads only the first bytes, the last two, and the
// boundary that follows. It checks the bytes that it reads, and the kernel discards the others. The first bytes contain
// the time at which the camera delivered the picture (see Tests/FakeCamera). One of every `--sample` pictures is read
// completely, and must match what the other viewers received.
// With `:ask`, a connection requests one picture after another. If the server closes the connection after announcing
// this with "Connection: close", the program opens another one.
// The program exits after its time or at SIGTERM, and prints the results so far. Values that could not be measured are
// null.
// `--ramp`: how many connections it opens per second. `--log`: the file for the arrival time, size and hash of each
// frame. `--until-first`: while there is no connection, tries every 5 ms to open one, and exits at the first frame that
// contains a time. `--process`, `--thread`: reports the CPU time of this process or thread during the measurement.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>

#include "viewer.h"

enum { MOST_GROUPS = 16, MOST_CLOCKS = 64 };

static struct group groups[MOST_GROUPS];
static int group_count;
static uint64_t began, measured_from;
static unsigned sample_every = 16;
static FILE *log_file;
static bool ends_with_first;
static volatile sig_atomic_t is_over;
static int epoll;
static struct { uint64_t number, hash, length; } known[1 << 12];
static struct { const char *name; bool is_thread; double at_begin; } clocks[MOST_CLOCKS];
static int clock_count;

static void refuse(const char *text) {
    fprintf(stderr, "error: '%s' is not COUNT[:BYTES_PER_SECOND | :ask]=http://ADDRESS:PORT/PATH\n", text);
    exit(64);
}

static void parse_group(char *text) {
    if (group_count == MOST_GROUPS) refuse(text);
    struct group *group = &groups[group_count++];
    char *end, address[64];
    int port = 80;
    group->count = (int)strtol(text, &end, 10);
    if (!strncmp(end, ":ask", 4)) {
        group->asks = true;
        end += 4;
    } else if (*end == ':') {
        group->rate = strtod(end + 1, &end);
    }
    if (group->count < 1 || strncmp(end, "=http://", 8)) refuse(text);
    group->url = end + 1;
    if (sscanf(end + 8, "%63[0-9.]:%d%255s", address, &port, group->path) != 3) refuse(text);
    snprintf(group->host, sizeof group->host, "%s:%d", address, port);
    group->address = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    if (inet_pton(AF_INET, address, &group->address.sin_addr) != 1) refuse(text);
    group->viewers = calloc((size_t)group->count, sizeof *group->viewers);
    if (!group->viewers) abort();
    for (int i = 0; i < group->count; i++) {
        group->viewers[i].group = group;
        group->viewers[i].socket = -1;
        group->viewers[i].end = "not begun";
    }
}

// ---- CPU time of other processes

// Returns the CPU time of the process or thread of clocks[i] in seconds, or a negative value if it does not exist.
static double cpu_time(int i) {
    int process = 0, thread = 0;
    if (clocks[i].is_thread) {
        char path[64];
        double nanoseconds = 0;
        if (sscanf(clocks[i].name, "%d/%d", &process, &thread) != 2) return -1;
        snprintf(path, sizeof path, "/proc/%d/task/%d/schedstat", process, thread);
        FILE *file = fopen(path, "re");
        if (!file || fscanf(file, "%lf", &nanoseconds) != 1) nanoseconds = -1e9;
        if (file) fclose(file);
        return nanoseconds / 1e9;
    }
    // The clock that clock_getcpuclockid(3) returns. It counts the CPU time of all threads of the process.
    struct timespec time = {0};
    clockid_t clock = (clockid_t)((~(unsigned)atoi(clocks[i].name)) << 3 | 2);
    return clock_gettime(clock, &time) ? -1 : (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double own_time(void) {
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

// ---- received pictures

static void note(struct samples *samples, double at, double value) {
    if (samples->count == samples->capacity) {
        samples->capacity = samples->capacity ? samples->capacity * 2 : 4096;
        samples->all = realloc(samples->all, samples->capacity * sizeof *samples->all);
        if (!samples->all) abort();
    }
    samples->all[samples->count++] = (struct sample){at, value};
}

static void begin(struct viewer *viewer) {
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = viewer};
    viewer_start(viewer);
    if (viewer->socket >= 0 && viewer->group->rate == 0) epoll_ctl(epoll, EPOLL_CTL_ADD, viewer->socket, &event);
}

bool viewer_compares(struct viewer *viewer) {
    return log_file || sample_every <= 1 || (viewer->frames + (uint64_t)(viewer - viewer->group->viewers)) % sample_every == 0;
}

void viewer_received(struct viewer *viewer) {
    static const uint8_t start[] = {0xff, 0xd8, 0xff, 0xfe, 0, 42};
    uint64_t arrival = monotonic(), stamp = 0, number = 0;
    struct group *group = viewer->group;
    bool is_right = viewer->begin[0] == 0xff && viewer->begin[1] == 0xd8 && viewer->last[0] == 0xff && viewer->last[1] == 0xd9;
    bool is_stamped = !memcmp(viewer->begin, start, 6) && !memcmp(viewer->begin + 6, "oriel ", 6);
    if (is_stamped) {
        char text[41] = {0};
        memcpy(text, viewer->begin + 6, 40);
        stamp = strtoull(text + 6, NULL, 10);
        number = strtoull(text + 27, NULL, 10);
        size_t slot = number % (sizeof known / sizeof *known);
        if (known[slot].number != stamp) {
            known[slot].number = stamp;
            known[slot].length = viewer->length;
            known[slot].hash = 0;
        }
        if (known[slot].length != viewer->length) is_right = false;
        if (viewer->is_hashed) {
            if (!known[slot].hash) known[slot].hash = viewer->hash;
            else viewer->compared++;
            if (known[slot].hash != viewer->hash) is_right = false;
        }
        if (!group->first_frame) group->first_frame = arrival;
        if (ends_with_first) is_over = true;
    }
    if (log_file) fprintf(log_file, "%lu %lu %016lx\n", arrival, viewer->length, viewer->hash);
    if (!is_right) viewer->broken++;
    bool is_repeated = stamp && viewer->newest == stamp && !group->asks;
    if (is_repeated) viewer->repeated++;
    if (arrival >= measured_from && is_right && !is_repeated) {
        double at = (double)(arrival - measured_from) / 1e9;
        viewer->frames++;
        viewer->bytes += viewer->length;
        if (viewer->newest_arrival && arrival - viewer->newest_arrival > viewer->longest_gap)
            viewer->longest_gap = arrival - viewer->newest_arrival;
        if (group->asks) note(&group->ages, at, (double)(arrival - viewer->asked) / 1e9);
        else if (stamp) note(&group->ages, at, (double)(arrival - stamp) / 1e9);
    }
    if (!is_repeated) {
        viewer->newest = stamp;
        viewer->newest_arrival = arrival;
    }
    if (group->asks && !viewer_ask(viewer)) {
        viewer_leave(viewer);
        begin(viewer);
    }
}

// ---- the event loop

// Reads in small steps, as a viewer with a slow connection does.
static void read_slowly(struct viewer *viewer, double seconds) {
    double most = viewer->group->rate / 10;
    viewer->budget += viewer->group->rate * seconds;
    if (viewer->budget > most) viewer->budget = most;
    while (viewer->socket >= 0 && viewer->budget >= 512) {
        size_t count = viewer_read(viewer, viewer->budget < 8192 ? 512 : 8192);
        if (!count) return;
        viewer->budget -= (double)count;
    }
}

// Opens the connections that are due, one group after the other. Returns how many have been opened so far.
static int begin_due(int begun, int total, double ramp, uint64_t time) {
    int due = ramp > 0 ? (int)((double)(time - began) / 1e9 * ramp) + 1 : total;
    for (; begun < due && begun < total; begun++) {
        int i = begun;
        struct group *group = groups;
        while (i >= group->count) i -= group++->count;
        begin(&group->viewers[i]);
    }
    return begun;
}

static void read_all_slow(double seconds) {
    for (struct group *group = groups; group < groups + group_count; group++) {
        if (group->rate == 0) continue;
        for (int i = 0; i < group->count; i++) read_slowly(&group->viewers[i], seconds);
    }
}

// ---- the command line

static const char *option(char ***arguments, const char *name) {
    if (!**arguments || strcmp(**arguments, name) || !(*arguments)[1]) return NULL;
    *arguments += 2;
    return (*arguments)[-1];
}

static void stop(int number) {
    (void)number;
    is_over = true;
}

int main(int count, char **arguments) {
    double seconds = 3, warmup = 0.5, ramp = 1000;
    const char *value;
    (void)count;
    for (arguments++; *arguments;) {
        if ((value = option(&arguments, "--seconds"))) seconds = atof(value);
        else if ((value = option(&arguments, "--warmup"))) warmup = atof(value);
        else if ((value = option(&arguments, "--ramp"))) ramp = atof(value);
        else if ((value = option(&arguments, "--sample"))) sample_every = (unsigned)atoi(value);
        else if ((value = option(&arguments, "--log"))) log_file = fopen(value, "we");
        else if ((value = option(&arguments, "--process")) && clock_count < MOST_CLOCKS) clocks[clock_count++].name = value;
        else if ((value = option(&arguments, "--thread")) && clock_count < MOST_CLOCKS) {
            clocks[clock_count].is_thread = true;
            clocks[clock_count++].name = value;
        } else if (!strcmp(*arguments, "--until-first")) {
            ends_with_first = true;
            arguments++;
        } else {
            parse_group(*arguments++);
        }
    }
    if (!group_count) refuse("");
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGTERM, stop);

    epoll = epoll_create1(EPOLL_CLOEXEC);
    int total = 0, begun = 0;
    bool has_slow = false, is_measuring = false;
    double own = 0;
    for (int i = 0; i < group_count; i++) {
        total += groups[i].count;
        has_slow |= groups[i].rate > 0;
    }
    began = monotonic();
    double ramp_time = ramp > 0 ? total / ramp : 0;
    measured_from = began + (uint64_t)((warmup + ramp_time) * 1e9);
    uint64_t end = measured_from + (uint64_t)(seconds * 1e9), last = began;
    for (uint64_t time = began; time < end && !is_over; time = monotonic()) {
        begun = begin_due(begun, total, ramp, time);
        if (!is_measuring && time >= measured_from) {
            is_measuring = true;
            for (int i = 0; i < clock_count; i++) clocks[i].at_begin = cpu_time(i);
            own = own_time();
            measured_from = monotonic();
            end = measured_from + (uint64_t)(seconds * 1e9);
        }
        uint64_t next = is_measuring ? end : measured_from;
        struct epoll_event events[256];
        int wait = has_slow || begun < total ? 2 : ends_with_first ? 5 : (int)((next > time ? next - time : 0) / 1000000) + 1;
        int ready = epoll_wait(epoll, events, 256, wait);
        for (int i = 0; i < ready; i++) viewer_read(events[i].data.ptr, SIZE_MAX);
        time = monotonic();
        if (has_slow) read_all_slow((double)(time - last) / 1e9);
        last = time;
        bool has_failed = begun == total && groups[0].viewers[0].socket < 0;
        if (ends_with_first && has_failed && !ready) begin(&groups[0].viewers[0]);
    }

    double measured = is_measuring ? (double)(monotonic() - measured_from) / 1e9 : 0;
    printf("{\"seconds\": %.6f, \"own_cpu\": %.6f, \"cpu\": {", measured, own_time() - own);
    for (int i = 0; i < clock_count; i++) {
        double time = cpu_time(i);
        printf("%s\"%s\": ", i ? ", " : "", clocks[i].name);
        if (!is_measuring || time < 0 || clocks[i].at_begin < 0) printf("null");
        else printf("%.6f", time - clocks[i].at_begin);
    }
    printf("}, \"groups\": [");
    for (int i = 0; i < group_count; i++) {
        if (i) printf(",\n");
        report(&groups[i], measured);
    }
    printf("]}\n");
    return 0;
}
