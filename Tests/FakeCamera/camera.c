// The fake camera itself: its faults, the thread that fills its buffers, and its implementation of ioctl(2).
#define _GNU_SOURCE
#include "camera.h"

#include "../LoadGenerator/stamp.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
enum { MOST_BUFFERS = 8, MOST_SIZES = 8 };

struct size { unsigned width, height; };
struct frame { unsigned char *bytes; size_t count; };
struct buffer { int memfd; unsigned char *bytes; bool is_queued, is_done; struct v4l2_buffer state; };
struct control {
    __u32 id, type;
    const char *name;
    int minimum, maximum, standard, value;
    const char *choices[4];
    __u32 flags;
};

pthread_mutex_t camera_lock = PTHREAD_MUTEX_INITIALIZER;
struct handle camera_handles[MOST_HANDLES];

// Settings from the environment.
const char *camera_device = "/dev/video0", *camera_sys = "";
static const char *faults_path = "", *stamp = "", *calls_path = "";
static struct size sizes[MOST_SIZES];
static unsigned size_count, most_buffers = 4;
static double rate = 30, most_rate = 30;
static bool offers_mjpeg = true, offers_yuyv = false, comments;
static int log_file = -1;
static struct frame *frames, raw_picture;
static bool has_full_range, is_multiplanar;
static __u32 raw_format = V4L2_PIX_FMT_YUYV, raw_line, data_offset;
static size_t frame_count;

// The faults that the file at `faults_path` lists. A flag is set as long as its word is in the file. A number says how
// many of the next frames or calls still have the fault.
static struct {
    bool unplug, stall, busy, denied, no_space, no_start, ignore_rate;
    int truncate, garbage, empty, flag, skip, eio, tear, foreign, past;
    struct size size;
} faults;

// The state of the camera.
static bool is_plugged = true, streams;
static unsigned generation, buffer_count, sequence;
static __u32 pixel_format;
static struct size size;
static struct handle *owner;
static struct buffer buffers[MOST_BUFFERS];
static unsigned queue[MOST_BUFFERS], queued, done[MOST_BUFFERS], done_count;
static struct control controls[] = {
    {V4L2_CID_BRIGHTNESS, V4L2_CTRL_TYPE_INTEGER, "Brightness", 0, 255, 128, 128, {0}, 0},
    {V4L2_CID_AUTO_WHITE_BALANCE, V4L2_CTRL_TYPE_BOOLEAN, "White Balance, Automatic", 0, 1, 1, 1, {0}, 0},
    {V4L2_CID_DO_WHITE_BALANCE, V4L2_CTRL_TYPE_BUTTON, "White Balance Once", 0, 0, 0, 0, {0}, V4L2_CTRL_FLAG_WRITE_ONLY},
    {V4L2_CID_POWER_LINE_FREQUENCY, V4L2_CTRL_TYPE_MENU, "Power Line Frequency", 0, 2, 1, 1,
     {"Disabled", "50 Hz", "60 Hz"}, 0},
    {V4L2_CID_WHITE_BALANCE_TEMPERATURE, V4L2_CTRL_TYPE_INTEGER, "White Balance Temperature", 2800, 6500, 4600, 4600,
     {0}, 0},
    {V4L2_CID_PRIVACY, V4L2_CTRL_TYPE_BOOLEAN, "Privacy", 0, 1, 0, 0, {0}, V4L2_CTRL_FLAG_READ_ONLY},
};

// ---- setting up

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static bool load(const char *path, struct frame *frame) {
    FILE *file = fopen(path, "re");
    if (!file) return false;
    fseek(file, 0, SEEK_END);
    frame->bytes = malloc(frame->count = (size_t)ftell(file));
    rewind(file);
    if (fread(frame->bytes, 1, frame->count, file) != frame->count) frame->count = 0;
    fclose(file);
    return true;
}

static void load_frames(const char *folder) {
    char *names[1024], path[PATH_MAX];
    size_t count = 0;
    DIR *stream = REAL(opendir)(folder);
    for (struct dirent *entry; stream && (entry = readdir(stream)) && count < COUNT(names);)
        if (strstr(entry->d_name, ".jpg")) names[count++] = strdup(entry->d_name);
    if (stream) closedir(stream);
    qsort(names, count, sizeof *names, by_name);
    frames = calloc(count + 1, sizeof *frames);
    for (size_t i = 0; i < count; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        if (load(path, &frames[frame_count])) frame_count++;
        free(names[i]);
    }
}

