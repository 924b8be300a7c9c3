// The stamp in a picture of the fake camera. It tells a receiver which camera has sent the picture, when the picture
// was captured, and whether it is intact. The stamp is a JPEG comment (COM) directly after the first marker (SOI). It
// ends at byte 128:
//
//     FF D8 FF FE 00 7C "oriel-soak " camera (16, padded) " " monotonic ns (20 digits) " " hash (16 digits) padding
//
// The hash covers all bytes of the picture, but each digit of the hash itself counts as '0'. Tests/FakeCamera writes
// the stamp, and load-generator checks it.
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

/// Returns the hash of a sequence of bytes. The bytes are hashed in words of 8, and the last word is padded with zeros.
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

/// Returns the hash of a picture that starts with `head`. `rest` is the hash of the bytes after the head.
static inline uint64_t stamp_expected(const uint8_t *head, uint64_t rest) {
    uint8_t copy[STAMP_HEAD];
    memcpy(copy, head, sizeof copy);
    memset(copy + STAMP_HASH_AT, '0', 16);
    return stamp_mix(rest, stamp_hash(copy, sizeof copy));
}

/// Returns the capture time in a stamped head, in nanoseconds of CLOCK_MONOTONIC.
static inline uint64_t stamp_time(const uint8_t *head) {
    char digits[21] = {0};
    memcpy(digits, head + STAMP_TIME_AT, 20);
    return strtoull(digits, NULL, 10);
}

/// Writes a stamp into a picture that has space for one.
static inline void stamp_write(uint8_t *bytes, size_t count, const char *camera, uint64_t time) {
    char text[64];
    snprintf(text, sizeof text, "%-16.16s %020llu %016d", camera, (unsigned long long)time, 0);
    memcpy(bytes + STAMP_CAMERA_AT, text, 54);
    uint64_t hash = stamp_expected(bytes, stamp_hash(bytes + STAMP_HEAD, count - STAMP_HEAD));
    snprintf(text, sizeof text, "%016llx", (unsigned long long)hash);
    memcpy(bytes + STAMP_HASH_AT, text, 16);
}
