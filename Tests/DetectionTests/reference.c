// Does in C what the module Detection does: decodes a picture, fills the network's input, runs the network and computes
// boxes. Benchmarks compare the times of this program with those of the module.
//
//   cc -O3 -march=native -o reference Tests/DetectionTests/reference.c -lturbojpeg -ldl -lm
//   ./reference libonnxruntime.so.1 model.onnx COUNT FILE…
//
// If COUNT is "-" and no file is named, the program reads lines of the form "COUNT FILE" from standard input and prints
// the result of each line at once. A benchmark can thus alternate between this program and others.
#include <dlfcn.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <turbojpeg.h>

typedef void *object;
static object *table, session, memory;
#define CALL(slot, type) ((type)table[slot])
static void check(object status, const char *what) {
    if (!status) return;
    fprintf(stderr, "%s: %s\n", what, CALL(2, const char *(*)(object))(status));
    exit(70);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1e3 + time.tv_nsec / 1e6;
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

typedef struct { float score, left, top, right, bottom; int kind; } Box;
static int by_score(const void *a, const void *b) {
    float x = ((const Box *)a)->score, y = ((const Box *)b)->score;
    return (x < y) - (x > y);
}

static float overlap(const Box *a, const Box *b) {
    float w = fminf(a->right, b->right) - fmaxf(a->left, b->left), h = fminf(a->bottom, b->bottom) - fmaxf(a->top, b->top);
    if (w <= 0 || h <= 0) return 0;
    float shared = w * h;
    return shared / ((a->right - a->left) * (a->bottom - a->top) + (b->right - b->left) * (b->bottom - b->top) - shared);
}

static int suppress(Box *boxes, int count, int same_class, float limit) {
    int kept = 0;
    for (int i = 0; i < count; i++) {
        int is_kept = 1;
        for (int k = 0; k < kept && is_kept; k++)
            if ((!same_class || boxes[k].kind == boxes[i].kind) && overlap(&boxes[k], &boxes[i]) > limit) is_kept = 0;
        if (is_kept) boxes[kept++] = boxes[i];
    }
    return kept;
}

static int side(int length, int longest) {
    int exact = (int)ceil(416.0 * length / longest), rounded = (exact + 31) / 32 * 32;
    return rounded < 32 ? 32 : rounded;
}

// Scales bilinearly with aligned pixel centres, as OpenCV's INTER_LINEAR does.
static void letterbox(const uint8_t *pixels, int width, int height, float *tensor, int W, int H, double *ratio) {
    double r = fmin((double)W / width, (double)H / height);
    int w = (int)(width * r), h = (int)(height * r), plane = W * H;
    static float *row;
    static int *first, *second;
    static float *weight;
    row = realloc(row, sizeof(float) * 3 * width);
    first = realloc(first, sizeof(int) * w), second = realloc(second, sizeof(int) * w);
    weight = realloc(weight, sizeof(float) * w);
    for (int x = 0; x < w; x++) {
        double p = fmin(fmax((x + 0.5) * width / w - 0.5, 0), width - 1);
        first[x] = (int)p, second[x] = first[x] + 1 < width ? first[x] + 1 : width - 1, weight[x] = (float)(p - first[x]);
    }
    for (int i = 0; i < 3 * plane; i++) tensor[i] = 114;
    for (int y = 0; y < h; y++) {
        double p = fmin(fmax((y + 0.5) * height / h - 0.5, 0), height - 1);
        int a = (int)p, b = a + 1 < height ? a + 1 : height - 1;
        float f = (float)(p - a);
        const uint8_t *above = pixels + (size_t)a * width * 3, *below = pixels + (size_t)b * width * 3;
        for (int i = 0; i < width * 3; i++) row[i] = above[i] + (below[i] - above[i]) * f;
        for (int c = 0; c < 3; c++) {
            float *out = tensor + c * plane + y * W;
            for (int x = 0; x < w; x++) {
                float v = row[first[x] * 3 + c];
                out[x] = v + (row[second[x] * 3 + c] - v) * weight[x];
            }
        }
    }
    *ratio = r;
}

// Processes the picture at `path` `count` times and prints the times in milliseconds. In the output, "cpu" is the mean
// CPU time of one repetition.
static void measure(tjhandle decoder, int count, const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) perror(path), exit(66);
    static uint8_t jpeg[16 << 20];
    size_t bytes = fread(jpeg, 1, sizeof jpeg, file);
    fclose(file);
    uint8_t *pixels = NULL;
    float *tensor = NULL;
    Box *boxes = malloc(sizeof(Box) * 100000);
    double *times = malloc(sizeof(double) * count);
    double cpu = clock() * 1e3 / CLOCKS_PER_SEC;
    int found = 0, width, height, sampling, space, W = 0, H = 0;
    for (int i = 0; i < count; i++) {
        double began = now();
        tjDecompressHeader3(decoder, jpeg, bytes, &width, &height, &sampling, &space);
        int longest = width > height ? width : height;
        W = side(width, longest), H = side(height, longest);
        if (!pixels) pixels = malloc((size_t)width * height * 3), tensor = malloc(sizeof(float) * 3 * W * H);
        tjDecompress2(decoder, jpeg, bytes, pixels, width, width * 3, height, TJPF_BGR, 0);
        double ratio;
        letterbox(pixels, width, height, tensor, W, H, &ratio);
        int64_t shape[4] = {1, 3, H, W};
        object input, output = NULL;
        check(CALL(49, object(*)(object, void *, size_t, const int64_t *, size_t, int, object *))(
                  memory, tensor, sizeof(float) * 3 * W * H, shape, 4, 1, &input), "tensor");
        const char *input_name = "images", *output_name = "output";
        check(CALL(9, object(*)(object, object, const char *const *, const object *, size_t, const char *const *, size_t, object *))(
                  session, NULL, &input_name, &input, 1, &output_name, 1, &output), "run");
        float *rows;
        CALL(51, object(*)(object, void **))(output, (void **)&rows);
        int candidates = 0;
        const float *row = rows;
        for (int stride = 8; stride <= 32; stride *= 2)
            for (int y = 0; y < H / stride; y++)
                for (int x = 0; x < W / stride; x++, row += 85) {
                    if (row[4] < 0.05f) continue;
                    int best = 0;
                    for (int k = 1; k < 80; k++) if (row[5 + k] > row[5 + best]) best = k;
                    float score = row[4] * row[5 + best];
                    if (score < 0.05f) continue;
                    float cx = (row[0] + x) * stride, cy = (row[1] + y) * stride, w = expf(row[2]) * stride, h = expf(row[3]) * stride;
                    boxes[candidates++] = (Box){score, cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2, best};
                }
        qsort(boxes, candidates, sizeof(Box), by_score);
        found = suppress(boxes, suppress(boxes, candidates, 1, 0.45f), 0, 0.8f);
        CALL(96, void (*)(object))(output);
        CALL(96, void (*)(object))(input);
        times[i] = now() - began;
    }
    cpu = (clock() * 1e3 / CLOCKS_PER_SEC - cpu) / count;
    qsort(times, count, sizeof(double), compare);
    printf("{\"file\": \"%s\", \"input\": [%d, %d], \"found\": %d, \"best\": %.4f, \"min\": %.3f, \"p50\": %.3f, \"p90\": %.3f, \"cpu\": %.3f}\n",
           path, W, H, found, found ? boxes[0].score : 0, times[0], times[count / 2], times[count * 9 / 10], cpu);
    fflush(stdout);
    free(pixels), free(tensor), free(boxes), free(times);
}

