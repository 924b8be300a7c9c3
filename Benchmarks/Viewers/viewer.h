// One connection: it watches a stream, or asks for one picture after the other.
#pragma once
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sample { double at, value; };        // seconds since the measurement began, seconds
struct samples { struct sample *all; size_t count, capacity; };

// Connections to one address that do the same.
struct group {
    const char *url;
    char host[128], path[256];
    struct sockaddr_in address;
    int count;
    bool asks;                              // asks for pictures, one after the other, over a kept connection
    double rate;                            // bytes per second that each reads; 0: as they come
    struct viewer *viewers;
    struct samples ages;                    // of a stream's frames; of pictures: the time from request to last byte
    uint64_t first_frame;                   // CLOCK_MONOTONIC, ns
};

struct viewer {
    struct group *group;
    int socket;                             // -1 once it is over
    int status;                             // of HTTP; 0 until it has come
    bool is_last;                           // the server closes the connection after this answer
    const char *end;                        // why it is over
    char head[2048];                        // of the response, then each part's
    size_t head_length;
    char boundary[80];                      // with its two dashes
    bool is_chunked;
    enum { CHUNK_SIZE, CHUNK_DATA, CHUNK_END } chunk_state;
    uint64_t chunk_remaining;
    enum { BETWEEN, BODY, SCAN } state;
    uint64_t remaining, length;             // of the picture
    uint8_t begin[64], last[2];             // of the picture
    uint64_t hash, word;
    bool is_hashed;
    uint8_t *scanned;                       // a picture without a length, until its boundary comes
    size_t scanned_count, scanned_room;
    double budget;                          // bytes that a slow one may read now
    uint64_t asked;                         // when, CLOCK_MONOTONIC, ns
    uint64_t newest, newest_arrival;
    uint64_t frames, bytes, repeated, skipped, broken, compared, longest_gap;
};

uint64_t monotonic(void);

void viewer_start(struct viewer *viewer);
// Asks for the next picture; false when the server takes no more requests on this connection.
bool viewer_ask(struct viewer *viewer);
// Closes the connection, for another one to take its place.
void viewer_leave(struct viewer *viewer);

// Reads at most about `limit` bytes, without waiting; how many have come. The viewer may be over then.
size_t viewer_read(struct viewer *viewer, size_t limit);

// Whether the picture that begins now is to be read whole and compared; else it is counted and thrown away unread.
bool viewer_compares(struct viewer *viewer);
// Told of each picture when its last byte has come.
void viewer_received(struct viewer *viewer);

// Prints what the group has seen in so many seconds, as a JSON object; its samples are in another order then.
void report(struct group *group, double seconds);