static const char *setting(const char *name, const char *standard) {
    const char *value = getenv(name);
    return value && *value ? value : standard;
}

void camera_set_up(void) {
    camera_device = setting("FAKE_CAMERA_DEVICE", camera_device);
    faults_path = setting("FAKE_CAMERA_FAULTS", faults_path);
    camera_sys = setting("FAKE_CAMERA_SYS", camera_sys);
    calls_path = setting("FAKE_CAMERA_CALLS", calls_path);
    rate = atof(setting("FAKE_CAMERA_RATE", "30"));
    if (rate > most_rate) most_rate = rate;
    most_buffers = (unsigned)atoi(setting("FAKE_CAMERA_BUFFERS", "4"));
    if (most_buffers > MOST_BUFFERS) most_buffers = MOST_BUFFERS;
    const char *formats = setting("FAKE_CAMERA_FORMATS", "mjpeg");
    offers_mjpeg = strstr(formats, "mjpeg");
    offers_yuyv = strstr(formats, "yuyv");
    const char *raw = strstr(formats, "raw:");
    if (raw && strlen(raw) >= 8) {
        offers_yuyv = true;
        raw_format = v4l2_fourcc(raw[4], raw[5], raw[6], raw[7]);
    }
    raw_line = (__u32)atoi(setting("FAKE_CAMERA_LINE", "0"));
    is_multiplanar = *setting("FAKE_CAMERA_OFFSET", "");
    data_offset = (__u32)atoi(setting("FAKE_CAMERA_OFFSET", "0"));
    char *list = strdup(setting("FAKE_CAMERA_SIZES", "1280x720,640x480")), *rest = list;
    for (char *word; (word = strsep(&rest, ",")) && size_count < MOST_SIZES;)
        if (sscanf(word, "%ux%u", &sizes[size_count].width, &sizes[size_count].height) == 2) size_count++;
    free(list);
    size = sizes[0];
    pixel_format = offers_mjpeg ? V4L2_PIX_FMT_MJPEG : raw_format;
    stamp = setting("FAKE_CAMERA_STAMP", stamp);
    load_frames(setting("FAKE_CAMERA_FRAMES", "/nonexistent"));
    load(setting("FAKE_CAMERA_RAW", "/nonexistent"), &raw_picture);
    has_full_range = !strcmp(setting("FAKE_CAMERA_RANGE", "limited"), "full");
    comments = *setting("FAKE_CAMERA_COMMENT", "");
    const char *log = setting("FAKE_CAMERA_LOG", "");
    if (*log) log_file = REAL(open)(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
}

static void note(const char *what, int value) {
    if (!*calls_path) return;
    FILE *file = fopen(calls_path, "ae");
    if (!file) return;
    fprintf(file, "%s %d\n", what, value);
    fclose(file);
}

// ---- faults (all functions below are called with the lock held)

static void free_buffers(void) {
    for (unsigned i = 0; i < buffer_count; i++) {
        munmap(buffers[i].bytes, buffers[i].state.length);
        REAL(close)(buffers[i].memfd);
    }
    buffer_count = queued = done_count = 0;
}

static void unplug(void) {
    is_plugged = streams = false;
    generation++;
    owner = NULL;
    for (unsigned i = 0; i < MOST_HANDLES; i++)
        if (camera_handles[i].descriptor > 0 && camera_handles[i].write_end >= 0) {
            REAL(close)(camera_handles[i].write_end);
            camera_handles[i].write_end = -1;
        }
    free_buffers();
    for (unsigned i = 0; i < COUNT(controls); i++) controls[i].value = controls[i].standard;
}

static void read_faults(void) {
    static struct timespec read_at;
    static ino_t read_inode;
    struct stat status;
    if (!*faults_path) return;
    if (REAL(stat)(faults_path, &status)) {
        memset(&faults, 0, sizeof faults);
        read_inode = 0;
    } else if (status.st_ino != read_inode || memcmp(&status.st_mtim, &read_at, sizeof read_at)) {
        read_at = status.st_mtim;
        read_inode = status.st_ino;
        memset(&faults, 0, sizeof faults);
        FILE *file = fopen(faults_path, "re");
        char word[32];
        while (file && fscanf(file, "%31s", word) == 1) {
            char *equals = strchr(word, '=');
            int number = equals ? atoi(equals + 1) : 1;
            if (equals) *equals = 0;
            if (!strcmp(word, "unplug")) faults.unplug = true;
            if (!strcmp(word, "stall")) faults.stall = true;
            if (!strcmp(word, "busy")) faults.busy = true;
            if (!strcmp(word, "denied")) faults.denied = true;
            if (!strcmp(word, "no-space")) faults.no_space = true;
            if (!strcmp(word, "no-start")) faults.no_start = true;
            if (!strcmp(word, "ignore-rate")) faults.ignore_rate = true;
            if (!strcmp(word, "size")) sscanf(equals + 1, "%ux%u", &faults.size.width, &faults.size.height);
            if (!strcmp(word, "truncate")) faults.truncate = number;
            if (!strcmp(word, "garbage")) faults.garbage = number;
            if (!strcmp(word, "empty")) faults.empty = number;
            if (!strcmp(word, "flag")) faults.flag = number;
            if (!strcmp(word, "skip")) faults.skip = number;
            if (!strcmp(word, "eio")) faults.eio = number;
            if (!strcmp(word, "tear")) faults.tear = number;
            if (!strcmp(word, "foreign")) faults.foreign = number;
            if (!strcmp(word, "past")) faults.past = number;
        }
        if (file) fclose(file);
    }
    if (faults.unplug && is_plugged) unplug();
    if (!faults.unplug) is_plugged = true;
}

static bool take(int *fault) { return *fault > 0 && (*fault)--; }

// ---- the camera's own thread

// Writes the camera's name and the time into the stamp of a picture. If one of the faults `foreign`, `past` and `tear`
// is due, spoils the picture in a way that only a check of the stamp detects.
static void sign(unsigned char *bytes, size_t count, const struct timespec *now) {
    uint64_t time = (uint64_t)now->tv_sec * 1000000000 + (uint64_t)now->tv_nsec;
    bool is_foreign = take(&faults.foreign), is_past = !is_foreign && take(&faults.past);
    stamp_write(bytes, count, is_foreign ? "nobody" : stamp, is_past ? time - 10000000000 : time);
    if (is_foreign || is_past || !take(&faults.tear)) return;
    struct frame *other = &frames[(sequence + 1) % frame_count];
    size_t end = (other->count < count ? other->count : count) - 2;      // keep the end marker
    if (end > count / 2) memcpy(bytes + count / 2, other->bytes + count / 2, end - count / 2);
}

enum { COMMENT_BYTES = 44 };

static unsigned long long nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000ull + (unsigned long)now.tv_nsec;
}

