// Emulates a USB camera in user space. The kernel's driver uvcvideo sees this camera at the virtual USB port of
// dummy_hcd.
//
//   usb-camera MODE…      mjpeg:WIDTHxHEIGHT@RATE=FILE   sends the JPEGs in FILE in a loop
//                         bare:WIDTHxHEIGHT@RATE=FILE    sends the JPEGs without Huffman tables, as many cameras do
//                         yuyv:WIDTHxHEIGHT@RATE         sends a moving pattern
//
// The camera is a high-speed device of USB Video Class 1.0 with one bulk endpoint. It needs the modules dummy_hcd,
// gadgetfs and uvcvideo, loaded in this order. It can have up to 4 MJPEG modes, or 2 MJPEG modes and 1 YUYV mode,
// because gadgetfs sends at most 256 bytes of descriptors.
//
// It reads commands from /run/usb-camera, one per line. The commands unplug, plug, and stall SECONDS affect the whole
// camera. These commands change the next N frames: error N (sets UVC's error bit), truncate N (sends half of each
// frame), garbage N (sends random bytes), empty N (sends no bytes), merge N (joins each frame with the next one), and
// skip N (sends nothing). The command count prints on standard error how many frames have been sent.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/usb/ch9.h>
#include <linux/usb/gadgetfs.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { MOST_MODES = 4, PAYLOAD = 16384, MOST_FRAMES = 1024 };

// Codes from tables A-5 and following of USB Video Class 1.0: class-specific requests and control selectors.
enum { SET_CUR = 0x01, GET_CUR = 0x81, GET_MIN, GET_MAX, GET_RES, GET_LEN, GET_INFO, GET_DEF };
enum { VS_PROBE = 1, VS_COMMIT = 2, PU_BACKLIGHT = 1, PU_BRIGHTNESS, PU_CONTRAST, PU_SATURATION = 7 };
enum { PROCESSING_UNIT = 2, PROBE_LENGTH = 26 };

struct jpeg { unsigned char *bytes; size_t count; };
struct mode {
    bool is_yuyv;
    unsigned width, height, rate;
    unsigned char format, frame;        // the indices by which the host selects the mode
    struct jpeg frames[MOST_FRAMES];
    size_t frame_count;
};

static struct mode modes[MOST_MODES];
static size_t mode_count;
static unsigned char descriptors[512];
static size_t descriptor_count;
static int control = -1, endpoint = -1;
static struct mode *probed = modes, *streamed;
static int settings[8];

static pthread_t thread;
static bool is_streaming;
static volatile bool is_stopping;
static volatile double stalled_until;
static volatile int errors, truncated, garbled, emptied, merged, skipped;
static volatile unsigned sent_frames;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

#define LOG(...) (fprintf(stderr, "%.3f usb-camera: ", now()), fprintf(stderr, __VA_ARGS__), fputc('\n', stderr))

// ---- descriptors

static void append(const unsigned char *bytes, size_t count) {
    memcpy(descriptors + descriptor_count, bytes, count);
    descriptor_count += count;
}
#define APPEND(...) append((unsigned char[]){__VA_ARGS__}, sizeof((unsigned char[]){__VA_ARGS__}))
#define TWO(x) (unsigned char)(x), (unsigned char)((x) >> 8)
#define FOUR(x) TWO(x), (unsigned char)((x) >> 16), (unsigned char)((uint32_t)(x) >> 24)

static uint32_t largest_frame(const struct mode *mode) { return mode->width * mode->height * 2; }
static uint32_t interval(const struct mode *mode) { return 10000000 / mode->rate; }     // in 100 ns

static void append_format(bool is_yuyv, unsigned char format) {
    unsigned char count = 0;
    for (size_t i = 0; i < mode_count; i++)
        if (modes[i].is_yuyv == is_yuyv) {
            modes[i].format = format;
            modes[i].frame = ++count;
        }
    if (is_yuyv)
        APPEND(27, 0x24, 4, format, count, 'Y', 'U', 'Y', '2', 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71,
               16, 1, 0, 0, 0, 0);
    else
        APPEND(11, 0x24, 6, format, count, 0, 1, 0, 0, 0, 0);
    for (struct mode *mode = modes; mode < modes + mode_count; mode++)
        if (mode->is_yuyv == is_yuyv) {
            uint32_t bits = largest_frame(mode) * 8 * mode->rate;
            APPEND(30, 0x24, is_yuyv ? 5 : 7, mode->frame, 0, TWO(mode->width), TWO(mode->height), FOUR(bits),
                   FOUR(bits), FOUR(largest_frame(mode)), FOUR(interval(mode)), 1, FOUR(interval(mode)));
        }
}

