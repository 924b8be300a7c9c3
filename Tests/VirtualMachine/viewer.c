// Watches an MJPEG stream, compares its pictures with the camera's pictures, and prints a line about each of them.
//
//   viewer [--frames FILE]… PORT PATH
//
// FILE contains a sequence of JPEGs. Each line contains the time (CLOCK_MONOTONIC, in seconds), the frame's number, its
// size in bytes, its age in milliseconds, and its kind:
//   same N      exactly the Nth picture of the files
//   repaired N  the Nth picture, with the standard Huffman tables added
//   first N     the complete Nth picture, followed by more bytes, which decoders ignore
//   jpeg        another complete JPEG
//   broken      not a complete JPEG
// When the server ends the stream, the last line is "closed".
#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MOST_FRAMES = 1024, LONGEST = 8 << 20 };

struct jpeg { const unsigned char *bytes; size_t count; };
static struct jpeg frames[MOST_FRAMES];
static size_t frame_count;
static unsigned char body[LONGEST];

static double now(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/// Returns the length of the JPEG at the start of `bytes`, or 0 if there is none or it has no end marker.
static size_t first_jpeg(const unsigned char *bytes, size_t count) {
    if (count < 4 || bytes[0] != 0xff || bytes[1] != 0xd8) return 0;
    size_t at = 2;
    while (at + 4 <= count && bytes[at] == 0xff && bytes[at + 1] != 0xda)
        at += 2 + (size_t)(bytes[at + 2] << 8 | bytes[at + 3]);
    for (; at + 1 < count; at++)
        if (bytes[at] == 0xff && bytes[at + 1] == 0xd9) return at + 2;
    return 0;
}

static void load(const char *path) {
    FILE *file = fopen(path, "rb");
    unsigned char *bytes = malloc(LONGEST * 2);
    size_t count = file ? fread(bytes, 1, LONGEST * 2, file) : 0, length;
    for (; count && (length = first_jpeg(bytes, count)) && frame_count < MOST_FRAMES; bytes += length, count -= length)
        frames[frame_count++] = (struct jpeg){bytes, length};
    if (file) fclose(file);
}

/// Whether `repaired` and `original` are equal except for their Huffman tables.
static bool is_repaired(struct jpeg repaired, struct jpeg original) {
    size_t a = 2, b = 2;
    while (a + 4 < repaired.count && b + 4 < original.count) {
        const unsigned char *x = repaired.bytes + a, *y = original.bytes + b;
        size_t x_count = 2 + (size_t)(x[2] << 8 | x[3]), y_count = 2 + (size_t)(y[2] << 8 | y[3]);
        if (x[1] == 0xc4 || y[1] == 0xc4) {
            if (x[1] == 0xc4) a += x_count;
            if (y[1] == 0xc4) b += y_count;
        } else if (x[1] == 0xda || y[1] == 0xda) {
            return repaired.count - a == original.count - b && !memcmp(x, y, repaired.count - a);
        } else if (x_count != y_count || a + x_count > repaired.count || b + y_count > original.count
                   || memcmp(x, y, x_count)) {
            return false;
        } else {
            a += x_count, b += y_count;
        }
    }
    return false;
}

static void describe(size_t count) {
    struct jpeg whole = {body, count}, first = {body, first_jpeg(body, count)};
    for (size_t i = 0; i < frame_count; i++) {
        bool is_first = first.count == frames[i].count && !memcmp(first.bytes, frames[i].bytes, first.count);
        if (is_first) {
            printf("%s %zu\n", first.count == whole.count ? "same" : "first", i);
            return;
        }
    }
    for (size_t i = 0; i < frame_count; i++)
        if (is_repaired(whole, frames[i])) {
            printf("repaired %zu\n", i);
            return;
        }
    puts(first.count == whole.count && count ? "jpeg" : "broken");
}

/// Reads a boundary and the headers of a part. Returns false at the end of the stream.
static bool read_headers(FILE *stream, size_t *count, double *timestamp, char *number) {
    char line[512];
    *count = 0, *timestamp = 0, strcpy(number, "-");
    while (fgets(line, sizeof line, stream)) {
        if (!strcmp(line, "\r\n") && *count) return true;
        sscanf(line, "Content-Length: %zu", count);
        sscanf(line, "X-Timestamp: %lf", timestamp);
        sscanf(line, "X-Frame-Id: %31s", number);
    }
    return false;
}

int main(int argument_count, char **arguments) {
    int next = 1;
    for (; next + 1 < argument_count && !strcmp(arguments[next], "--frames"); next += 2) load(arguments[next + 1]);
    if (argument_count - next != 2) return 64;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(arguments[next]))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int socket_ = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(socket_, (struct sockaddr *)&address, sizeof address)) {
        perror("viewer");
        return 69;
    }
    dprintf(socket_, "GET %s HTTP/1.0\r\nHost: localhost\r\n\r\n", arguments[next + 1]);
    FILE *stream = fdopen(socket_, "r");
    setvbuf(stdout, NULL, _IOLBF, 0);
    char line[512] = "";
    if (!fgets(line, sizeof line, stream) || !strstr(line, " 200")) {
        fprintf(stderr, "viewer: %s\n", line);
        return 76;
    }
    while (fgets(line, sizeof line, stream) && strcmp(line, "\r\n")) {}
    size_t count;
    double timestamp;
    char number[32];
    while (read_headers(stream, &count, &timestamp, number) && count <= LONGEST) {
        if (fread(body, 1, count, stream) != count) break;
        printf("%.3f %s %zu %.1f ", now(CLOCK_MONOTONIC), number, count, (now(CLOCK_REALTIME) - timestamp) * 1000);
        describe(count);
    }
    printf("%.3f closed\n", now(CLOCK_MONOTONIC));
    return 0;
}
