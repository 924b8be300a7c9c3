// A group of viewers that watch the same address at the same speed.
#pragma once
#include "viewer.h"

// The ages of frames on their arrival, in seconds. `capacity` is the number of allocated entries.
struct ages {
    double *seconds;
    size_t count, capacity;
};

struct group {
    const char *url;
    char host[256];                 // host and port from the URL, for the Host header
    char path[512];
    struct sockaddr_storage address;
    socklen_t address_length;
    int viewer_count;
    double rate;                    // bytes per second that each viewer reads; 0 means no limit
    double stay;                    // how many seconds a viewer stays on average before it pauses; 0 means forever
    char camera[17];                // groups with the same camera must see the same pictures
    bool is_stamped;                // whether the pictures must have stamps, see stamp.h
    struct known *known;            // the camera's recent pictures; all groups of the camera share this list
    struct viewer *viewers;
    struct ages early, late;        // the ages of frames in the first and in the second half of the run
};

// Parses "COUNT[:RATE][~STAY][@CAMERA|%CAMERA]=http://ADDRESS:PORT/PATH". Exits with status 64 if `text` is invalid.
// `before` contains the `count` groups that were parsed earlier.
void group_parse(struct group *group, char *text, struct group *before, int count);

// Prints the current state of the group's viewers as a JSON object.
void group_tell(struct group *group);

// Prints a JSON object with the results of the group's viewers. `seconds` is the planned duration of the run.
void group_report(struct group *group, double seconds);