static void build_descriptors(void) {
    bool has_mjpeg = false, has_yuyv = false;
    for (size_t i = 0; i < mode_count; i++) *(modes[i].is_yuyv ? &has_yuyv : &has_mjpeg) = true;
    unsigned char format_count = has_mjpeg + has_yuyv;
    APPEND(9, USB_DT_CONFIG, 0, 0, 2, 1, 0, 0x80, 250);
    APPEND(8, USB_DT_INTERFACE_ASSOCIATION, 0, 2, 0x0e, 0x03, 0, 2);
    APPEND(9, USB_DT_INTERFACE, 0, 0, 0, 0x0e, 1, 0, 2);                                // video control
    APPEND(13, 0x24, 1, TWO(0x0100), TWO(50), FOUR(48000000), 1, 1);
    APPEND(17, 0x24, 2, 1, TWO(0x0201), 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0);               // the camera
    APPEND(11, 0x24, 5, PROCESSING_UNIT, 1, 0, 0, 2, TWO(0x000b), 0);                   // the controls
    APPEND(9, 0x24, 3, 3, TWO(0x0101), 0, 2, 0);                                        // the output
    APPEND(9, USB_DT_INTERFACE, 1, 0, 1, 0x0e, 2, 0, 0);                                // video streaming
    size_t header = descriptor_count;
    APPEND((unsigned char)(13 + format_count), 0x24, 1, format_count, 0, 0, 0x81, 0, 3, 0, 0, 0, 1);
    APPEND(0);
    if (format_count == 2) APPEND(0);
    if (has_mjpeg) append_format(false, 1);
    if (has_yuyv) append_format(true, format_count);
    size_t count = descriptor_count - header;
    memcpy(descriptors + header + 4, (unsigned char[]){TWO(count)}, 2);
    APPEND(7, USB_DT_ENDPOINT, 0x81, USB_ENDPOINT_XFER_BULK, TWO(512), 0);
    memcpy(descriptors + 2, (unsigned char[]){TWO(descriptor_count)}, 2);
    if (descriptor_count > 256) {
        LOG("%zu bytes of descriptors are too many for gadgetfs: use fewer modes", descriptor_count);
        exit(64);
    }
}

// ---- frames

/// Returns the next frame, changed by the pending faults. `room` is memory for a generated or damaged frame.
static struct jpeg next_frame(unsigned number, unsigned char *room) {
    struct mode *mode = streamed;
    struct jpeg frame = {room, largest_frame(mode)};
    if (mode->is_yuyv) {
        for (unsigned y = 0; y < mode->height; y++)
            for (unsigned x = 0; x < mode->width; x++) {
                room[2 * (y * mode->width + x)] = (unsigned char)(x + number * 4);
                room[2 * (y * mode->width + x) + 1] = (unsigned char)y;
            }
    } else {
        frame = mode->frames[number % mode->frame_count];
    }
    if (garbled > 0) {
        garbled--;
        for (size_t i = 0; i < frame.count; i++) room[i] = (unsigned char)rand();
        frame.bytes = room;
    }
    if (truncated > 0) truncated--, frame.count /= 2;
    if (emptied > 0) emptied--, frame.count = 0;
    return frame;
}

/// Sends a frame in payloads, each with a header of two bytes. Returns false if the endpoint is gone or the stream is
/// being stopped.
static bool send_frame(struct jpeg frame, unsigned char flags, bool is_end) {
    static unsigned char payload[PAYLOAD];
    size_t sent = 0;
    for (bool is_last = false; !is_last && !is_stopping;) {
        size_t count = frame.count - sent;
        if (count > PAYLOAD - 2) count = PAYLOAD - 2;
        is_last = sent + count == frame.count;
        // A short packet marks the end of a payload. If the last payload would fill its packets exactly, split it.
        if (is_last && (count + 2) % 512 == 0 && count + 2 < PAYLOAD) count--, is_last = false;
        payload[0] = 2;
        payload[1] = 0x80 | flags | (is_last && is_end ? 2 : 0);
        memcpy(payload + 2, frame.bytes + sent, count);
        while (write(endpoint, payload, count + 2) < 0) {
            if (errno != EINTR) LOG("endpoint: %s", strerror(errno));
            if (errno != EINTR || is_stopping) return false;
        }
        sent += count;
    }
    return !is_stopping;
}

