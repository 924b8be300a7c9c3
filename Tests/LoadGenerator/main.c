// Watches streams with many viewers at once and tells what they saw.
//
//   load-generator [--seconds 10] [--warmup 1] [--retry SECONDS] COUNT[:BYTES_PER_SECOND]=http://ADDRESS:PORT/PATH…
//
// All addresses must show the same camera: a frame's number stands for the same bytes everywhere, and this is checked.
// With --retry a viewer whose connection ends comes again, and goes on counting.
// The result is JSON: frames per viewer, what was broken, skipped or out of order, and the age of each frame (from
// X-Timestamp to its last byte) in the first and in the second half. Exits with 1 if a stream broke its contract.
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

#include "group.h"

static uint64_t began, middle, measured_from;       // CLOCK_MONOTONIC, ns
static struct { uint64_t id, hash; } known[1 << 16];

static uint64_t now(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (uint64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static void note_age(struct ages *ages, double seconds) {
    if (ages->count == ages->capacity) {
        ages->capacity = ages->capacity ? ages->capacity * 2 : 4096;
        ages->seconds = realloc(ages->seconds, ages->capacity * sizeof *ages->seconds);
    }
    ages->seconds[ages->count++] = seconds;
}

void viewer_received(struct viewer *viewer, const struct frame *frame) {
    uint64_t arrival = now(CLOCK_MONOTONIC);
    size_t slot = frame->id % (sizeof known / sizeof *known);
    if (known[slot].id != frame->id) {
        known[slot].id = frame->id;
        known[slot].hash = frame->hash;
    }
    if (!frame->is_jpeg || known[slot].hash != frame->hash) viewer->broken++;
    if (viewer->newest && frame->id == viewer->newest) {
        viewer->repeated++;
        return;
    }
    if (viewer->newest && frame->id < viewer->newest) viewer->disordered++;
    if (arrival >= measured_from) {
        viewer->frames++;
        if (viewer->newest && frame->id > viewer->newest) viewer->skipped += frame->id - viewer->newest - 1;
        if (viewer->newest_arrival && arrival - viewer->newest_arrival > viewer->longest_gap)
            viewer->longest_gap = arrival - viewer->newest_arrival;
        double age = ((double)now(CLOCK_REALTIME) - (double)frame->captured) / 1e9;
        note_age(arrival < middle ? &viewer->group->early : &viewer->group->late, age);
    }
    viewer->newest = frame->id;
    viewer->newest_arrival = arrival;
}

// A slow viewer reads in small steps, as a slow line lets it.
static void read_slowly(struct viewer *viewer, double seconds) {
    double most = viewer->group->rate / 10;
    viewer->budget += viewer->group->rate * seconds;
    if (viewer->budget > most) viewer->budget = most;
    while (viewer->socket >= 0 && viewer->budget >= 512) {
        size_t count = viewer_read(viewer, 512);
        if (!count) return;
        viewer->budget -= (double)count;
    }
}

static void begin(int epoll, struct viewer *viewer) {
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = viewer};
    viewer_start(viewer);
    if (viewer->socket >= 0 && viewer->group->rate == 0) epoll_ctl(epoll, EPOLL_CTL_ADD, viewer->socket, &event);
}

static double option(char ***arguments, const char *name, double value) {
    if (**arguments && !strcmp(**arguments, name) && (*arguments)[1]) {
        value = atof((*arguments)[1]);
        *arguments += 2;
    }
    return value;
}

int main(int count, char **arguments) {
    struct group *groups = calloc(count, sizeof *groups);
    arguments++;
    double seconds = option(&arguments, "--seconds", 10), warmup = option(&arguments, "--warmup", 1);
    double retry = option(&arguments, "--retry", 0);
    int group_count = 0, slow_count = 0, epoll = epoll_create1(EPOLL_CLOEXEC);
    for (; *arguments; arguments++) group_parse(&groups[group_count++], *arguments);
    if (!group_count) {
        fprintf(stderr, "error: name at least one stream, such as 100=http://127.0.0.1:8000/video\n");
        return 64;
    }
    for (struct group *group = groups; group < groups + group_count; group++) {
        for (int i = 0; i < group->viewer_count; i++) begin(epoll, &group->viewers[i]);
        if (group->rate > 0) slow_count += group->viewer_count;
    }

    began = now(CLOCK_MONOTONIC);
    measured_from = began + (uint64_t)(warmup * 1e9);
    middle = measured_from + (uint64_t)(seconds * 5e8);
    uint64_t end = measured_from + (uint64_t)(seconds * 1e9), last = began, retried = began;
    for (uint64_t time = began; time < end; time = now(CLOCK_MONOTONIC)) {
        struct epoll_event events[256];
        int wait = slow_count || retry > 0 ? 5 : (int)((end - time) / 1000000) + 1;
        int ready = epoll_wait(epoll, events, 256, wait);
        for (int i = 0; i < ready; i++) viewer_read(events[i].data.ptr, SIZE_MAX);
        time = now(CLOCK_MONOTONIC);
        for (struct group *group = groups; group < groups + group_count; group++) {
            for (int i = 0; group->rate > 0 && i < group->viewer_count; i++)
                read_slowly(&group->viewers[i], (time - last) / 1e9);
        }
        last = time;
        if (retry == 0 || (time - retried) / 1e9 < retry) continue;
        retried = time;
        for (struct group *group = groups; group < groups + group_count; group++) {
            for (int i = 0; i < group->viewer_count; i++) {
                if (group->viewers[i].socket < 0) begin(epoll, &group->viewers[i]);
            }
        }
    }

    bool is_broken = false;
    printf("[");
    for (int i = 0; i < group_count; i++) {
        printf(i ? ",\n" : "");
        group_report(&groups[i], seconds);
        for (int k = 0; k < groups[i].viewer_count; k++) {
            struct viewer *viewer = &groups[i].viewers[k];
            is_broken |= viewer->broken || viewer->disordered || viewer->parts.violation;
        }
    }
    printf("]\n");
    return is_broken;
}
