// A viewer, which watches a stream over one HTTP connection at a time.
#pragma once
#include <netinet/in.h>

#include "parts.h"
#include "truth.h"

struct group;

struct viewer {
    struct group *group;
    int socket;                     // -1 while the viewer is not connected
    int status;                     // the HTTP status, or 0 until it has arrived
    const char *end;                // why the last connection was closed
    uint64_t cuts;                  // how often a stream ended although the viewer had not left
    char head[4096];                // the response header
    size_t head_length;
    bool is_chunked;
    enum { CHUNK_SIZE, CHUNK_DATA, CHUNK_END } chunk_state;
    uint64_t chunk_remaining;
    struct parts parts;
    double budget;                  // how many bytes a slow viewer may read at the moment
    uint64_t newest;                // the highest frame number on all connections
    uint64_t newest_arrival;        // when the last frame arrived; CLOCK_MONOTONIC, ns
    uint64_t newest_captured;       // the capture time of the last frame: X-Timestamp
    uint64_t fresh;                 // newest_captured, or when the visit began if no frame has come; CLOCK_REALTIME, ns
    uint64_t newest_stamped;        // the latest capture time in a stamp; CLOCK_MONOTONIC, ns
    uint64_t frames, repeated, skipped, told;       // numbers of frames on all connections; told counts outage pictures
    uint64_t checked;               // the number of frames on all connections, including those during the warm-up
    uint64_t visit_frames;          // the number of frames on the current connection
    struct wrongs wrongs;
    bool is_resting;                // whether the viewer has left by itself and will return
    uint64_t turn;                  // when the viewer will leave or return; CLOCK_MONOTONIC, ns
    uint64_t longest_gap;           // the longest time between two frames, ns
};

// Connects and requests the stream. If that fails, `socket` is -1 afterwards. Counts of earlier connections continue.
void viewer_start(struct viewer *viewer);

// Closes the connection, if there is one, as a browser does when a page is closed.
void viewer_leave(struct viewer *viewer);

// Reads at most `limit` bytes without waiting and returns their number. The connection may be closed afterwards.
size_t viewer_read(struct viewer *viewer, size_t limit);

// Called for each frame when its last byte has arrived.
void viewer_received(struct viewer *viewer, const struct frame *frame);
