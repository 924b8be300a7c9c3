// Viewers of one address that read at the same speed.
#pragma once
#include "viewer.h"

struct ages {
    double *seconds;
    size_t count, capacity;
};

struct group {
    const char *url;
    char host[256];                 // from the URL, with the port: for the Host header
    char path[512];
    struct sockaddr_storage address;
    socklen_t address_length;
    int viewer_count;
    double rate;                    // bytes per second and viewer; 0: no limit
    double stay;                    // mean seconds that a viewer stays before it pauses; 0: forever
    char camera[17];                // groups with the same camera see the same pictures
    bool is_stamped;                // the pictures have stamps, see stamp.h
    struct known *known;            // shared by the groups of the camera
    struct viewer *viewers;
    struct ages early, late;        // ages of frames in the first and in the second half
};

// Parses "COUNT[:RATE][~STAY][@CAMERA|%CAMERA]=http://ADDRESS:PORT/PATH"; exits with 64 if it is invalid. `before` are the
// groups parsed before.
void group_parse(struct group *group, char *text, struct group *before, int count);

// Writes the current state of its viewers as one JSON object.
void group_tell(struct group *group);

// Writes what its viewers have seen as one JSON object.
void group_report(struct group *group, double seconds);
