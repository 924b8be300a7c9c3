// Viewers of one address that read at the same speed.
#pragma once
#include "viewer.h"

struct ages {
    double *seconds;
    size_t count, capacity;
};

struct group {
    const char *url;
    char host[256];                 // as in the URL, with the port: for the Host header
    char path[512];
    struct sockaddr_storage address;
    socklen_t address_length;
    int viewer_count;
    double rate;                    // bytes per second of each; 0: as fast as they come
    struct viewer *viewers;
    struct ages early, late;        // ages of frames in the first and in the second half
};

// Reads "COUNT[:RATE]=http://ADDRESS:PORT/PATH"; exits with 64 when it is none.
void group_parse(struct group *group, char *text);

// Writes what its viewers have seen as one JSON object.
void group_report(struct group *group, double seconds);
