/// The memory layout of an uncompressed picture.
public enum PixelLayout: Sendable, CaseIterable {
    /// 4:2:2, in which two pixels have four bytes: Y, Cb, Y, Cr (V4L2's YUYV).
    case yuyv
    /// 4:2:2, in which two pixels have four bytes: Cb, Y, Cr, Y (V4L2's UYVY).
    case uyvy
    /// 4:2:0, with a plane of luma, followed by a plane of alternating Cb and Cr (V4L2's NV12).
    case nv12
    /// 4:2:0, with planes of luma, Cb and Cr (V4L2's YU12). Chroma lines have half as many bytes as luma lines, rounded
    /// up.
    case i420
    /// Luma only (V4L2's GREY). Such a picture becomes a greyscale JPEG.
    case grey
    /// A pixel has three bytes: red, green, blue (V4L2's RGB3).
    case rgb24
    /// A pixel has three bytes: blue, green, red (V4L2's BGR3).
    case bgr24

    /// Returns the minimum number of bytes of a line of `width` pixels in the luma plane.
    public func minimumBytesPerLine(width: Int) -> Int {
        switch self {
        case .yuyv, .uyvy: (width + 1) / 2 * 4
        case .nv12, .i420, .grey: width
        case .rgb24, .bgr24: width * 3
        }
    }

    /// Returns the minimum size of a picture, which is its size without the padding of its last line.
    ///
    /// - Parameters:
    ///   - width: The number of pixels per line.
    ///   - height: The number of lines.
    ///   - bytesPerLine: The number of bytes from the start of one line of the luma plane to the start of the next.
    /// - Returns: The size in bytes.
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

    /// Returns the number of bytes from one line of the chroma planes to the next.
    ///
    /// `bytesPerLine` is the number for the luma plane. If it is odd, it is rounded up first, as in drivers
    /// (v4l2_fill_pixfmt of the kernel).
    func chromaBytesPerLine(_ bytesPerLine: Int) -> Int {
        self == .nv12 ? (bytesPerLine + 1) / 2 * 2 : (bytesPerLine + 1) / 2
    }
}

/// The chroma subsampling of a JPEG.
public enum Subsampling: Sendable, CaseIterable {
    /// A quarter of the chroma samples is kept. Nearly all cameras and viewers use this subsampling.
    case s420
    /// Half of the chroma samples are kept, so a JPEG is about 6 % larger than with 4:2:0. This subsampling is only
    /// useful if the source also contains at least half of the chroma samples.
    case s422
}

/// The range of Y'CbCr samples from black to white.
public enum ColorRange: Sendable, CaseIterable {
    /// Luma is from 16 to 235, and chroma from 16 to 240 (ITU-R BT.601). This is the default of V4L2 drivers
    /// (V4L2_QUANTIZATION_LIM_RANGE).
    case limited
    /// Samples are from 0 to 255, as in JPEGs (JFIF; V4L2_QUANTIZATION_FULL_RANGE).
    case full
}
