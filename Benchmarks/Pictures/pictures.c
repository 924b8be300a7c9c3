// Draws pictures for the benchmark's camera: pictures FOLDER WIDTH HEIGHT COUNT BYTES
//
// Each JPEG is about BYTES bytes long. All are different: they show moving gradients, with enough noise for that size.
// The first picture is also written to raw.yuyv: as uncompressed YUYV, with full-range samples.
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <turbojpeg.h>

static uint32_t state = 1;

static uint32_t noise(void) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

static void draw(unsigned char *pixels, int width, int height, int number, double strength) {
    state = (uint32_t)number * 2654435761u | 1;
    int amplitude = (int)(strength * 256);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++, pixels += 3) {
            int grain = (((int)(noise() & 255) - 128) * amplitude) >> 15;
            int shade = 64 + ((x + number * 8) % width) * 96 / width + (y + number * 3) % height * 64 / height;
            if (((x / 40 + number / 4) ^ (y / 40)) % 7 == 0) shade += 24;
            int value = shade + grain;
            pixels[0] = (unsigned char)(value < 0 ? 0 : value > 255 ? 255 : value);
            pixels[1] = (unsigned char)(value < 8 ? 0 : value > 255 ? 247 : value - 8);
            pixels[2] = (unsigned char)(value < -16 ? 0 : value > 239 ? 255 : value + 16);
        }
}

static int write_yuyv(tjhandle compressor, const unsigned char *pixels, int width, int height, const char *folder) {
    size_t luma_count = (size_t)width * (size_t)height;
    unsigned char *luma = malloc(luma_count * 2), *blue = luma + luma_count, *red = blue + luma_count / 2;
    unsigned char *planes[3] = {luma, blue, red}, pair[4];
    char path[4096];
    snprintf(path, sizeof path, "%s/raw.yuyv", folder);
    FILE *file = fopen(path, "we");
    if (!luma || !file ||
        tjEncodeYUVPlanes(compressor, pixels, width, 0, height, TJPF_RGB, planes, NULL, TJSAMP_422, 0)) return -1;
    for (size_t i = 0; i < luma_count / 2; i++) {
        memcpy(pair, (unsigned char[]){luma[2 * i], blue[i], luma[2 * i + 1], red[i]}, sizeof pair);
        fwrite(pair, 1, sizeof pair, file);
    }
    free(luma);
    return fclose(file);
}

int main(int argument_count, char **arguments) {
    if (argument_count != 6) {
        fprintf(stderr, "usage: pictures FOLDER WIDTH HEIGHT COUNT BYTES\n");
        return 64;
    }
    int width = atoi(arguments[2]), height = atoi(arguments[3]), count = atoi(arguments[4]), wanted = atoi(arguments[5]);
    if (width < 16 || width % 2 || height < 16 || width > 8192 || height > 8192 || count < 1 || wanted < 1000) return 64;
    unsigned char *pixels = malloc((size_t)width * (size_t)height * 3), *jpeg = NULL;
    unsigned long size = 0;
    tjhandle compressor = tjInitCompress();
    double low = 0, high = 128, strength = 16;
    for (int i = 0; i < 10; i++, strength = (low + high) / 2) {
        draw(pixels, width, height, 0, strength);
        if (tjCompress2(compressor, pixels, width, 0, height, TJPF_RGB, &jpeg, &size, TJSAMP_420, 80, 0)) return 70;
        if (size < (unsigned long)wanted) low = strength; else high = strength;
    }
    draw(pixels, width, height, 0, strength);
    if (write_yuyv(compressor, pixels, width, height, arguments[1])) {
        perror(arguments[1]);
        return 74;
    }
    for (int i = 0; i < count; i++) {
        char path[4096];
        draw(pixels, width, height, i, strength);
        if (tjCompress2(compressor, pixels, width, 0, height, TJPF_RGB, &jpeg, &size, TJSAMP_420, 80, 0)) return 70;
        snprintf(path, sizeof path, "%s/%04d.jpg", arguments[1], i);
        FILE *file = fopen(path, "we");
        if (!file || fwrite(jpeg, 1, size, file) != size || fclose(file)) {
            perror(path);
            return 74;
        }
    }
    tjFree(jpeg);
    tjDestroy(compressor);
    free(pixels);
    return 0;
}
