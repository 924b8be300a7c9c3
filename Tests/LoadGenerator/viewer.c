#define _GNU_SOURCE
#include "viewer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "group.h"

static void end(struct viewer *viewer, const char *why) {
    close(viewer->socket);
    viewer->socket = -1;
    viewer->end = why;
    viewer->cuts += viewer->status == 200;
}

void viewer_start(struct viewer *viewer) {
    struct group *group = viewer->group;
    char request[1024];
    int length = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: %s\r\nAccept: */*\r\n\r\n",
                          group->path, group->host);
    viewer->status = 0;
    viewer->head_length = 0;
    viewer->chunk_state = CHUNK_SIZE;
    viewer->chunk_remaining = 0;
    memset(&viewer->parts, 0, sizeof viewer->parts);
    viewer->socket = socket(group->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    viewer->budget = 0;
    viewer->visit_frames = 0;
    // A stopped server might never accept the connection, so give up after a second. With --retry, the viewer tries
    // again later.
    setsockopt(viewer->socket, SOL_SOCKET, SO_SNDTIMEO, &(struct timeval){.tv_sec = 1}, sizeof(struct timeval));
    if (connect(viewer->socket, (struct sockaddr *)&group->address, group->address_length) != 0) {
        end(viewer, "no connection");
        return;
    }
    fcntl(viewer->socket, F_SETFL, O_NONBLOCK);
    if (send(viewer->socket, request, length, MSG_NOSIGNAL) != length) end(viewer, "no connection");
}

void viewer_leave(struct viewer *viewer) {
    if (viewer->socket >= 0) close(viewer->socket);
    viewer->socket = -1;
    viewer->end = "the viewer left";
}

static void received(void *viewer, const struct frame *frame) { viewer_received(viewer, frame); }

// Parses bytes of the response's body. If the body is chunked, decodes the chunks first.
static void body(struct viewer *viewer, const uint8_t *bytes, size_t count) {
    while (count && viewer->socket >= 0) {
        size_t taken = 1;
        if (!viewer->is_chunked || viewer->chunk_state == CHUNK_DATA) {
            taken = viewer->is_chunked && viewer->chunk_remaining < count ? viewer->chunk_remaining : count;
            if (!parts_feed(&viewer->parts, bytes, taken, received, viewer)) {
                truth_wrong(viewer, &viewer->parts.frame, &viewer->wrongs.malformed, viewer->parts.violation);
                end(viewer, viewer->parts.violation);
            }
            viewer->chunk_remaining -= taken;
            if (viewer->is_chunked && !viewer->chunk_remaining) viewer->chunk_state = CHUNK_END;
        } else if (viewer->chunk_state == CHUNK_END) {
            if (*bytes == '\n') viewer->chunk_state = CHUNK_SIZE;
        } else if (*bytes == '\n') {
            viewer->chunk_state = CHUNK_DATA;
            if (!viewer->chunk_remaining) end(viewer, "the server ended the stream");
        } else if (*bytes != '\r') {
            int digit = *bytes <= '9' ? *bytes - '0' : (*bytes | 32) - 'a' + 10;
            viewer->chunk_remaining = viewer->chunk_remaining * 16 + digit;
        }
        bytes += taken;
        count -= taken;
    }
}

// Parses bytes of the response header. Returns how many of the bytes belong to the header.
static size_t head(struct viewer *viewer, const uint8_t *bytes, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (viewer->head_length + 1 >= sizeof viewer->head) {
            end(viewer, "the response header is too long");
            return count;
        }
        viewer->head[viewer->head_length++] = (char)bytes[i];
        if (viewer->head_length < 4 || memcmp(viewer->head + viewer->head_length - 4, "\r\n\r\n", 4)) continue;
        viewer->head[viewer->head_length] = 0;
        viewer->status = atoi(viewer->head + strcspn(viewer->head, " "));
        viewer->is_chunked = strcasestr(viewer->head, "\r\ntransfer-encoding: chunked\r\n") != NULL;
        if (viewer->status != 200) end(viewer, "the server refused the request");
        else if (!strcasestr(viewer->head, "\r\ncontent-type: multipart/x-mixed-replace; boundary=frame\r\n"))
            end(viewer, "the response is not a stream");
        return i + 1;
    }
    return count;
}

size_t viewer_read(struct viewer *viewer, size_t limit) {
    static uint8_t buffer[256 * 1024];
    ssize_t count = recv(viewer->socket, buffer, limit < sizeof buffer ? limit : sizeof buffer, MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
    if (count <= 0) {
        end(viewer, count == 0 ? "the server closed the connection" : "the connection was reset");
        return 0;
    }
    size_t begin = viewer->status ? 0 : head(viewer, buffer, count);
    if (viewer->socket >= 0) body(viewer, buffer + begin, count - begin);
    return count;
}