static void *stream(void *unused) {
    unsigned number = 0;
    unsigned char toggle = 0, *room = malloc(largest_frame(streamed));
    double next = now();
    LOG("streaming %ux%u at %u frames/s", streamed->width, streamed->height, streamed->rate);
    for (bool goes_on = true; goes_on && !is_stopping; number++) {
        bool is_end = true, is_skipped = false;
        unsigned char flags = toggle;
        struct jpeg frame = next_frame(number, room);
        if (errors > 0) errors--, flags |= 0x40;
        if (merged > 0) merged--, is_end = false;
        if (skipped > 0) skipped--, is_skipped = true;
        if (!is_skipped && now() >= stalled_until) {
            goes_on = send_frame(frame, flags, is_end);
            sent_frames++;
            if (is_end) toggle ^= 1;
        }
        next += 1.0 / streamed->rate;
        double rest = next - now();
        if (rest < -1.0 / streamed->rate) next = now();         // do not send missed frames in a burst
        if (rest > 0) usleep((useconds_t)(rest * 1e6));
    }
    LOG("streamed %u frames", number);
    free(room);
    return unused;
}

static void stop(void) {
    if (!is_streaming) return;
    is_stopping = true;
    while (pthread_tryjoin_np(thread, NULL)) {
        pthread_kill(thread, SIGUSR1);          // interrupts a write to the endpoint, which may block forever
        usleep(2000);
    }
    is_streaming = false;
}

static void start(void) {
    stop();
    if (endpoint < 0) return;
    is_stopping = false;
    streamed = probed;
    is_streaming = pthread_create(&thread, NULL, stream, NULL) == 0;
}

// ---- plugging

static void unplug(void) {
    stop();
    if (endpoint >= 0) close(endpoint);
    if (control >= 0) close(control);
    endpoint = control = -1;
}

static void plug(void) {
    if (control >= 0) return;
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) settings[i] = 128;      // a camera forgets its controls when it is unplugged
    control = open("/dev/gadget/dummy_udc.0", O_RDWR);
    if (control < 0) control = open("/dev/gadget/dummy_udc", O_RDWR);
    // gadgetfs expects a tag of 4 bytes, one configuration for full speed, one for high speed, and the device
    // descriptor.
    unsigned char bytes[4 + 2 * sizeof descriptors + 18] = {0};
    const unsigned char device[18] = {18, USB_DT_DEVICE, TWO(0x0200), 0xef, 2, 1, 64, TWO(0x1d6b), TWO(0x0102), TWO(1),
                                      1, 2, 3, 1};
    memcpy(bytes + 4, descriptors, descriptor_count);
    memcpy(bytes + 4 + descriptor_count, descriptors, descriptor_count);
    memcpy(bytes + 4 + 2 * descriptor_count, device, sizeof device);
    if (control < 0 || write(control, bytes, 4 + 2 * descriptor_count + sizeof device) < 0) {
        LOG("the camera cannot be plugged in: %s (are the modules dummy_hcd and gadgetfs loaded?)", strerror(errno));
        exit(69);
    }
}

static void open_endpoint(void) {
    if (endpoint >= 0) return;
    endpoint = open("/dev/gadget/ep1in-bulk", O_RDWR);
    const unsigned char bytes[] = {1, 0, 0, 0, 7, USB_DT_ENDPOINT, 0x81, 2, TWO(64), 0,
                                   7, USB_DT_ENDPOINT, 0x81, 2, TWO(512), 0};
    if (endpoint < 0 || write(endpoint, bytes, sizeof bytes) < 0) LOG("endpoint: %s", strerror(errno));
}

// ---- requests of the host

static ssize_t read_control(void *bytes, size_t count) {
    ssize_t result;
    // EIDRM means that an earlier request was cancelled. The current request is still pending, so try again.
    do result = read(control, bytes, count);
    while (result < 0 && (errno == EINTR || errno == EIDRM));
    return result;
}

static int text_descriptor(unsigned index, unsigned char *answer) {
    static const char *texts[] = {"", "Oriel", "Virtual Camera", "ORIEL-0001"};
    if (index == 0) return (int)(memcpy(answer, (unsigned char[]){4, 3, 9, 4}, 4), 4);
    if (index > 3) return -1;
    int count = 2;
    for (const char *text = texts[index]; *text; text++, count += 2) answer[count] = (unsigned char)*text;
    answer[0] = (unsigned char)count;
    answer[1] = USB_DT_STRING;
    return count;
}

