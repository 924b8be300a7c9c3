// The stamp in a fake camera's picture, from which a receiver can tell whether it is intact, its camera, and its capture
// time: a comment (COM) after the first marker, 128 bytes up to the end of the comment:
//
//     FF D8 FF FE 00 7C "oriel-soak " camera (16, padded) " " monotonic ns (20 digits) " " hash (16 digits) padding
//
// The hash covers all bytes of the picture, with its own digits counted as '0'. Tests/FakeCamera writes it, and
// load-generator checks it.
#pragma once
#include <endian.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STAMP_MAGIC "oriel-soak "
enum { STAMP_HEAD = 128, STAMP_MAGIC_AT = 6, STAMP_CAMERA_AT = 17, STAMP_TIME_AT = 34, STAMP_HASH_AT = 55 };

static inline uint64_t stamp_mix(uint64_t hash, uint64_t word) {
    hash = (hash ^ word) * 0x9e3779b97f4a7c15;
    return hash ^ hash >> 29;
}

/// The hash of a sequence of bytes: words of 8 bytes, the last one padded with zeros.
static inline uint64_t stamp_hash(const uint8_t *bytes, size_t count) {
    uint64_t hash = 0, word;
    for (; count >= 8; bytes += 8, count -= 8) {
        memcpy(&word, bytes, 8);
        hash = stamp_mix(hash, le64toh(word));
    }
    word = 0;
    memcpy(&word, bytes, count);
    return stamp_mix(hash, le64toh(word));
}

static inline int stamp_is_in(const uint8_t *head) {
    return !memcmp(head, "\xff\xd8\xff\xfe\0\x7c" STAMP_MAGIC, STAMP_CAMERA_AT);
}

/// The hash of a picture with this head; `rest` is the hash of the bytes after the head.
static inline uint64_t stamp_expected(const uint8_t *head, uint64_t rest) {
    uint8_t copy[STAMP_HEAD];
    memcpy(copy, head, sizeof copy);
    memset(copy + STAMP_HASH_AT, '0', 16);
    return stamp_mix(rest, stamp_hash(copy, sizeof copy));
}

/// The time in a head that has a stamp, in nanoseconds of CLOCK_MONOTONIC.
static inline uint64_t stamp_time(const uint8_t *head) {
    char digits[21] = {0};
    memcpy(digits, head + STAMP_TIME_AT, 20);
    return strtoull(digits, NULL, 10);
}

/// Writes the stamp into a picture that has space for one.
static inline void stamp_write(uint8_t *bytes, size_t count, const char *camera, uint64_t time) {
    char text[64];
    snprintf(text, sizeof text, "%-16.16s %020llu %016d", camera, (unsigned long long)time, 0);
    memcpy(bytes + STAMP_CAMERA_AT, text, 54);
    uint64_t hash = stamp_expected(bytes, stamp_hash(bytes + STAMP_HEAD, count - STAMP_HEAD));
    snprintf(text, sizeof text, "%016llx", (unsigned long long)hash);
    memcpy(bytes + STAMP_HASH_AT, text, 16);
}
