// One HTTP connection that watches a stream.
#pragma once
#include <netinet/in.h>

#include "parts.h"
#include "truth.h"

struct group;

struct viewer {
    struct group *group;
    int socket;                     // -1 once it is over
    int status;                     // of HTTP; 0 until it has come
    const char *end;                // why it is over
    uint64_t cuts;                  // how often its connection ended
    char head[4096];                // of the response
    size_t head_length;
    bool is_chunked;
    enum { CHUNK_SIZE, CHUNK_DATA, CHUNK_END } chunk_state;
    uint64_t chunk_remaining;
    struct parts parts;
    double budget;                  // bytes that a slow viewer may read now
    uint64_t newest;                // number of its last frame, over all its connections, as all that follows
    uint64_t newest_arrival;        // CLOCK_MONOTONIC, ns
    uint64_t newest_captured;       // when that was taken: X-Timestamp
    uint64_t fresh;                 // the same, or when it came, if that was later; CLOCK_REALTIME, ns
    uint64_t newest_stamped;        // the same by its stamp
    uint64_t frames, repeated, skipped, told;       // told: pictures that say why there is none
    uint64_t checked;               // frames, of all times
    uint64_t visit_frames;          // since it came this time
    struct wrongs wrongs;
    bool is_resting;                // it has gone by itself
    uint64_t turn;                  // when it goes or comes again, CLOCK_MONOTONIC, ns
    uint64_t longest_gap;           // between two frames, ns
};

// Connects and asks for the stream; the viewer is over at once if that fails. What it has seen so far is kept.
void viewer_start(struct viewer *viewer);

// Ends the connection, if there is one, as a browser's closed page does.
void viewer_leave(struct viewer *viewer);

// Reads at most `limit` bytes, without waiting; how many have come. The viewer may be over then.
size_t viewer_read(struct viewer *viewer, size_t limit);

// Told of each frame, when its last byte has come.
void viewer_received(struct viewer *viewer, const struct frame *frame);
