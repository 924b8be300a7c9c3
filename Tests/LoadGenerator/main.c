// Watches streams with many concurrent viewers and reports what they have seen.
//
//   load-generator [--seconds 10] [--warmup 1] [--retry SECONDS] [--progress SECONDS] [--seed NUMBER]
//                  COUNT[:BYTES_PER_SECOND][~STAY][@CAMERA|%CAMERA]=http://ADDRESS:PORT/PATH…
//
// Frames with the same number must have the same bytes at all addresses of a camera. All addresses without a camera
// name belong to the same camera. With @CAMERA, the pictures must have correct stamps (see stamp.h). With %CAMERA, they
// must have no stamps. With --retry, a viewer whose connection was closed reconnects, and its counts continue. With
// ~STAY, a viewer disconnects after STAY seconds on average, pauses for a quarter of that time, and reconnects.
// The result is a JSON array with one object for each group: the frames per viewer, how many frames were wrong or
// skipped, and the ages of frames (from X-Timestamp to the arrival of the last byte) in the first and in the second
// half of the run. With --progress, the program also prints a line of JSON every SECONDS seconds, and another one for
// each wrong frame. On SIGTERM, the program stops early and prints the result. It exits with status 1 if a frame or a
// stream was wrong.
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

#include "group.h"

static uint64_t began, middle, measured_from;       // CLOCK_MONOTONIC, ns
static double progress;                             // seconds between progress reports; 0 means none
static uint64_t random_state = 0x9e3779b97f4a7c15;
static volatile sig_atomic_t is_ended;

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
    truth_check(viewer, frame);
    viewer->told += frame->is_offline;
    if (frame->is_offline || (viewer->newest && frame->id == viewer->newest && viewer->visit_frames)) {
        viewer->repeated++;
        return;
    }
    viewer->checked++;
    viewer->visit_frames++;
    if (arrival >= measured_from) {
        viewer->frames++;
        if (viewer->newest && frame->id > viewer->newest) viewer->skipped += frame->id - viewer->newest - 1;
        if (viewer->newest_arrival && arrival - viewer->newest_arrival > viewer->longest_gap)
            viewer->longest_gap = arrival - viewer->newest_arrival;
        double age = ((double)now(CLOCK_REALTIME) - (double)frame->captured) / 1e9;
        note_age(arrival < middle ? &viewer->group->early : &viewer->group->late, age);
    }
    if (frame->id > viewer->newest) viewer->newest = frame->id;
    viewer->newest_captured = viewer->fresh = frame->captured;
    viewer->newest_arrival = arrival;
}

// Lets a slow viewer read as much as its rate allows, in small steps as over a slow connection.
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

// Returns a random time in nanoseconds, from a fifth to nine fifths of `seconds`. The average is `seconds`.
static uint64_t some_time(double seconds) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint64_t)((0.2 + 1.6 * (random_state >> 11) / 9007199254740992.0) * seconds * 1e9);
}

static void begin(int epoll, struct viewer *viewer) {
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = viewer};
    viewer_start(viewer);
    if (viewer->socket >= 0 && viewer->group->rate == 0) epoll_ctl(epoll, EPOLL_CTL_ADD, viewer->socket, &event);
}

// If the group has ~STAY, disconnects or reconnects the viewer once the time `viewer->turn` has come.
static void take_turn(int epoll, struct viewer *viewer, uint64_t time) {
    double stay = viewer->group->stay;
    if (stay == 0 || time < viewer->turn) return;
    if (viewer->turn) viewer->is_resting = !viewer->is_resting;
    viewer->turn = time + some_time(viewer->is_resting ? stay / 4 : stay);
    if (viewer->is_resting) {
        viewer_leave(viewer);
    } else if (viewer->socket < 0) {
        viewer->fresh = now(CLOCK_REALTIME);
        begin(epoll, viewer);
    }
}

static void end(int signal) {
    (void)signal;
    is_ended = 1;
}

static void tell(struct group *groups, int count, uint64_t time) {
    printf("{\"time\": %.6f, \"groups\": [", time / 1e9);
    for (int i = 0; i < count; i++) {
        printf(i ? ", " : "");
        group_tell(&groups[i]);
    }
    printf("]}\n");
    fflush(stdout);
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
    progress = option(&arguments, "--progress", 0);
    truth_is_told = progress > 0;
    random_state += (uint64_t)option(&arguments, "--seed", 0);
    int group_count = 0, slow_count = 0, epoll = epoll_create1(EPOLL_CLOEXEC);
    for (; *arguments; arguments++) {
        group_parse(&groups[group_count], *arguments, groups, group_count);
        group_count++;
    }
    if (!group_count) {
        fprintf(stderr, "error: name at least one stream, such as 100=http://127.0.0.1:8000/video\n");
        return 64;
    }
    for (struct group *group = groups; group < groups + group_count; group++) {
        for (int i = 0; i < group->viewer_count; i++) {
            group->viewers[i].fresh = now(CLOCK_REALTIME);
            begin(epoll, &group->viewers[i]);
        }
        if (group->rate > 0) slow_count += group->viewer_count;
    }

    began = now(CLOCK_MONOTONIC);
    measured_from = began + (uint64_t)(warmup * 1e9);
    middle = measured_from + (uint64_t)(seconds * 5e8);
    uint64_t finish = measured_from + (uint64_t)(seconds * 1e9), last = began, retried = began, told = began;
    struct sigaction action = {.sa_handler = end};
    sigaction(SIGTERM, &action, NULL);
    bool is_quick = retry > 0 || progress > 0 || slow_count > 0;
    for (uint64_t time = began; time < finish && !is_ended; time = now(CLOCK_MONOTONIC)) {
        struct epoll_event events[256];
        int ready = epoll_wait(epoll, events, 256, is_quick ? 5 : (int)((finish - time) / 1000000) + 1);
        for (int i = 0; i < ready; i++) viewer_read(events[i].data.ptr, SIZE_MAX);
        time = now(CLOCK_MONOTONIC);
        bool is_retry = retry > 0 && (time - retried) / 1e9 >= retry;
        if (is_retry) retried = time;
        for (struct group *group = groups; group < groups + group_count; group++) {
            for (struct viewer *viewer = group->viewers; viewer < group->viewers + group->viewer_count; viewer++) {
                if (group->rate > 0) read_slowly(viewer, (time - last) / 1e9);
                take_turn(epoll, viewer, time);
                if (is_retry && viewer->socket < 0 && !viewer->is_resting) begin(epoll, viewer);
            }
        }
        last = time;
        if (progress > 0 && (time - told) / 1e9 >= progress) {
            told = time;
            tell(groups, group_count, time);
        }
    }

    bool is_broken = false;
    printf("[");
    for (int i = 0; i < group_count; i++) {
        printf(i ? ",\n" : "");
        group_report(&groups[i], seconds);
        for (int k = 0; k < groups[i].viewer_count; k++) {
            struct viewer *viewer = &groups[i].viewers[k];
            is_broken |= wrongs_sum(&viewer->wrongs) > 0;
        }
    }
    printf("]\n");
    return is_broken;
}
