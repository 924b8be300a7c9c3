// One HTTP connection that watches a stream.
#pragma once
#include <netinet/in.h>

#include "parts.h"

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
    uint64_t newest;                // number of its last frame
    uint64_t newest_arrival;        // CLOCK_MONOTONIC, ns
    uint64_t frames, repeated, skipped;
    uint64_t broken;                // no JPEG, or other bytes than another viewer got under that number
    uint64_t disordered;            // a lower number than the one before
    uint64_t longest_gap;           // between two frames, ns
};

// Connects and asks for the stream; the viewer is over at once if that fails. What it has seen so far is kept.
void viewer_start(struct viewer *viewer);

// Reads at most `limit` bytes, without waiting; how many have come. The viewer may be over then.
size_t viewer_read(struct viewer *viewer, size_t limit);

// Told of each frame, when its last byte has come.
void viewer_received(struct viewer *viewer, const struct frame *frame);