static int standard_request(const struct usb_ctrlrequest *request, unsigned char *answer) {
    switch (request->bRequest) {
    case USB_REQ_SET_CONFIGURATION:
        if (request->wValue) open_endpoint();
        return 0;
    case USB_REQ_SET_INTERFACE:
        if (request->wIndex == 1) stop();
        return 0;
    case USB_REQ_GET_INTERFACE: return 1;
    case USB_REQ_GET_DESCRIPTOR:
        return request->wValue >> 8 == USB_DT_STRING ? text_descriptor(request->wValue & 255, answer) : -1;
    default: return -1;
    }
}

static int video_request(const struct usb_ctrlrequest *request, unsigned char *answer) {
    unsigned selector = request->wValue >> 8, unit = request->wIndex >> 8, interface = request->wIndex & 255;
    if (interface == 1 && (selector == VS_PROBE || selector == VS_COMMIT)) {
        uint32_t frame = largest_frame(probed);
        const unsigned char parameters[PROBE_LENGTH] = {1, 0, probed->format, probed->frame, FOUR(interval(probed)),
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, FOUR(frame), FOUR(PAYLOAD)};
        if (request->bRequest == GET_INFO) return (int)(answer[0] = 3, 1);
        if (request->bRequest == GET_LEN) return (int)(answer[0] = PROBE_LENGTH, 2);
        memcpy(answer, parameters, sizeof parameters);
        return PROBE_LENGTH;
    }
    bool is_setting = selector == PU_BRIGHTNESS || selector == PU_CONTRAST || selector == PU_SATURATION;
    if (interface == 0 && unit == PROCESSING_UNIT && is_setting) {
        int value = -1;
        switch (request->bRequest) {
        case GET_CUR: value = settings[selector]; break;
        case GET_MIN: value = 0; break;
        case GET_MAX: value = 255; break;
        case GET_RES: value = 1; break;
        case GET_LEN: value = 2; break;
        case GET_DEF: value = 128; break;
        case GET_INFO: return (int)(answer[0] = 3, 1);
        default: return -1;
        }
        memcpy(answer, (unsigned char[]){TWO(value)}, 2);
        return 2;
    }
    if (interface == 0 && unit == 0 && selector == 2) return (int)(answer[0] = 6, 1);  // the last error: "invalid control"
    return -1;
}

static void set_video(const struct usb_ctrlrequest *request) {
    unsigned char bytes[64] = {0};
    unsigned selector = request->wValue >> 8, unit = request->wIndex >> 8, interface = request->wIndex & 255;
    size_t count = request->wLength < sizeof bytes ? request->wLength : sizeof bytes;
    if (count && read_control(bytes, count) < 0) return;
    if (interface == 1 && (selector == VS_PROBE || selector == VS_COMMIT) && count >= 8) {
        for (size_t i = 0; i < mode_count; i++)
            if (modes[i].format == bytes[2] && modes[i].frame == bytes[3]) probed = &modes[i];
        if (selector == VS_COMMIT) start();
    } else if (interface == 0 && unit == PROCESSING_UNIT && selector < 8) {
        settings[selector] = bytes[0] | bytes[1] << 8;
    }
}

static void answer_request(const struct usb_ctrlrequest *request) {
    unsigned char answer[256] = {0};
    bool is_in = request->bRequestType & USB_DIR_IN;
    bool is_class = (request->bRequestType & USB_TYPE_MASK) == USB_TYPE_CLASS;
    if (is_class && !is_in) return set_video(request);
    int count = is_class ? video_request(request, answer) : standard_request(request, answer);
    ssize_t result = 0;
    if (count < 0)
        result = is_in ? read(control, answer, 0) : write(control, answer, 0);      // I/O in the wrong direction causes a protocol stall
    else if (is_in)
        do result = write(control, answer, count < request->wLength ? (size_t)count : request->wLength);
        while (result < 0 && (errno == EINTR || errno == EIDRM));
    else
        result = read_control(answer, 0);
    if (result < 0 && errno != EL2HLT) LOG("request %02x: %s", request->bRequest, strerror(errno));
}

