// Prints the results of a group of viewers as JSON.
#include "viewer.h"

#include <stdio.h>
#include <stdlib.h>

static int compare(const void *left, const void *right) {
    double a = ((const struct sample *)left)->value, b = ((const struct sample *)right)->value;
    return a < b ? -1 : a > b;
}

static int compare_times(const void *left, const void *right) {
    double a = ((const struct sample *)left)->at, b = ((const struct sample *)right)->at;
    return a < b ? -1 : a > b;
}

static double quantile(struct sample *all, size_t count, double part) {
    return all[(size_t)((double)(count - 1) * part)].value;
}

// Prints a histogram of the sorted samples as [[seconds, count], …], with one pair per bin. `seconds` is the highest
// value in the bin. It exceeds the lowest value in the bin by at most 1 %.
static void report_histogram(struct samples *ages) {
    printf(", \"ages\": [");
    for (size_t from = 0, to; from < ages->count; from = to) {
        double most = ages->all[from].value * 1.01;
        for (to = from; to < ages->count && ages->all[to].value <= most; to++) {}
        if (to == from) to++;
        printf("%s[%.6f, %zu]", from ? ", " : "", ages->all[to - 1].value, to - from);
    }
    printf("]");
}

static void report_ages(struct samples *ages) {
    // Compute the median of each second first, because all samples are sorted by value below.
    qsort(ages->all, ages->count, sizeof *ages->all, compare_times);
    printf(", \"by_second\": [");
    for (size_t from = 0, to; from < ages->count; from = to) {
        int second = (int)ages->all[from].at;
        for (to = from; to < ages->count && (int)ages->all[to].at == second; to++) {}
        qsort(ages->all + from, to - from, sizeof *ages->all, compare);
        printf("%s[%d, %.6f]", from ? ", " : "", second, quantile(ages->all + from, to - from, 0.5));
    }
    printf("]");
    qsort(ages->all, ages->count, sizeof *ages->all, compare);
    report_histogram(ages);
    static const struct { const char *name; double part; } marks[] = {{"p50", 0.5}, {"p99", 0.99}, {"max", 1}};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        if (ages->count) printf(", \"%s\": %.6f", marks[i].name, quantile(ages->all, ages->count, marks[i].part));
        else printf(", \"%s\": null", marks[i].name);
    }
}

void report(struct group *group, double seconds) {
    uint64_t frames = 0, bytes = 0, fewest = UINT64_MAX, most = 0, repeated = 0, broken = 0, compared = 0, gap = 0;
    int ended = 0;
    const char *why = "";
    for (int i = 0; i < group->count; i++) {
        struct viewer *viewer = &group->viewers[i];
        frames += viewer->frames;
        bytes += viewer->bytes;
        if (viewer->frames < fewest) fewest = viewer->frames;
        if (viewer->frames > most) most = viewer->frames;
        if (viewer->longest_gap > gap) gap = viewer->longest_gap;
        repeated += viewer->repeated;
        broken += viewer->broken;
        compared += viewer->compared;
        if (viewer->socket < 0) {
            ended++;
            why = viewer->end;
        }
    }
    printf("{\"url\": \"%s\", \"viewers\": %d, \"seconds\": %.6f", group->url, group->count, seconds);
    printf(", \"frames\": %lu, \"fewest\": %lu, \"most\": %lu, \"repeated\": %lu", frames, fewest, most, repeated);
    printf(", \"bytes\": %lu", bytes);
    printf(", \"broken\": %lu, \"compared\": %lu, \"longest_gap\": %.6f", broken, compared, (double)gap / 1e9);
    printf(", \"ended\": %d, \"end\": \"%s\", \"first_frame\": %lu", ended, why, group->first_frame);
    report_ages(&group->ages);
    printf("}");
}
