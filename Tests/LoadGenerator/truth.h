// Checks for pictures that a viewer must never see.
#pragma once
#include "parts.h"

struct viewer;

// The pictures of a camera by frame number.
struct known {
    struct { uint64_t id, hash; } frames[1 << 16];
};

// Counts of wrong pictures.
struct wrongs {
    uint64_t broken;        // not a JPEG, or not the bytes that another viewer got with the same number
    uint64_t disordered;    // the number decreased
    uint64_t torn;          // not the bytes that the camera sent
    uint64_t foreign;       // from another camera
    uint64_t past;          // captured before a picture that the viewer has already seen
    uint64_t mistimed;      // X-Timestamp is not the capture time
    uint64_t malformed;     // the stream violated the format: boundary, headers, lengths
};

// Whether to print each wrong picture as a line of JSON.
extern bool truth_is_told;

// Checks a frame and counts errors.
void truth_check(struct viewer *viewer, const struct frame *frame);

// Counts an error of `viewer`; `counter` is one of its counters.
void truth_wrong(struct viewer *viewer, const struct frame *frame, uint64_t *counter, const char *what);

void wrongs_add(struct wrongs *sum, const struct wrongs *wrongs);

// Writes them as members of a JSON object.
void wrongs_write(const struct wrongs *wrongs);

uint64_t wrongs_sum(const struct wrongs *wrongs);
