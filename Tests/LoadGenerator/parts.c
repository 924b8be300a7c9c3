#define _GNU_SOURCE
#include "parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool violate(struct parts *parts, const char *what) {
    parts->violation = what;
    return false;
}

// Continues the hash of a picture with `bytes`, which start at offset `done` of the hashed data. The hash does not
// depend on how the data is split.
static void hash_bytes(struct parts *parts, uint64_t done, const uint8_t *bytes, size_t count) {
    uint64_t hash = parts->frame.hash;
    size_t i = 0;
    for (; i < count && (done + i) % 8 != 0; i++) {
        parts->word |= (uint64_t)bytes[i] << (done + i) % 8 * 8;
        if ((done + i) % 8 == 7) {
            hash = stamp_mix(hash, parts->word);
            parts->word = 0;
        }
    }
    for (; i + 8 <= count; i += 8) {
        uint64_t word;
        memcpy(&word, bytes + i, 8);
        hash = stamp_mix(hash, le64toh(word));
    }
    for (; i < count; i++) parts->word |= (uint64_t)bytes[i] << (done + i) % 8 * 8;
    parts->frame.hash = hash;
}

static void body(struct parts *parts, const uint8_t *bytes, size_t count) {
    uint64_t done = parts->frame.byte_count;
    size_t headed = 0;
    for (; headed < count && done + headed < STAMP_HEAD; headed++) parts->head[done + headed] = bytes[headed];
    if (headed < count) hash_bytes(parts, done + headed - STAMP_HEAD, bytes + headed, count - headed);
    if (count >= 2) {
        memcpy(parts->last, bytes + count - 2, 2);
    } else if (count == 1) {
        parts->last[0] = parts->last[1];
        parts->last[1] = bytes[0];
    }
    parts->frame.byte_count += count;
    parts->remaining -= count;
}

static void read_stamp(struct frame *frame, const uint8_t *head, uint64_t rest) {
    char digits[17];
    snprintf(digits, sizeof digits, "%016llx", (unsigned long long)stamp_expected(head, rest));
    frame->is_stamped = true;
    frame->is_whole = !memcmp(digits, head + STAMP_HASH_AT, 16);
    frame->stamped = stamp_time(head);
    memcpy(frame->camera, head + STAMP_CAMERA_AT, 16);
    frame->camera[strcspn(frame->camera, " ")] = 0;
}

static void finish(struct parts *parts, frame_handler *handler, void *owner) {
    struct frame *frame = &parts->frame;
    uint64_t rest = stamp_mix(frame->hash, parts->word);
    size_t headed = frame->byte_count < STAMP_HEAD ? frame->byte_count : STAMP_HEAD;
    frame->hash = stamp_mix(rest, stamp_hash(parts->head, headed));
    bool has_start = !memcmp(parts->head, "\xff\xd8", 2), has_end = !memcmp(parts->last, "\xff\xd9", 2);
    frame->is_jpeg = frame->byte_count >= 4 && has_start && has_end;
    if (headed == STAMP_HEAD && stamp_is_in(parts->head)) read_stamp(frame, parts->head, rest);
    handler(owner, frame);
    parts->state = PARTS_BOUNDARY;
    parts->line_length = 0;
}

// Parses the headers of a part. `parts->line` contains all these headers.
static bool headers(struct parts *parts) {
    char *line = parts->line, *end;
    const char *type = strcasestr(line, "content-type: image/jpeg\r\n"), *length = strcasestr(line, "content-length: ");
    const char *time = strcasestr(line, "x-timestamp: "), *id = strcasestr(line, "x-frame-id: ");
    if (!type || !length || !time || !id) return violate(parts, "a part lacks one of its four headers");
    parts->remaining = strtoull(length + 16, &end, 10);
    if (*end != '\r' || parts->remaining == 0) return violate(parts, "Content-Length is invalid");
    memset(&parts->frame, 0, sizeof parts->frame);
    parts->word = 0;
    parts->frame.captured = strtoull(time + 13, &end, 10) * 1000000000;
    if (*end != '.' || strspn(end + 1, "0123456789") != 6) return violate(parts, "X-Timestamp is invalid");
    parts->frame.captured += strtoull(end + 1, NULL, 10) * 1000;
    parts->frame.is_offline = strcasestr(line, "x-oriel-offline: ") != NULL;
    parts->frame.id = strtoull(id + 12, &end, 10);
    if (*end != '\r') return violate(parts, "X-Frame-Id is invalid");
    parts->state = PARTS_BODY;
    return true;
}

// Parses a byte that belongs to a boundary or to the headers of a part.
static bool between(struct parts *parts, char byte) {
    if (parts->line_length + 1 >= sizeof parts->line) return violate(parts, "the headers of a part are too long");
    parts->line[parts->line_length++] = byte;
    parts->line[parts->line_length] = 0;
    if (parts->state == PARTS_BOUNDARY) {
        const char *wanted = parts->is_first_done ? "\r\n--frame\r\n" : "--frame\r\n";
        if (strncmp(parts->line, wanted, parts->line_length)) return violate(parts, "there is no boundary after a part");
        if (!wanted[parts->line_length]) {
            parts->is_first_done = true;
            parts->state = PARTS_HEADERS;
            parts->line_length = 0;
        }
        return true;
    }
    size_t n = parts->line_length;
    return n < 4 || memcmp(parts->line + n - 4, "\r\n\r\n", 4) ? true : headers(parts);
}

bool parts_feed(struct parts *parts, const uint8_t *bytes, size_t count, frame_handler *handler, void *owner) {
    while (count && !parts->violation) {
        size_t taken = 1;
        if (parts->state == PARTS_BODY) {
            taken = count < parts->remaining ? count : parts->remaining;
            body(parts, bytes, taken);
            if (!parts->remaining) finish(parts, handler, owner);
        } else {
            between(parts, (char)*bytes);
        }
        bytes += taken;
        count -= taken;
    }
    return !parts->violation;
}
