// Two designs in C that pass the newest frame to other processes, for comparison with Oriel's ring.
//
//   ring-peer futex|polling write|wait|copy|idle --prefix NAME --seconds S [--bytes B] [--rate R]
//
// futex    a minimal form of Oriel's ring (docs/shared-memory.md): it has eight slots with one sequence number each,
//          contains the number of the newest frame, and wakes its readers with FUTEX_WAKE
// polling  the design of µStreamer's memsink: flock(2) protects one frame, and readers check every millisecond whether
//          it is new
//
// ring-benchmark (Benchmarks/Ring) takes the same arguments, except for the first one, and prints the same JSON.
// Readers wait until a writer exists.
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/futex.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { slot_count = 8, room = 1 << 21 };

struct slot {
    _Atomic uint64_t sequence;
    uint64_t number, published, byte_count;
    uint8_t bytes[room];
};

struct ring {
    _Atomic uint32_t wake;
    _Atomic uint64_t newest;
    struct slot slots[slot_count];      // the polling design uses only the first slot
};

static const char *prefix = "oriel-peer";
static char name[128];
static double seconds = 1, rate = 100;
static size_t byte_count = 60000;
static bool polls;
static struct ring *ring;
static int descriptor = -1;
static uint8_t copy[room];
static uint32_t *samples;
static size_t sample_count, sample_room;

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static void sleep_until(uint64_t deadline) {
    struct timespec time = {.tv_sec = deadline / 1000000000, .tv_nsec = deadline % 1000000000};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL)) {}
}

static void note(uint64_t nanoseconds) {
    if (sample_count == sample_room) {
        sample_room = sample_room ? sample_room * 2 : 4096;
        samples = realloc(samples, sample_room * sizeof *samples);
        if (!samples) exit(71);
    }
    samples[sample_count++] = nanoseconds > UINT32_MAX ? UINT32_MAX : nanoseconds;
}

static void print_samples(const char *key) {
    printf("{\"%s\": [", key);
    for (size_t index = 0; index < sample_count; index++) printf("%s%u", index ? ", " : "", samples[index]);
    printf("]}\n");
}

static bool open_ring(bool writes) {
    // Readers of the futex design map the ring read-only. Readers of the polling design map it writable, as clients of
    // µStreamer's memsink do.
    bool changes = writes || polls;
    descriptor = shm_open(name, writes ? O_RDWR | O_CREAT : changes ? O_RDWR : O_RDONLY, 0600);
    if (descriptor < 0) return false;
    if (writes && ftruncate(descriptor, sizeof *ring)) return false;
    struct stat status;
    if (fstat(descriptor, &status) || (size_t)status.st_size < sizeof *ring) {
        close(descriptor);
        return false;
    }
    ring = mmap(NULL, sizeof *ring, changes ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, descriptor, 0);
    return ring != MAP_FAILED;
}

// ---- the futex design

