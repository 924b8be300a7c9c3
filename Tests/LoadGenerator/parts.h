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
    bool is_stamped;        // whether it has a stamp, see stamp.h; only then the following members are valid
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
    bool is_first_done;
    struct frame frame;
    uint64_t remaining;             // the bytes of the body that have not arrived yet
    uint8_t head[STAMP_HEAD];       // the first bytes of the picture
    uint8_t last[2];
    uint64_t word;                  // the bytes of the hash's last, incomplete word
    const char *violation;          // how the stream has violated the format, or NULL
};

// Parses the next bytes of the stream. Returns false once the stream has violated the format.
bool parts_feed(struct parts *parts, const uint8_t *bytes, size_t count, frame_handler *handler, void *owner);