/// Writes a JPEG comment after the SOI marker, with the current time and the frame's number (ITU-T T.81, B.2.4.5).
static void comment(unsigned char *bytes, unsigned number) {
    char text[41];
    snprintf(text, sizeof text, "oriel %020llu %012u\n", nanoseconds(), number);
    memcpy(bytes + 2, "\xff\xfe\0\x2a", 4);
    memcpy(bytes + 6, text, 40);
}

static void log_delivery(unsigned number) {
    char line[64];
    size_t index = frame_count ? number % frame_count : 0;
    int count = snprintf(line, sizeof line, "%u %zu %llu\n", number, index, nanoseconds());
    if (write(log_file, line, (size_t)count) < 0) {}
}

static size_t copy_jpeg(unsigned char *bytes, size_t room, unsigned number, const struct timespec *now) {
    if (!frame_count) return 0;
    struct frame *frame = &frames[number % frame_count];
    if (comments && frame->count > 2 && frame->count + COMMENT_BYTES <= room) {
        memcpy(bytes, frame->bytes, 2);
        memcpy(bytes + 2 + COMMENT_BYTES, frame->bytes + 2, frame->count - 2);
        comment(bytes, number);
        return frame->count + COMMENT_BYTES;
    }
    size_t count = frame->count < room ? frame->count : room;
    memcpy(bytes, frame->bytes, count);
    if (*stamp && count >= STAMP_HEAD && stamp_is_in(bytes)) sign(bytes, count, now);
    return count;
}

