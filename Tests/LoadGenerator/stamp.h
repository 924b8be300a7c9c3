// What a picture of the fake camera says of itself, so that whoever gets it can tell whether it is whole, from which
// camera, and taken when: a comment (COM) right behind its first marker, 128 bytes up to the comment's end:
//
//     FF D8 FF FE 00 7C "oriel-soak " camera (16, padded) " " monotonic ns (20 digits) " " hash (16 digits) padding
//
// The hash is of all the picture's bytes, its own digits counted as '0'. Used by Tests/FakeCamera, which writes it, and
// by load-generator, which checks it.
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

/// The hash of bytes in a row: words of 8 bytes, the last one padded with zeros, which may be all of it.
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

/// The hash that belongs into a picture with this head, `rest` being that of the bytes behind the head.
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

/// Fills in the stamp of a picture that has room for one.
static inline void stamp_write(uint8_t *bytes, size_t count, const char *camera, uint64_t time) {
    char text[64];
    snprintf(text, sizeof text, "%-16.16s %020llu %016d", camera, (unsigned long long)time, 0);
    memcpy(bytes + STAMP_CAMERA_AT, text, 54);
    uint64_t hash = stamp_expected(bytes, stamp_hash(bytes + STAMP_HEAD, count - STAMP_HEAD));
    snprintf(text, sizeof text, "%016llx", (unsigned long long)hash);
    memcpy(bytes + STAMP_HASH_AT, text, 16);
}
