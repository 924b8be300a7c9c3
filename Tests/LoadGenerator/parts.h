// Parses a multipart/x-mixed-replace stream, which must have exactly the documented format.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stamp.h"

struct frame {
    uint64_t id;            // X-Frame-Id
    uint64_t captured;      // X-Timestamp, in nanoseconds since 1970
    uint64_t byte_count;
    uint64_t hash;          // the hash of all its bytes
    bool is_jpeg;           // whether it begins with SOI and ends with EOI
    bool is_offline;        // whether it is an outage picture (X-Oriel-Offline)
    bool is_stamped;        // whether it has a stamp (see stamp.h); the members below are valid only if it has one
    bool is_whole;          // whether the hash in the stamp is correct
    char camera[17];        // the camera in the stamp, without padding
    uint64_t stamped;       // the capture time in the stamp, CLOCK_MONOTONIC in nanoseconds
};

typedef void frame_handler(void *owner, const struct frame *frame);

// The state of the parser. Set all of it to zero before the first use.
struct parts {
    enum { PARTS_BOUNDARY, PARTS_HEADERS, PARTS_BODY } state;
    char line[1024];                // the boundary or the headers, as far as they have arrived
    size_t line_length;
    bool is_first_done;             // whether the first boundary has arrived; no line break is expected before it
    struct frame frame;
    uint64_t remaining;             // the number of bytes of the body that have not arrived yet
    uint8_t head[STAMP_HEAD];       // the first bytes of the picture
    uint8_t last[2];                // the last two bytes of the picture that have arrived
    uint64_t word;                  // bytes that will be hashed once they form a complete word
    const char *violation;          // how the stream has violated the format, or NULL
};

// Parses the next bytes of the stream, and calls `handler` with `owner` for each frame that is complete. Returns false
// once the stream has violated the format.
bool parts_feed(struct parts *parts, const uint8_t *bytes, size_t count, frame_handler *handler, void *owner);