/// Writes 75 % colour bars in limited range (ITU-R BT.601), with a bright line that moves down. Returns the
/// picture's length.
static size_t copy_bars(unsigned char *bytes, unsigned number) {
    static const unsigned char bars[8][3] = {{180, 128, 128}, {162, 44, 142}, {131, 156, 44}, {112, 72, 58},
                                             {84, 184, 198}, {65, 100, 212}, {35, 212, 114}, {16, 128, 128}};
    size_t line = 2ul * size.width;
    for (unsigned x = 0; x < size.width; x++) {
        const unsigned char *bar = bars[x / 2 * 2 * 8 / size.width];
        bytes[2 * x] = bar[0];
        bytes[2 * x + 1] = bar[1 + x % 2];
    }
    for (unsigned y = 1; y < size.height; y++) memcpy(bytes + y * line, bytes, line);
    for (unsigned x = 0; x < size.width; x++) bytes[number % size.height * line + 2 * x] = 235;
    return line * size.height;
}

static size_t copy_raw(unsigned char *bytes, size_t room, unsigned number) {
    if (!raw_picture.count || raw_picture.count > room) return copy_bars(bytes, number);
    memcpy(bytes, raw_picture.bytes, raw_picture.count);
    return raw_picture.count;
}

static size_t draw(unsigned char *bytes, size_t room, unsigned number, const struct timespec *now) {
    bool is_jpeg = pixel_format == V4L2_PIX_FMT_MJPEG;
    size_t count = is_jpeg ? copy_jpeg(bytes, room, number, now) : copy_raw(bytes, room, number);
    if (log_file >= 0) log_delivery(number);
    return count;
}

static void fill(const struct timespec *now) {
    if (faults.stall) return;
    unsigned number = sequence++;
    if (take(&faults.skip) || !queued) return;
    unsigned index = queue[0];
    memmove(queue, queue + 1, --queued * sizeof *queue);
    struct v4l2_buffer *state = &buffers[index].state;
    memset(buffers[index].bytes, 0xa5, data_offset);
    size_t count = draw(buffers[index].bytes + data_offset, state->length - data_offset, number, now);
    if (count) count += data_offset;
    state->flags = V4L2_BUF_FLAG_MAPPED | V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC;
    if (take(&faults.truncate)) count /= 3;
    else if (take(&faults.garbage)) for (size_t i = 0; i < count; i++) buffers[index].bytes[i] = (unsigned char)rand();
    else if (take(&faults.empty)) count = 0;
    else if (take(&faults.flag)) state->flags |= V4L2_BUF_FLAG_ERROR;
    state->bytesused = (__u32)count;
    state->sequence = number;
    state->timestamp.tv_sec = now->tv_sec;
    state->timestamp.tv_usec = now->tv_nsec / 1000;
    done[done_count++] = index;
    if (write(owner->write_end, "f", 1) < 0) {}
}

static void *run(void *argument) {
    unsigned mine = (unsigned)(uintptr_t)argument;
    struct timespec next;
    pthread_setname_np(pthread_self(), "fake-camera");      // so that its CPU time can be distinguished from the program's
    clock_gettime(CLOCK_MONOTONIC, &next);
    for (;;) {
        next.tv_nsec += (long)(1e9 / rate);
        next.tv_sec += next.tv_nsec / 1000000000;
        next.tv_nsec %= 1000000000;
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
        pthread_mutex_lock(&camera_lock);
        read_faults();
        bool is_over = !streams || generation != mine;
        if (!is_over) fill(&next);
        pthread_mutex_unlock(&camera_lock);
        if (is_over) return NULL;
    }
}

static void stop(void) {
    if (streams) generation++;
    char byte;
    while (owner && done_count && read(owner->descriptor, &byte, 1) == 1) done_count--;
    streams = false;
    queued = done_count = 0;
    for (unsigned i = 0; i < buffer_count; i++) buffers[i].is_queued = buffers[i].is_done = false;
}

// ---- ioctl

static __u32 buffer_type(void) {
    return is_multiplanar ? V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE : V4L2_BUF_TYPE_VIDEO_CAPTURE;
}

static int describe_format(struct v4l2_fmtdesc *format) {
    unsigned offered = offers_mjpeg + offers_yuyv;
    if (format->type != buffer_type() || format->index >= offered) return EINVAL;
    bool is_mjpeg = offers_mjpeg && format->index == 0;
    format->flags = is_mjpeg ? V4L2_FMT_FLAG_COMPRESSED : 0;
    format->pixelformat = is_mjpeg ? V4L2_PIX_FMT_MJPEG : raw_format;
    strcpy((char *)format->description, is_mjpeg ? "Motion-JPEG" : "Uncompressed");
    return 0;
}

