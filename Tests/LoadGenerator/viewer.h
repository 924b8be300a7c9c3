// One HTTP connection that watches a stream.
#pragma once
#include <netinet/in.h>

#include "parts.h"
#include "truth.h"

struct group;

struct viewer {
    struct group *group;
    int socket;                     // -1 once it has ended
    int status;                     // the HTTP status; 0 until it has arrived
    const char *end;                // why it has ended
    uint64_t cuts;                  // how often its connection has ended
    char head[4096];                // of the response
    size_t head_length;
    bool is_chunked;
    enum { CHUNK_SIZE, CHUNK_DATA, CHUNK_END } chunk_state;
    uint64_t chunk_remaining;
    struct parts parts;
    double budget;                  // bytes that a slow viewer may currently read
    uint64_t newest;                // the number of its last frame; this and the following over all its connections
    uint64_t newest_arrival;        // CLOCK_MONOTONIC, ns
    uint64_t newest_captured;       // its capture time: X-Timestamp
    uint64_t fresh;                 // the same, or its arrival time if later; CLOCK_REALTIME, ns
    uint64_t newest_stamped;        // its capture time from the stamp
    uint64_t frames, repeated, skipped, told;       // told: outage pictures
    uint64_t checked;               // frames in total
    uint64_t visit_frames;          // since the last connection
    struct wrongs wrongs;
    bool is_resting;                // it has left on its own
    uint64_t turn;                  // when it next leaves or returns, CLOCK_MONOTONIC, ns
    uint64_t longest_gap;           // between two frames, ns
};

// Connects and requests the stream; the viewer ends immediately if that fails. Its counts are kept.
void viewer_start(struct viewer *viewer);

// Closes the connection, if any, like a closed browser page.
void viewer_leave(struct viewer *viewer);

// Reads at most `limit` bytes without waiting; returns their number. The viewer may have ended afterwards.
size_t viewer_read(struct viewer *viewer, size_t limit);

// Told of each frame, when its last byte has come.
void viewer_received(struct viewer *viewer, const struct frame *frame);
