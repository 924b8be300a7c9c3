#define _GNU_SOURCE
#include "group.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void refuse(const char *text) {
    fprintf(stderr, "error: '%s' is not COUNT[:BYTES_PER_SECOND][~SECONDS][@CAMERA|%%CAMERA]=http://ADDRESS:PORT/PATH\n",
            text);
    exit(64);
}

static struct known *known_of(const char *camera, struct group *before, int count) {
    for (int i = 0; i < count; i++)
        if (!strcmp(before[i].camera, camera)) return before[i].known;
    return calloc(1, sizeof(struct known));
}

void group_parse(struct group *group, char *text, struct group *before, int count) {
    char *end, node[256], port[8] = "80";
    group->viewer_count = (int)strtol(text, &end, 10);
    if (*end == ':') group->rate = strtod(end + 1, &end);
    if (*end == '~') group->stay = strtod(end + 1, &end);
    if (*end == '@' || *end == '%') {
        size_t length = strcspn(end, "=");
        group->is_stamped = *end == '@';
        snprintf(group->camera, sizeof group->camera, "%.*s", (int)length - 1, end + 1);
        end += length;
    }
    group->known = known_of(group->camera, before, count);
    if (group->viewer_count < 1 || *end != '=' || strncmp(end + 1, "http://", 7)) refuse(text);
    group->url = end + 1;
    const char *host = end + 8, *path = host + strcspn(host, "/");
    snprintf(group->host, sizeof group->host, "%.*s", (int)(path - host), host);
    snprintf(group->path, sizeof group->path, "%s", *path ? path : "/");
    const char *colon = strrchr(group->host, ':');
    if (colon && !strchr(colon, ']')) snprintf(port, sizeof port, "%s", colon + 1);
    else colon = group->host + strlen(group->host);
    int bracket = *group->host == '[';
    snprintf(node, sizeof node, "%.*s", (int)(colon - group->host) - 2 * bracket, group->host + bracket);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
    if (getaddrinfo(node, port, &hints, &found) != 0) refuse(text);
    memcpy(&group->address, found->ai_addr, found->ai_addrlen);
    group->address_length = found->ai_addrlen;
    freeaddrinfo(found);
    group->viewers = calloc(group->viewer_count, sizeof *group->viewers);
    for (int i = 0; i < group->viewer_count; i++) group->viewers[i].group = group;
}

static int compare(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return a < b ? -1 : a > b;
}

static void report_ages(const char *name, struct ages *ages) {
    qsort(ages->seconds, ages->count, sizeof *ages->seconds, compare);
    printf(", \"%s\": {\"count\": %zu", name, ages->count);
    if (ages->count) {
        size_t last = ages->count - 1;
        double *seconds = ages->seconds;
        printf(", \"p50\": %.6f, \"p99\": %.6f", seconds[last / 2], seconds[last * 99 / 100]);
        printf(", \"max\": %.6f", seconds[last]);
    }
    printf("}");
}

void group_tell(struct group *group) {
    int present = 0, watching = 0;
    uint64_t checked = 0, cuts = 0, told = 0, oldest = UINT64_MAX, newest = 0;
    struct wrongs wrongs = {0};
    for (int i = 0; i < group->viewer_count; i++) {
        struct viewer *viewer = &group->viewers[i];
        checked += viewer->checked;
        cuts += viewer->cuts;
        told += viewer->told;
        wrongs_add(&wrongs, &viewer->wrongs);
        if (viewer->newest_captured > newest) newest = viewer->newest_captured;
        if (viewer->is_resting) continue;
        present++;
        watching += viewer->socket >= 0 && viewer->visit_frames > 0;
        if (viewer->fresh < oldest) oldest = viewer->fresh;
    }
    printf("{\"present\": %d, \"watching\": %d, \"checked\": %lu, \"cuts\": %lu", present, watching, checked, cuts);
    printf(", \"told\": %lu, \"oldest\": %.6f, \"newest\": %.6f, ", told, oldest / 1e9, newest / 1e9);
    wrongs_write(&wrongs);
    printf("}");
}

void group_report(struct group *group, double seconds) {
    uint64_t frames = 0, fewest = UINT64_MAX, most = 0, repeated = 0, skipped = 0, told = 0, checked = 0, gap = 0;
    uint64_t cuts = 0;
    struct wrongs wrongs = {0};
    int ended = 0;
    const char *why = "";
    for (int i = 0; i < group->viewer_count; i++) {
        struct viewer *viewer = &group->viewers[i];
        frames += viewer->frames;
        if (viewer->frames < fewest) fewest = viewer->frames;
        if (viewer->frames > most) most = viewer->frames;
        if (viewer->longest_gap > gap) gap = viewer->longest_gap;
        repeated += viewer->repeated;
        skipped += viewer->skipped;
        told += viewer->told;
        checked += viewer->checked;
        wrongs_add(&wrongs, &viewer->wrongs);
        cuts += viewer->cuts;
        if (viewer->socket < 0 && !viewer->is_resting) {
            ended++;
            why = viewer->end;
        }
    }
    printf("{\"url\": \"%s\", \"viewers\": %d, \"seconds\": %.3f", group->url, group->viewer_count, seconds);
    printf(", \"frames\": %lu, \"fewest\": %lu, \"most\": %lu", frames, fewest, most);
    printf(", \"repeated\": %lu, \"skipped\": %lu, \"told\": %lu, \"checked\": %lu, ", repeated, skipped, told, checked);
    wrongs_write(&wrongs);
    printf(", \"longest_gap\": %.6f", gap / 1e9);
    printf(", \"cuts\": %lu, \"ended\": %d, \"end\": \"%s\"", cuts, ended, why);
    report_ages("early_age", &group->early);
    report_ages("late_age", &group->late);
    printf("}");
}