static unsigned offered_sizes(void) { return faults.size.width ? 1 : size_count; }

static struct size offered_size(unsigned index) { return faults.size.width ? faults.size : sizes[index]; }

// Returns the length of a line in bytes, or 0 for MJPEG. `picture_length` returns the size of a buffer for one picture.
static __u32 line_length(void) {
    return pixel_format == V4L2_PIX_FMT_MJPEG ? 0 : raw_line || raw_format != V4L2_PIX_FMT_YUYV ? raw_line : size.width * 2;
}

static __u32 picture_length(void) {
    size_t count = raw_picture.count > size.width * size.height * 2ul ? raw_picture.count : size.width * size.height * 2ul;
    return (__u32)count + data_offset;
}

static int set_format(struct v4l2_format *format, bool is_wish) {
    struct v4l2_pix_format *wish = &format->fmt.pix;
    if (format->type != buffer_type()) return EINVAL;
    if (is_wish && buffer_count) return EBUSY;
    if (is_wish) {
        bool is_mjpeg = offers_mjpeg && (wish->pixelformat == V4L2_PIX_FMT_MJPEG || !offers_yuyv);
        pixel_format = is_mjpeg ? V4L2_PIX_FMT_MJPEG : raw_format;
        unsigned best = 0;
        for (unsigned i = 0; i < offered_sizes(); i++)
            if (offered_size(i).width == wish->width && offered_size(i).height == wish->height) best = i;
        size = offered_size(best);
    }
    if (is_multiplanar) {
        // Width, height and pixel format are at the same offsets as in the single-planar structure.
        struct v4l2_pix_format_mplane *answer = &format->fmt.pix_mp;
        *answer = (struct v4l2_pix_format_mplane){
            .width = size.width, .height = size.height, .pixelformat = pixel_format, .field = V4L2_FIELD_NONE,
            .colorspace = V4L2_COLORSPACE_SRGB, .num_planes = 1,
            .quantization = has_full_range ? V4L2_QUANTIZATION_FULL_RANGE : 0};
        answer->plane_fmt[0].bytesperline = line_length();
        answer->plane_fmt[0].sizeimage = picture_length();
        return 0;
    }
    memset(wish, 0, sizeof *wish);
    wish->width = size.width;
    wish->height = size.height;
    wish->pixelformat = pixel_format;
    wish->field = V4L2_FIELD_NONE;
    wish->bytesperline = line_length();
    wish->sizeimage = picture_length();
    wish->colorspace = V4L2_COLORSPACE_SRGB;
    if (has_full_range) wish->quantization = V4L2_QUANTIZATION_FULL_RANGE;
    return 0;
}

static int request_buffers(struct handle *handle, struct v4l2_requestbuffers *request) {
    if (request->memory != V4L2_MEMORY_MMAP || request->type != buffer_type()) return EINVAL;
    if (faults.busy || (owner && owner != handle)) return EBUSY;
    stop();
    free_buffers();
    owner = request->count ? handle : NULL;
    if (request->count > most_buffers) request->count = most_buffers;
    for (; buffer_count < request->count; buffer_count++) {
        struct buffer *buffer = &buffers[buffer_count];
        memset(buffer, 0, sizeof *buffer);
        __u32 length = (picture_length() + 65535) & ~65535u;
        buffer->memfd = memfd_create("fake-camera", MFD_CLOEXEC);
        if (ftruncate(buffer->memfd, length)) return ENOMEM;
        buffer->bytes = REAL(mmap)(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, buffer->memfd, 0);
        buffer->state = (struct v4l2_buffer){
            .index = buffer_count, .type = buffer_type(), .memory = V4L2_MEMORY_MMAP,
            .field = V4L2_FIELD_NONE, .length = length, .m.offset = buffer_count << 28};
    }
    return 0;
}

// Copies the state of a buffer to `answer`, in the single-planar or multi-planar form.
static void report(struct v4l2_buffer *answer, const struct v4l2_buffer *state) {
    struct v4l2_plane *planes = answer->m.planes;
    *answer = *state;
    if (!is_multiplanar) return;
    answer->m.planes = planes;
    answer->length = 1;
    answer->bytesused = 0;
    planes[0] = (struct v4l2_plane){
        .bytesused = state->bytesused, .length = state->length, .m.mem_offset = state->m.offset,
        .data_offset = data_offset};
}

