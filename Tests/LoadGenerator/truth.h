// Checks each picture that a viewer receives, and counts wrong ones.
#pragma once
#include "parts.h"

struct viewer;

// The hashes of a camera's recent pictures, by frame number.
struct known {
    struct { uint64_t id, hash; } frames[1 << 16];
};

// The numbers of wrong pictures of each kind.
struct wrongs {
    uint64_t broken;        // not a JPEG, or not the bytes that another viewer got for this frame number
    uint64_t disordered;    // the frame number decreased
    uint64_t torn;          // not the bytes that the camera sent
    uint64_t foreign;       // from another camera, or without the expected stamp
    uint64_t past;          // captured before a picture that the viewer has already seen
    uint64_t mistimed;      // X-Timestamp is not the capture time
    uint64_t malformed;     // the stream violated the format: boundary, headers, lengths
};

// Whether to print a line of JSON about each wrong picture.
extern bool truth_is_told;

// Checks a frame, and counts each error of the frame in `viewer->wrongs`.
void truth_check(struct viewer *viewer, const struct frame *frame);

// Counts a wrong frame. `counter` is the viewer's counter for this kind of error, and `what` names the error.
void truth_wrong(struct viewer *viewer, const struct frame *frame, uint64_t *counter, const char *what);

void wrongs_add(struct wrongs *sum, const struct wrongs *wrongs);

// Prints the numbers as members of a JSON object.
void wrongs_write(const struct wrongs *wrongs);

uint64_t wrongs_sum(const struct wrongs *wrongs);
