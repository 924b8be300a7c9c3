// A connection that watches a stream, or requests one picture after another.
#pragma once
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sample { double at, value; };        // both in seconds; `at` counts from the start of the measurement
struct samples { struct sample *all; size_t count, capacity; };

// Connections of the same kind to one address.
struct group {
    const char *url;
    char host[128], path[256];
    struct sockaddr_in address;
    int count;
    bool asks;                              // requests one picture after another over a persistent connection
    double rate;                            // bytes per second that each viewer reads; 0: unlimited
    struct viewer *viewers;
    struct samples ages;                    // ages of frames; with `asks`, the times from request to last byte
    uint64_t first_frame;                   // when the first frame arrived, CLOCK_MONOTONIC, ns; 0 until then
};

struct viewer {
    struct group *group;
    int socket;                             // -1 once it is closed
    int status;                             // the HTTP status; 0 until it is received
    bool is_last;                           // the server closes the connection after this response
    const char *end;                        // why the connection was closed
    char head[2048];                        // the head of the response, then of each part
    size_t head_length;
    char boundary[80];                      // including the two dashes before it
    bool is_chunked;
    enum { CHUNK_SIZE, CHUNK_DATA, CHUNK_END } chunk_state;
    uint64_t chunk_remaining;
    enum { BETWEEN, BODY, SCAN } state;
    uint64_t remaining, length;             // bytes of the picture: not yet received, and in total
    uint8_t begin[64], last[2];             // the first and the last bytes of the picture
    uint64_t hash, word;
    bool is_hashed;
    uint8_t *scanned;                       // the bytes of a picture that has no length and ends at the boundary
    size_t scanned_count, scanned_room;
    double budget;                          // bytes that a slow viewer may read now
    uint64_t asked;                         // time of the request, CLOCK_MONOTONIC, ns
    uint64_t newest, newest_arrival;
    uint64_t frames, bytes, repeated, skipped, broken, compared, longest_gap;
};

uint64_t monotonic(void);

void viewer_start(struct viewer *viewer);
// Requests the next picture; returns false if the server accepts no more requests on this connection.
bool viewer_ask(struct viewer *viewer);
// Closes the connection, so that another one can replace it.
void viewer_leave(struct viewer *viewer);

// Reads at most `limit` bytes without blocking, and returns how many it read. It closes a connection that ended.
size_t viewer_read(struct viewer *viewer, size_t limit);

// Whether the current picture must be read completely and compared. Other pictures are counted, but not read.
bool viewer_compares(struct viewer *viewer);
// Called when the last byte of a picture has arrived.
void viewer_received(struct viewer *viewer);

// Prints the group's results as a JSON object. To compute them, it sorts the group's samples.
void report(struct group *group, double seconds);