static int queue_buffer(struct handle *handle, struct v4l2_buffer *wish) {
    if (owner != handle || wish->index >= buffer_count || buffers[wish->index].is_queued) return EINVAL;
    buffers[wish->index].is_queued = true;
    queue[queued++] = wish->index;
    return 0;
}

static int dequeue_buffer(struct handle *handle, struct v4l2_buffer *answer) {
    if (owner != handle || !streams) return EINVAL;
    if (take(&faults.eio)) return EIO;
    if (!done_count) return EAGAIN;
    unsigned index = done[0];
    memmove(done, done + 1, --done_count * sizeof *done);
    char byte;
    if (read(handle->descriptor, &byte, 1) != 1) return EIO;
    buffers[index].is_queued = false;
    report(answer, &buffers[index].state);
    return 0;
}

static int start(struct handle *handle) {
    pthread_t thread;
    if (owner != handle || !buffer_count) return EINVAL;
    if (faults.no_space) return ENOSPC;
    if (faults.no_start) return EIO;
    if (streams) return 0;
    note("STREAMON", 0);
    streams = true;
    sequence = 0;
    if (pthread_create(&thread, NULL, run, (void *)(uintptr_t)generation)) return ENOMEM;
    pthread_detach(thread);
    return 0;
}

static struct control *find_control(__u32 id) {
    bool is_next = id & V4L2_CTRL_FLAG_NEXT_CTRL;
    struct control *found = NULL;
    id &= V4L2_CTRL_ID_MASK;
    for (unsigned i = 0; i < COUNT(controls); i++)
        if (is_next ? controls[i].id > id && (!found || controls[i].id < found->id) : controls[i].id == id)
            found = &controls[i];
    return found;
}

/// Whether an automatic control currently overrides this control.
static bool is_ruled(const struct control *control) {
    return control->id == V4L2_CID_WHITE_BALANCE_TEMPERATURE && find_control(V4L2_CID_AUTO_WHITE_BALANCE)->value;
}

static int query_control(struct v4l2_query_ext_ctrl *query) {
    struct control *control = find_control(query->id);
    if (!control) return EINVAL;
    *query = (struct v4l2_query_ext_ctrl){
        .id = control->id, .type = control->type, .minimum = control->minimum, .maximum = control->maximum, .step = 1,
        .default_value = control->standard, .elem_size = 4, .elems = 1};
    query->flags = control->flags | (is_ruled(control) ? V4L2_CTRL_FLAG_INACTIVE : 0);
    strcpy(query->name, control->name);
    return 0;
}

static int access_controls(struct v4l2_ext_controls *wishes, bool is_write) {
    for (__u32 i = 0; i < wishes->count; i++) {
        struct v4l2_ext_control *wish = &wishes->controls[i];
        struct control *control = find_control(wish->id);
        if (!control) return EINVAL;
        if (is_write && (control->flags & V4L2_CTRL_FLAG_READ_ONLY || is_ruled(control))) return EACCES;
        bool has_range = control->type != V4L2_CTRL_TYPE_BUTTON;
        if (is_write && has_range && (wish->value < control->minimum || wish->value > control->maximum)) return ERANGE;
        if (is_write) note(control->name, control->value = wish->value);
        wish->value = control->value;
    }
    return 0;
}