static void futex_publish(const uint8_t *frame, uint64_t number) {
    struct slot *slot = &ring->slots[number % slot_count];
    atomic_store_explicit(&slot->sequence, slot->sequence | 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
    memcpy(slot->bytes, frame, byte_count);
    slot->number = number;
    slot->byte_count = byte_count;
    slot->published = now();
    atomic_store_explicit(&slot->sequence, slot->sequence + 1, memory_order_release);
    atomic_store_explicit(&ring->newest, number, memory_order_release);
    atomic_fetch_add(&ring->wake, 1);
    syscall(SYS_futex, &ring->wake, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

static bool futex_read(uint64_t *number, uint64_t *published, bool copies) {
    *number = atomic_load_explicit(&ring->newest, memory_order_acquire);
    if (!*number) return false;
    struct slot *slot = &ring->slots[*number % slot_count];
    uint64_t sequence = atomic_load_explicit(&slot->sequence, memory_order_acquire);
    *published = slot->published;
    if (copies) memcpy(copy, slot->bytes, slot->byte_count <= room ? slot->byte_count : 0);
    atomic_thread_fence(memory_order_acquire);
    return !(sequence & 1) && sequence == atomic_load_explicit(&slot->sequence, memory_order_relaxed);
}

static void futex_wait(uint64_t last, uint64_t end) {
    uint32_t word = atomic_load(&ring->wake);
    uint64_t time = now();
    if (atomic_load_explicit(&ring->newest, memory_order_acquire) != last || time >= end) return;
    struct timespec rest = {.tv_nsec = 100000000};
    syscall(SYS_futex, &ring->wake, FUTEX_WAIT, word, &rest, NULL, 0);
}

// ---- the polling design

static void polling_publish(const uint8_t *frame, uint64_t number) {
    flock(descriptor, LOCK_EX);
    memcpy(ring->slots[0].bytes, frame, byte_count);
    ring->slots[0].byte_count = byte_count;
    ring->slots[0].published = now();
    ring->slots[0].number = number;
    flock(descriptor, LOCK_UN);
}

static bool polling_read(uint64_t last, uint64_t *number, uint64_t *published, bool copies) {
    flock(descriptor, LOCK_EX);
    *number = ring->slots[0].number;
    *published = ring->slots[0].published;
    bool is_new = *number != last && *number;
    if (is_new && copies) memcpy(copy, ring->slots[0].bytes, ring->slots[0].byte_count);
    flock(descriptor, LOCK_UN);
    return is_new;
}

// ---- the four roles

static void write_frames(uint64_t end) {
    uint8_t *frame = malloc(byte_count);
    if (!frame) exit(71);
    memset(frame, 0xA5, byte_count);
    uint64_t next = now();
    for (uint64_t number = 1; next < end; number++) {
        uint64_t began = now();
        (polls ? polling_publish : futex_publish)(frame, number);
        note(now() - began);
        next += 1e9 / rate;
        sleep_until(next);
    }
    shm_unlink(name);
    print_samples("publish_ns");
}

static void wait_for_frames(uint64_t end) {
    uint64_t last = 0, number, published;
    while (now() < end) {
        if (polls) {
            if (!polling_read(last, &number, &published, false)) {
                usleep(1000);
                continue;
            }
        } else {
            futex_wait(last, end);
            number = atomic_load_explicit(&ring->newest, memory_order_acquire);
            if (!number || number == last) continue;
            uint64_t known = now();
            last = number;
            if (!futex_read(&number, &published, false) || number != last) continue;
            note(known > published ? known - published : 0);
            continue;
        }
        uint64_t known = now();
        last = number;
        note(known > published ? known - published : 0);
    }
    print_samples("wake_ns");
}

static void copy_frames(uint64_t end) {
    uint64_t copies = 0, number, published;
    while (now() < end)
        for (int index = 0; index < 16; index++)
            copies += polls ? polling_read(0, &number, &published, true) : futex_read(&number, &published, true);
    printf("{\"copies\": %llu}\n", (unsigned long long)copies);
}

int main(int argc, char **argv) {
    if (argc < 3) return 64;
    polls = !strcmp(argv[1], "polling");
    for (int index = 3; index + 1 < argc; index += 2) {
        if (!strcmp(argv[index], "--prefix")) prefix = argv[index + 1];
        else if (!strcmp(argv[index], "--seconds")) seconds = atof(argv[index + 1]);
        else if (!strcmp(argv[index], "--bytes")) byte_count = strtoul(argv[index + 1], NULL, 10);
        else if (!strcmp(argv[index], "--rate")) rate = atof(argv[index + 1]);
        else return 64;
    }
    if (!byte_count || byte_count > room || rate <= 0 || seconds < 0 || seconds > 3600) return 64;
    snprintf(name, sizeof name, "/%s.peer", prefix);
    bool writes = !strcmp(argv[2], "write");
    uint64_t end = now() + seconds * 1e9;
    while (!open_ring(writes)) {
        if (writes || now() > end) return 71;
        usleep(1000);
    }
    if (writes) write_frames(end);
    else if (!strcmp(argv[2], "wait")) wait_for_frames(end);
    else if (!strcmp(argv[2], "copy")) copy_frames(end);
    else if (!strcmp(argv[2], "idle")) { sleep_until(end); puts("{}"); }
    else return 64;
}
