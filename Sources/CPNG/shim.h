#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <png.h>

// This file uses libpng's simplified API. That API reports errors through return values instead of longjmp, and it
// limits the size of ancillary chunks.

static inline int cpng_begin(png_image *_Nonnull image, const void *_Nonnull bytes, size_t count) {
    memset(image, 0, sizeof *image);
    image->version = PNG_IMAGE_VERSION;
    return png_image_begin_read_from_memory(image, bytes, count);
}

/// Reads the width and the height from the header. Returns 1, or 0 if the picture is not a valid PNG.
static inline int cpng_size(const void *_Nonnull bytes, size_t count, uint32_t *_Nonnull width,
                            uint32_t *_Nonnull height) {
    png_image image;
    if (!cpng_begin(&image, bytes, count)) return 0;
    *width = image.width;
    *height = image.height;
    png_image_free(&image);
    return 1;
}

/// Decodes a PNG to 8-bit RGB. Transparent parts are blended with the colours that `pixels` already contains. `width`
/// and `height` must be the size that `cpng_size` returned. Returns 1, or 0 if the picture is damaged.
static inline int cpng_decode(const void *_Nonnull bytes, size_t count, uint8_t *_Nonnull pixels, uint32_t width,
                              uint32_t height) {
    png_image image;
    if (!cpng_begin(&image, bytes, count)) return 0;
    if (image.width != width || image.height != height) {
        png_image_free(&image);
        return 0;
    }
    image.format = PNG_FORMAT_RGB;
    // This call frees the image even if it fails.
    return png_image_finish_read(&image, NULL, pixels, 0, NULL);
}
