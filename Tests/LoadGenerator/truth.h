// What a viewer must never see.
#pragma once
#include "parts.h"

struct viewer;

// Pictures that a camera's numbers have stood for so far.
struct known {
    struct { uint64_t id, hash; } frames[1 << 16];
};

// What is wrong with the pictures that viewers got.
struct wrongs {
    uint64_t broken;        // no JPEG, or not the bytes that another viewer had under the same number
    uint64_t disordered;    // the number went back
    uint64_t torn;          // the bytes are not those that the camera made
    uint64_t foreign;       // another camera's
    uint64_t past;          // taken before one that the viewer has seen already
    uint64_t mistimed;      // X-Timestamp is not the time at which it was taken
    uint64_t malformed;     // the stream broke its contract: boundary, headers, lengths
};

// Whether each wrong is also a line of JSON on standard output.
extern bool truth_is_told;

// Checks a frame and counts what is wrong with it.
void truth_check(struct viewer *viewer, const struct frame *frame);

// Counts a wrong of `viewer`; `counter` is one of its own.
void truth_wrong(struct viewer *viewer, const struct frame *frame, uint64_t *counter, const char *what);

void wrongs_add(struct wrongs *sum, const struct wrongs *wrongs);

// Writes them as members of a JSON object.
void wrongs_write(const struct wrongs *wrongs);

uint64_t wrongs_sum(const struct wrongs *wrongs);
