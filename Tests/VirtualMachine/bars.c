// Decodes a JPEG of COUNT vertical colour bars and prints a line "red green blue" with the mean colour of each bar.
//
//   bars COUNT FILE
#include <stdio.h>
#include <stdlib.h>
#include <turbojpeg.h>

int main(int count, char **arguments) {
    if (count != 3) return 64;
    static unsigned char jpeg[8 << 20];
    FILE *file = fopen(arguments[2], "rb");
    size_t bytes = file ? fread(jpeg, 1, sizeof jpeg, file) : 0;
    tjhandle decoder = tjInitDecompress();
    int bars = atoi(arguments[1]), width, height, subsampling, colours;
    if (tjDecompressHeader3(decoder, jpeg, bytes, &width, &height, &subsampling, &colours)) return 65;
    unsigned char *pixels = malloc((size_t)width * (size_t)height * 3);
    if (tjDecompress2(decoder, jpeg, bytes, pixels, width, 0, height, TJPF_RGB, TJFLAG_ACCURATEDCT)) return 65;
    for (int bar = 0; bar < bars; bar++) {
        // Use only the middle half of the bar's width and height, to leave out edges and borders.
        int left = (4 * bar + 1) * width / (4 * bars), right = (4 * bar + 3) * width / (4 * bars);
        double sum[3] = {0};
        for (int y = height / 4; y < height * 3 / 4; y++)
            for (int x = left; x < right; x++)
                for (int i = 0; i < 3; i++) sum[i] += pixels[(y * width + x) * 3 + i];
        double area = (double)(right - left) * (height * 3 / 4 - height / 4);
        printf("%.0f %.0f %.0f\n", sum[0] / area, sum[1] / area, sum[2] / area);
    }
    return 0;
}