static void take_events(void) {
    struct usb_gadgetfs_event events[5];
    ssize_t count = read_control(events, sizeof events);
    for (ssize_t i = 0; i < count / (ssize_t)sizeof *events; i++) {
        if (events[i].type == GADGETFS_SETUP) answer_request(&events[i].u.setup);
        if (events[i].type == GADGETFS_DISCONNECT) {
            stop();
            if (endpoint >= 0) close(endpoint);
            endpoint = -1;
        }
    }
}

// ---- the program

static void command(const char *line) {
    char word[32] = "";
    double number = 1;
    sscanf(line, "%31s %lf", word, &number);
    LOG("%s", line);
    if (!strcmp(word, "unplug")) unplug();
    else if (!strcmp(word, "plug")) plug();
    else if (!strcmp(word, "stall")) stalled_until = now() + number;
    else if (!strcmp(word, "error")) errors = (int)number;
    else if (!strcmp(word, "truncate")) truncated = (int)number;
    else if (!strcmp(word, "garbage")) garbled = (int)number;
    else if (!strcmp(word, "empty")) emptied = (int)number;
    else if (!strcmp(word, "merge")) merged = (int)number;
    else if (!strcmp(word, "skip")) skipped = (int)number;
    else if (!strcmp(word, "count")) LOG("sent %u", sent_frames);
    else LOG("unknown command %s", word);
}

/// Removes the Huffman tables (DHT) from a JPEG.
static void make_bare(struct jpeg *jpeg) {
    size_t from = 2, to = 2;
    while (from + 4 < jpeg->count && jpeg->bytes[from + 1] != 0xda) {
        size_t count = 2 + (size_t)(jpeg->bytes[from + 2] << 8 | jpeg->bytes[from + 3]);
        if (jpeg->bytes[from + 1] != 0xc4) {
            memmove(jpeg->bytes + to, jpeg->bytes + from, count);
            to += count;
        }
        from += count;
    }
    memmove(jpeg->bytes + to, jpeg->bytes + from, jpeg->count - from);
    jpeg->count -= from - to;
}

static void load(struct mode *mode, const char *path, bool is_bare) {
    FILE *file = fopen(path, "rb");
    struct stat status;
    if (!file || fstat(fileno(file), &status)) {
        perror(path);
        exit(66);
    }
    size_t count = (size_t)status.st_size, begin = 0;
    unsigned char *bytes = malloc(count);
    count = fread(bytes, 1, count, file);
    fclose(file);
    for (size_t i = 0; i + 1 < count && mode->frame_count < MOST_FRAMES; i++) {
        if (bytes[i] != 0xff) continue;
        if (bytes[i + 1] == 0xd8) begin = i;
        if (bytes[i + 1] != 0xd9) continue;
        mode->frames[mode->frame_count] = (struct jpeg){bytes + begin, i + 2 - begin};
        if (is_bare) make_bare(&mode->frames[mode->frame_count]);
        mode->frame_count++;
    }
}

static void interrupted(int signal) { (void)signal; }

int main(int count, char **arguments) {
    sigaction(SIGUSR1, &(struct sigaction){.sa_handler = interrupted}, NULL);
    signal(SIGPIPE, SIG_IGN);
    for (int i = 1; i < count && mode_count < MOST_MODES; i++) {
        struct mode *mode = &modes[mode_count++];
        char kind[8], path[256] = "";
        if (sscanf(arguments[i], "%7[a-z]:%ux%u@%u=%255s", kind, &mode->width, &mode->height, &mode->rate, path) < 4) {
            fprintf(stderr, "usb-camera: unknown argument %s\n", arguments[i]);
            return 64;
        }
        mode->is_yuyv = !strcmp(kind, "yuyv");
        if (!mode->is_yuyv) load(mode, path, !strcmp(kind, "bare"));
    }
    build_descriptors();
    mkdir("/dev/gadget", 0755);
    if (mount("none", "/dev/gadget", "gadgetfs", 0, NULL)) perror("gadgetfs");
    mkfifo("/run/usb-camera", 0600);
    int commands = open("/run/usb-camera", O_RDWR | O_NONBLOCK);
    FILE *lines = fdopen(commands, "r");
    plug();
    for (;;) {
        struct pollfd waits[2] = {{commands, POLLIN, 0}, {control, POLLIN, 0}};
        if (poll(waits, control >= 0 ? 2 : 1, -1) < 0) continue;
        if (control >= 0 && waits[1].revents) take_events();
        char line[128];
        while (waits[0].revents && fgets(line, sizeof line, lines)) {
            line[strcspn(line, "\n")] = 0;
            command(line);
        }
        clearerr(lines);
    }
}
