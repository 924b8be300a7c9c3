#define _GNU_SOURCE
#include "truth.h"

#include <inttypes.h>
#include <time.h>

#include "group.h"

bool truth_is_told;

enum { MOST_MISTIMED = 250000000 };     // in ns; adjustments of the clock may cause smaller differences

static uint64_t now(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (uint64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

void truth_wrong(struct viewer *viewer, const struct frame *frame, uint64_t *counter, const char *what) {
    ++*counter;
    if (!truth_is_told) return;
    printf("{\"wrong\": \"%s\", \"url\": \"%s\", \"id\": %" PRIu64 ", \"before\": %" PRIu64 ", \"bytes\": %" PRIu64,
           what, viewer->group->url, frame->id, viewer->newest, frame->byte_count);
    printf(", \"camera\": \"%s\", \"stamped\": %.6f, \"stamped_before\": %.6f, \"visit_frames\": %" PRIu64 "}\n",
           frame->camera, frame->stamped / 1e9, viewer->newest_stamped / 1e9, viewer->visit_frames);
}

static void check_stamp(struct viewer *viewer, const struct frame *frame) {
    struct wrongs *wrongs = &viewer->wrongs;
    if (!frame->is_stamped || strcmp(frame->camera, viewer->group->camera) != 0) {
        truth_wrong(viewer, frame, &wrongs->foreign, "foreign");
        return;
    }
    if (!frame->is_whole) {
        truth_wrong(viewer, frame, &wrongs->torn, "torn");
        return;
    }
    if (frame->stamped < viewer->newest_stamped) truth_wrong(viewer, frame, &wrongs->past, "past");
    else viewer->newest_stamped = frame->stamped;
    int64_t apart = (int64_t)(frame->captured - frame->stamped - (now(CLOCK_REALTIME) - now(CLOCK_MONOTONIC)));
    if (apart > MOST_MISTIMED || apart < -MOST_MISTIMED) truth_wrong(viewer, frame, &wrongs->mistimed, "mistimed");
}

void truth_check(struct viewer *viewer, const struct frame *frame) {
    struct known *known = viewer->group->known;
    struct wrongs *wrongs = &viewer->wrongs;
    size_t slot = frame->id % (sizeof known->frames / sizeof *known->frames);
    if (frame->id < viewer->newest) truth_wrong(viewer, frame, &wrongs->disordered, "disordered");
    // An outage picture has the number of the last frame, and must not have a stamp.
    if (frame->is_offline) {
        if (frame->is_stamped) truth_wrong(viewer, frame, &wrongs->foreign, "foreign");
        return;
    }
    if (known->frames[slot].id != frame->id) {
        known->frames[slot].id = frame->id;
        known->frames[slot].hash = frame->hash;
    }
    if (!frame->is_jpeg || known->frames[slot].hash != frame->hash)
        truth_wrong(viewer, frame, &wrongs->broken, "broken");
    if (viewer->group->is_stamped) check_stamp(viewer, frame);
    else if (frame->is_stamped) truth_wrong(viewer, frame, &wrongs->foreign, "foreign");
}

void wrongs_add(struct wrongs *sum, const struct wrongs *wrongs) {
    sum->broken += wrongs->broken;
    sum->disordered += wrongs->disordered;
    sum->torn += wrongs->torn;
    sum->foreign += wrongs->foreign;
    sum->past += wrongs->past;
    sum->mistimed += wrongs->mistimed;
    sum->malformed += wrongs->malformed;
}

void wrongs_write(const struct wrongs *wrongs) {
    printf("\"broken\": %" PRIu64 ", \"disordered\": %" PRIu64, wrongs->broken, wrongs->disordered);
    printf(", \"torn\": %" PRIu64 ", \"foreign\": %" PRIu64, wrongs->torn, wrongs->foreign);
    printf(", \"past\": %" PRIu64 ", \"mistimed\": %" PRIu64, wrongs->past, wrongs->mistimed);
    printf(", \"malformed\": %" PRIu64, wrongs->malformed);
}

uint64_t wrongs_sum(const struct wrongs *wrongs) {
    return wrongs->broken + wrongs->disordered + wrongs->torn + wrongs->foreign + wrongs->past + wrongs->mistimed
        + wrongs->malformed;
}
