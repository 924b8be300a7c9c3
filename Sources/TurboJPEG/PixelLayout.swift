/// The memory layout of an uncompressed picture.
public enum PixelLayout: Sendable, CaseIterable {
    /// 4:2:2, four bytes for two pixels: Y, Cb, Y, Cr (V4L2's YUYV).
    case yuyv
    /// 4:2:2, four bytes for two pixels: Cb, Y, Cr, Y (V4L2's UYVY).
    case uyvy
    /// 4:2:0, the luma plane, then a plane of alternating Cb and Cr (V4L2's NV12).
    case nv12
    /// 4:2:0, luma plane, Cb plane, Cr plane (V4L2's YU12); chroma lines have half the bytes of luma's, rounded up.
    case i420
    /// Luma only (V4L2's GREY); becomes a greyscale JPEG.
    case grey
    /// Three bytes a pixel: red, green, blue (V4L2's RGB3).
    case rgb24
    /// Three bytes a pixel: blue, green, red (V4L2's BGR3).
    case bgr24

    /// The minimum length of a line of `width` pixels, in the luma plane.
    public func minimumBytesPerLine(width: Int) -> Int {
        switch self {
        case .yuyv, .uyvy: (width + 1) / 2 * 4
        case .nv12, .i420, .grey: width
        case .rgb24, .bgr24: width * 3
        }
    }

    /// The minimum size of a picture: the padding of the last line may be missing.
    ///
    /// - Parameters:
    ///   - width: Pixels per line.
    ///   - height: Lines.
    ///   - bytesPerLine: From the start of one line to the start of the next, in the luma plane.
    /// - Returns: The number of bytes.
    public func minimumByteCount(width: Int, height: Int, bytesPerLine: Int) -> Int {
        let chromaHeight = (height + 1) / 2
        let chroma = chromaBytesPerLine(bytesPerLine)
        return switch self {
        case .yuyv, .uyvy, .grey, .rgb24, .bgr24:
            bytesPerLine * (height - 1) + minimumBytesPerLine(width: width)
        case .nv12:
            bytesPerLine * height + chroma * (chromaHeight - 1) + (width + 1) / 2 * 2
        case .i420:
            bytesPerLine * height + chroma * (2 * chromaHeight - 1) + (width + 1) / 2
        }
    }

    /// From one line of the chroma planes to the next: of an odd luma line it is that of the next even one, as drivers
    /// have it (v4l2_fill_pixfmt of the kernel).
    func chromaBytesPerLine(_ bytesPerLine: Int) -> Int {
        self == .nv12 ? (bytesPerLine + 1) / 2 * 2 : (bytesPerLine + 1) / 2
    }
}

/// The chroma subsampling of a JPEG.
public enum Subsampling: Sendable, CaseIterable {
    /// 4:2:0: a quarter of the chroma samples, as nearly all cameras and viewers use.
    case s420
    /// 4:2:2: half of the chroma samples, about 6 % more bytes. Only useful if the source has as many.
    case s422
}

/// The range of a Y'CbCr source, from black to white.
public enum ColorRange: Sendable, CaseIterable {
    /// 16 to 235 (chroma 16 to 240), ITU-R BT.601: the default of V4L2 drivers (V4L2_QUANTIZATION_LIM_RANGE).
    case limited
    /// 0 to 255, as in JPEGs (JFIF; V4L2_QUANTIZATION_FULL_RANGE).
    case full
}