int main(int argc, char **argv) {
    if (argc < 4 || (argc < 5 && strcmp(argv[3], "-"))) return fprintf(stderr, "usage: reference LIBRARY MODEL COUNT FILE...\n"), 64;
    setenv("ORT_DISABLE_TELEMETRY", "1", 1);
    void *library = dlopen(argv[1], RTLD_NOW);
    if (!library) return fprintf(stderr, "%s\n", dlerror()), 69;
    object *base = ((object * (*)(void)) dlsym(library, "OrtGetApiBase"))();
    table = ((object * (*)(uint32_t)) base[0])(14);
    double started = now();
    object environment, options;
    check(CALL(3, object(*)(int, const char *, object *))(3, "reference", &environment), "environment");
    check(CALL(10, object(*)(object *))(&options), "options");
    CALL(23, object(*)(object, int))(options, 99);
    CALL(24, object(*)(object, int))(options, 1);
    CALL(130, object(*)(object, const char *, const char *))(options, "session.intra_op.allow_spinning", "0");
    check(CALL(7, object(*)(object, const char *, object, object *))(environment, argv[2], options, &session), "session");
    check(CALL(69, object(*)(int, int, object *))(1, 0, &memory), "memory");
    fprintf(stderr, "loaded in %.1f ms\n", now() - started);
    tjhandle decoder = tjInitDecompress();
    char line[4096], path[4096];
    int count = atoi(argv[3]);
    for (int n = 4; n < argc; n++) measure(decoder, count, argv[n]);
    while (argc == 4 && fgets(line, sizeof line, stdin))
        if (sscanf(line, "%d %4095[^\n]", &count, path) == 2) measure(decoder, count, path);
}
