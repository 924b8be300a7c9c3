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
    double stay;                    // seconds that each stays on average before it rests; 0: it stays for ever
    char camera[17];                // what it is called; groups of one name see the same pictures
    bool is_stamped;                // its pictures have stamps, see stamp.h
    struct known *known;            // shared by the groups of the camera
    struct viewer *viewers;
    struct ages early, late;        // ages of frames in the first and in the second half
};

// Reads "COUNT[:RATE][~STAY][@CAMERA|%CAMERA]=http://ADDRESS:PORT/PATH"; exits with 64 when it is none. `before` are the
// groups that have been read.
void group_parse(struct group *group, char *text, struct group *before, int count);

// Writes how its viewers are at this moment as one JSON object.
void group_tell(struct group *group);

// Writes what its viewers have seen as one JSON object.
void group_report(struct group *group, double seconds);