int camera_ioctl(struct handle *handle, unsigned long request, void *argument) {
    read_faults();
    if (handle->write_end < 0) return ENODEV;
    switch (request) {
    case VIDIOC_QUERYCAP: {
        struct v4l2_capability *capability = argument;
        *capability = (struct v4l2_capability){
            .driver = "uvcvideo", .card = "Fake Camera", .bus_info = "usb-0000:00:14.0-1", .version = 0x60100,
            .device_caps = (is_multiplanar ? V4L2_CAP_VIDEO_CAPTURE_MPLANE : V4L2_CAP_VIDEO_CAPTURE) | V4L2_CAP_STREAMING};
        capability->capabilities = capability->device_caps | V4L2_CAP_DEVICE_CAPS;
        return 0;
    }
    case VIDIOC_ENUM_FMT: return describe_format(argument);
    case VIDIOC_ENUM_FRAMESIZES: {
        struct v4l2_frmsizeenum *entry = argument;
        if (entry->index >= offered_sizes()) return EINVAL;
        struct size offered = offered_size(entry->index);
        entry->type = V4L2_FRMSIZE_TYPE_DISCRETE;
        entry->discrete = (struct v4l2_frmsize_discrete){offered.width, offered.height};
        return 0;
    }
    case VIDIOC_ENUM_FRAMEINTERVALS: {
        struct v4l2_frmivalenum *entry = argument;
        if (entry->index > 1) return EINVAL;
        entry->type = V4L2_FRMIVAL_TYPE_DISCRETE;
        entry->discrete = (struct v4l2_fract){entry->index ? 15 : 1, entry->index ? 225 : (__u32)most_rate};
        return 0;
    }
    case VIDIOC_G_FMT: return set_format(argument, false);
    case VIDIOC_S_FMT: return set_format(argument, true);
    case VIDIOC_S_PARM:
    case VIDIOC_G_PARM: {
        struct v4l2_streamparm *parameters = argument;
        struct v4l2_fract *interval = &parameters->parm.capture.timeperframe;
        if (request == VIDIOC_S_PARM && interval->numerator && interval->denominator && !faults.ignore_rate) {
            rate = (double)interval->denominator / interval->numerator;
            if (rate > most_rate) rate = most_rate;         // µStreamer 6 asks for the highest number that fits
        }
        memset(&parameters->parm, 0, sizeof parameters->parm);
        parameters->parm.capture.capability = V4L2_CAP_TIMEPERFRAME;
        *interval = rate == (__u32)rate ? (struct v4l2_fract){1, (__u32)rate}
                                        : (struct v4l2_fract){1000, (__u32)(rate * 1000)};
        return 0;
    }
    case VIDIOC_REQBUFS: return request_buffers(handle, argument);
    case VIDIOC_QUERYBUF: {
        struct v4l2_buffer *buffer = argument;
        if (buffer->index >= buffer_count) return EINVAL;
        report(buffer, &buffers[buffer->index].state);
        return 0;
    }
    case VIDIOC_G_INPUT: *(int *)argument = 0; return 0;
    case VIDIOC_S_INPUT: return *(int *)argument ? EINVAL : 0;
    case VIDIOC_QBUF: return queue_buffer(handle, argument);
    case VIDIOC_DQBUF: return dequeue_buffer(handle, argument);
    case VIDIOC_STREAMON: return start(handle);
    case VIDIOC_STREAMOFF: stop(); return 0;
    case VIDIOC_QUERY_EXT_CTRL: return query_control(argument);
    case VIDIOC_QUERYMENU: {
        struct v4l2_querymenu *item = argument;
        struct control *control = find_control(item->id);
        if (!control || item->index >= COUNT(control->choices) || !control->choices[item->index]) return EINVAL;
        strcpy((char *)item->name, control->choices[item->index]);
        return 0;
    }
    case VIDIOC_G_EXT_CTRLS: return access_controls(argument, false);
    case VIDIOC_S_EXT_CTRLS: return access_controls(argument, true);
    default: return ENOTTY;
    }
}

int camera_open(struct handle **opened) {
    int ends[2];
    read_faults();
    if (!is_plugged) return ENOENT;
    if (faults.denied) return EACCES;
    *opened = camera_handle(0);
    if (!*opened || pipe2(ends, O_CLOEXEC | O_NONBLOCK)) return EMFILE;
    **opened = (struct handle){ends[0], ends[1]};
    return 0;
}

void camera_close(struct handle *handle) {
    if (handle == owner) {
        stop();
        free_buffers();
        owner = NULL;
    }
    if (handle->write_end >= 0) REAL(close)(handle->write_end);
    handle->descriptor = 0;
}

struct handle *camera_handle(int descriptor) {
    for (unsigned i = 0; i < MOST_HANDLES; i++)
        if (camera_handles[i].descriptor == descriptor) return &camera_handles[i];
    return NULL;
}

int camera_memory(off_t offset) {
    unsigned index = (unsigned)(offset >> 28);
    return index < buffer_count ? buffers[index].memfd : -1;
}

bool camera_is_plugged(void) {
    read_faults();
    return is_plugged;
}
