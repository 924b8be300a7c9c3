// The parts of a multipart/x-mixed-replace stream, in exactly the documented format.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stamp.h"

struct frame {
    uint64_t id;            // X-Frame-Id
    uint64_t captured;      // X-Timestamp, in nanoseconds since 1970
    uint64_t byte_count;
    uint64_t hash;          // of all its bytes
    bool is_jpeg;           // begins with SOI and ends with EOI
    bool is_offline;        // it states an outage (X-Oriel-Offline)
    bool is_stamped;        // it has a stamp, see stamp.h; the following members are then valid
    bool is_whole;          // its hash is correct
    char camera[17];        // without padding
    uint64_t stamped;       // capture time, CLOCK_MONOTONIC in nanoseconds
};

typedef void frame_handler(void *owner, const struct frame *frame);

// Zero it to begin.
struct parts {
    enum { PARTS_BOUNDARY, PARTS_HEADERS, PARTS_BODY } state;
    char line[1024];                // boundary or header block so far
    size_t line_length;
    bool is_first_done;
    struct frame frame;
    uint64_t remaining;             // of the body
    uint8_t head[STAMP_HEAD];       // the picture's first bytes
    uint8_t last[2];
    uint64_t word;                  // bytes of an incomplete word of the hash
    const char *violation;          // how the stream has violated the format, if it has
};

// Parses the next bytes of the body; returns false once the stream has violated the format.
bool parts_feed(struct parts *parts, const uint8_t *bytes, size_t count, frame_handler *handler, void *owner);
