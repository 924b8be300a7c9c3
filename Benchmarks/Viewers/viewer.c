#define _GNU_SOURCE
#include "viewer.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

uint64_t monotonic(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static void end(struct viewer *viewer, const char *why) {
    if (viewer->socket >= 0) close(viewer->socket);
    viewer->socket = -1;
    viewer->end = why;
}

static void ask(struct viewer *viewer) {
    struct group *group = viewer->group;
    char request[512];
    int length = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: %s\r\nAccept: */*\r\n\r\n", group->path,
                          group->host);
    viewer->status = 0;
    viewer->head_length = 0;
    if (send(viewer->socket, request, (size_t)length, MSG_NOSIGNAL) != length) end(viewer, "no connection");
}

bool viewer_ask(struct viewer *viewer) {
    if (viewer->is_last) return false;
    viewer->asked = monotonic();
    ask(viewer);
    return true;
}

void viewer_leave(struct viewer *viewer) {
    end(viewer, "left");
}

void viewer_start(struct viewer *viewer) {
    struct group *group = viewer->group;
    viewer->is_last = false;
    viewer->asked = monotonic();
    viewer->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (viewer->socket < 0) {
        end(viewer, "no descriptors are left");
        return;
    }
    if (connect(viewer->socket, (struct sockaddr *)&group->address, sizeof group->address) != 0) {
        end(viewer, "no connection");
        return;
    }
    fcntl(viewer->socket, F_SETFL, O_NONBLOCK);
    ask(viewer);
}

// ---- pictures

static uint64_t mix(uint64_t hash, uint64_t word) {
    hash = (hash ^ word) * 0x9e3779b97f4a7c15;
    return hash ^ hash >> 29;
}

// Adds `count` bytes, which follow the first `done` bytes of a picture, to the picture's hash. The hash does not depend
// on how many bytes each call adds.
static void hash_bytes(struct viewer *viewer, uint64_t done, const uint8_t *bytes, size_t count) {
    size_t i = 0;
    for (; i < count && (done + i) % 8 != 0; i++) {
        viewer->word |= (uint64_t)bytes[i] << (done + i) % 8 * 8;
        if ((done + i) % 8 == 7) {
            viewer->hash = mix(viewer->hash, viewer->word);
            viewer->word = 0;
        }
    }
    for (; i + 8 <= count; i += 8) {
        uint64_t word;
        memcpy(&word, bytes + i, 8);
        viewer->hash = mix(viewer->hash, le64toh(word));
    }
    for (; i < count; i++) viewer->word |= (uint64_t)bytes[i] << (done + i) % 8 * 8;
}

static void begin_picture(struct viewer *viewer, uint64_t length) {
    viewer->length = viewer->remaining = length;
    viewer->hash = viewer->word = 0;
    memset(viewer->begin, 0, sizeof viewer->begin);
    viewer->is_hashed = length == 0 || viewer_compares(viewer);
    viewer->state = length ? BODY : SCAN;
    viewer->scanned_count = 0;
}

static void end_picture(struct viewer *viewer) {
    viewer->hash = mix(viewer->hash, viewer->word);
    viewer->state = BETWEEN;
    viewer->head_length = 0;
    viewer_received(viewer);
}

static void body(struct viewer *viewer, const uint8_t *bytes, size_t count) {
    uint64_t done = viewer->length - viewer->remaining;
    for (size_t i = 0; i < count && done + i < sizeof viewer->begin; i++) viewer->begin[done + i] = bytes[i];
    for (size_t i = 0; i < count && i < 2; i++) {
        uint64_t place = viewer->remaining - count + i;     // how many bytes of the picture follow this one
        if (place < 2) viewer->last[1 - place] = bytes[count - 1 - i];
    }
    if (viewer->is_hashed) hash_bytes(viewer, done, bytes, count);
    viewer->remaining -= count;
    if (!viewer->remaining) end_picture(viewer);
}

// Whether the bytes between two pictures, from the end of the first to the empty line before the second, are correct.
static bool is_part_head(struct viewer *viewer) {
    const char *text = viewer->head;
    if (!strncmp(text, "\r\n", 2)) text += 2;
    return !strncmp(text, viewer->boundary, strlen(viewer->boundary)) && strcasestr(text, "content-type: image/jpeg\r\n");
}

static void between(struct viewer *viewer, char byte) {
    if (viewer->head_length + 1 >= sizeof viewer->head) {
        end(viewer, "there is no boundary before a picture");
        return;
    }
    viewer->head[viewer->head_length++] = byte;
    viewer->head[viewer->head_length] = 0;
    size_t n = viewer->head_length;
    if (byte != '\n' || n < 6 || memcmp(viewer->head + n - 4, "\r\n\r\n", 4)) return;
    if (!is_part_head(viewer)) {
        end(viewer, "there is no boundary before a picture");
        return;
    }
    const char *length = strcasestr(viewer->head, "content-length: ");
    begin_picture(viewer, length ? strtoull(length + 16, NULL, 10) : 0);
}

// Reads a picture of unknown length, which ends at the boundary. Returns how many of `bytes` were consumed.
static size_t scan(struct viewer *viewer, const uint8_t *bytes, size_t count) {
    if (viewer->scanned_count + count > viewer->scanned_room) {
        viewer->scanned_room = (viewer->scanned_count + count) * 2;
        viewer->scanned = realloc(viewer->scanned, viewer->scanned_room);
        if (!viewer->scanned) abort();
    }
    memcpy(viewer->scanned + viewer->scanned_count, bytes, count);
    size_t from = viewer->scanned_count > 100 ? viewer->scanned_count - 100 : 0, before = viewer->scanned_count;
    viewer->scanned_count += count;
    char mark[96];
    int mark_length = snprintf(mark, sizeof mark, "\r\n%s", viewer->boundary);
    uint8_t *found = memmem(viewer->scanned + from, viewer->scanned_count - from, mark, (size_t)mark_length);
    if (!found) return count;
    size_t length = (size_t)(found - viewer->scanned), next = length + 2;
    viewer->length = viewer->remaining = length;
    if (!length) {
        end(viewer, "a part is empty");
        return count;
    }
    body(viewer, viewer->scanned, length);
    // Part of the boundary may have arrived in an earlier call.
    for (size_t i = next; i < before; i++) between(viewer, (char)viewer->scanned[i]);
    return next > before ? next - before : 0;
}

static size_t picture_bytes(struct viewer *viewer, const uint8_t *bytes, size_t count) {
    if (viewer->state == BETWEEN) {
        between(viewer, (char)*bytes);
        return 1;
    }
    if (viewer->state == SCAN) return scan(viewer, bytes, count);
    size_t taken = count < viewer->remaining ? count : viewer->remaining;
    body(viewer, bytes, taken);
    return taken;
}

// ---- HTTP

static void payload(struct viewer *viewer, const uint8_t *bytes, size_t count) {
    while (count && viewer->socket >= 0) {
        size_t taken = 1;
        if (!viewer->is_chunked) {
            taken = picture_bytes(viewer, bytes, count);
        } else if (viewer->chunk_state == CHUNK_DATA) {
            taken = picture_bytes(viewer, bytes, count < viewer->chunk_remaining ? count : viewer->chunk_remaining);
            viewer->chunk_remaining -= taken;
            if (!viewer->chunk_remaining) viewer->chunk_state = CHUNK_END;
        } else if (viewer->chunk_state == CHUNK_END) {
            if (*bytes == '\n') viewer->chunk_state = CHUNK_SIZE;
        } else if (*bytes == '\n') {
            viewer->chunk_state = CHUNK_DATA;
            if (!viewer->chunk_remaining) end(viewer, "the server ended the stream");
        } else if (*bytes != '\r') {
            int digit = *bytes <= '9' ? *bytes - '0' : (*bytes | 32) - 'a' + 10;
            viewer->chunk_remaining = viewer->chunk_remaining * 16 + (unsigned)digit;
        }
        bytes += taken;
        count -= taken;
    }
}

static void stream_begins(struct viewer *viewer) {
    const char *boundary = strcasestr(viewer->head, "boundary=");
    if (!boundary) {
        end(viewer, "the response is not a stream");
        return;
    }
    boundary += 9;
    snprintf(viewer->boundary, sizeof viewer->boundary, "--%.*s", (int)strcspn(boundary, "\r\n; \""), boundary);
    viewer->is_chunked = strcasestr(viewer->head, "\r\ntransfer-encoding: chunked\r\n") != NULL;
    viewer->chunk_state = CHUNK_SIZE;
    viewer->chunk_remaining = 0;
    viewer->state = BETWEEN;
    viewer->head_length = 0;
}

// Reads the response's head. Returns how many of `bytes` were consumed.
static size_t head(struct viewer *viewer, const uint8_t *bytes, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (viewer->head_length + 1 >= sizeof viewer->head) {
            end(viewer, "the response's head does not end");
            return count;
        }
        viewer->head[viewer->head_length++] = (char)bytes[i];
        if (bytes[i] != '\n' || viewer->head_length < 4) continue;
        if (memcmp(viewer->head + viewer->head_length - 4, "\r\n\r\n", 4)) continue;
        viewer->head[viewer->head_length] = 0;
        viewer->status = atoi(viewer->head + strcspn(viewer->head, " "));
        if (viewer->status != 200) {
            end(viewer, "the server refused");
        } else if (viewer->group->asks) {
            const char *length = strcasestr(viewer->head, "\r\ncontent-length: ");
            viewer->is_last = strcasestr(viewer->head, "\r\nconnection: close\r\n") != NULL;
            if (!length) end(viewer, "a picture without a length");
            else begin_picture(viewer, strtoull(length + 18, NULL, 10));
        } else {
            stream_begins(viewer);
        }
        return i + 1;
    }
    return count;
}

// Returns how many of the next bytes can be discarded unread. The program must read the first bytes of the picture, its
// last two bytes, and the last byte of the current chunk.
static uint64_t unread(struct viewer *viewer) {
    if (!viewer->status || viewer->state != BODY || viewer->is_hashed) return 0;
    if (viewer->length - viewer->remaining < sizeof viewer->begin || viewer->remaining <= 2) return 0;
    if (viewer->is_chunked && viewer->chunk_state != CHUNK_DATA) return 0;
    uint64_t count = viewer->remaining - 2;
    if (!viewer->is_chunked || count < viewer->chunk_remaining) return count;
    return viewer->chunk_remaining - 1;
}

size_t viewer_read(struct viewer *viewer, size_t limit) {
    static uint8_t buffer[256 * 1024];
    size_t total = 0;
    while (viewer->socket >= 0 && total < limit) {
        uint64_t skipped = unread(viewer);
        bool is_long = viewer->state == SCAN || (viewer->state == BODY && viewer->is_hashed);
        size_t wanted = skipped ? skipped : is_long ? sizeof buffer : 400;
        if (wanted > limit - total) wanted = limit - total;
        ssize_t count = recv(viewer->socket, buffer, wanted, skipped ? MSG_DONTWAIT | MSG_TRUNC : MSG_DONTWAIT);
        if (count < 0 && (errno == EAGAIN || errno == EINTR)) break;
        if (count <= 0) {
            end(viewer, count == 0 ? "the connection ended" : "the connection broke");
            break;
        }
        total += (size_t)count;
        if (skipped) {
            viewer->remaining -= (uint64_t)count;
            if (viewer->is_chunked) viewer->chunk_remaining -= (uint64_t)count;
        } else {
            size_t begin = viewer->status ? 0 : head(viewer, buffer, (size_t)count);
            if (viewer->socket >= 0) payload(viewer, buffer + begin, (size_t)count - begin);
        }
        if ((size_t)count < wanted) break;
    }
    return total;
}
