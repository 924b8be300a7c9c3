import CVideo4Linux

/// The format that the driver has set, which may differ from the requested one.
public struct CaptureFormat: Equatable, Sendable {
    /// Whether luma ranges from 16 to 235 or from 0 to 255 (`v4l2_quantization`).
    public enum Quantization: Sendable { case limited, full }
    /// How luma and chroma were computed from red, green and blue (`v4l2_ycbcr_encoding`).
    ///
    /// JPEGs use `bt601`.
    public enum Encoding: Sendable { case bt601, bt709, bt2020, other }
    /// How the fields of an interlaced signal are stored (`v4l2_field`).
    public enum Fields: Sendable {
        case progressive
        /// The lines of the two fields alternate, which makes moving edges look like combs.
        case interlaced
        /// Each picture is a single field, which has half of the lines.
        case single
        /// The picture contains one field above the other.
        case sequential
    }

    public var pixelFormat: PixelFormat
    public var size: PictureSize
    /// The number of bytes from the start of one line of the first plane to the next; 0 for JPEG.
    public var bytesPerLine: Int
    /// The maximum size of a picture in bytes.
    public var imageByteCount: Int
    public var quantization: Quantization
    public var encoding: Encoding
    /// The rate that the driver has set; nil if it does not report one.
    public var rate: FrameRate?
    /// The number of memory planes in which the driver stores a picture.
    ///
    /// Pictures with more than one plane are not supported.
    var planeCount = 1
    /// How the driver stores the fields of an interlaced signal.
    public var fields = Fields.progressive

    public init(
        pixelFormat: PixelFormat, size: PictureSize, bytesPerLine: Int, imageByteCount: Int,
        quantization: Quantization = .full, encoding: Encoding = .bt601, rate: FrameRate? = nil
    ) {
        self.pixelFormat = pixelFormat
        self.size = size
        self.bytesPerLine = bytesPerLine
        self.imageByteCount = imageByteCount
        self.quantization = quantization
        self.encoding = encoding
        self.rate = rate
    }

    /// The reason why pictures of this format cannot be used, as a clause; nil if they can be used.
    var defect: String? {
        if planeCount != 1 { return "its driver stores a picture in \(planeCount) planes of memory" }
        guard (1...65500).contains(size.width), (1...65500).contains(size.height) else {
            return "its driver says that pictures have \(size) pixels"
        }
        // No format has lines of more than 16 MiB.
        return bytesPerLine <= 1 << 24 ? nil : "its driver says that a line has \(bytesPerLine) bytes"
    }

    /// The minimum size of a whole raw picture in bytes; nil for compressed formats.
    public var wholeByteCount: Int? { pixelFormat.byteCount(bytesPerLine: bytesPerLine, height: size.height) }
}

/// The format to request from a camera.
public struct CaptureRequest: Equatable, Sendable {
    /// The pixel format.
    ///
    /// Nil means the first of `PixelFormat.preferred` that the camera offers, or, if it offers none of them, a format
    /// that can be converted.
    public var pixelFormat: PixelFormat?
    /// The wanted size; `FrameSizes.nearest(to:)` chooses among the offered sizes.
    public var size: PictureSize
    /// The wanted rate; `FrameRates.nearest(to:)` chooses among the offered rates.
    ///
    /// Nil keeps the driver's default.
    public var rate: FrameRate?
    /// Formats that must not be used, because they have failed before.
    public var excluded: Set<PixelFormat> = []

    public init(
        pixelFormat: PixelFormat? = nil, size: PictureSize = PictureSize(width: 1280, height: 720),
        rate: FrameRate? = nil
    ) {
        self.pixelFormat = pixelFormat
        self.size = size
        self.rate = rate
    }

    /// Chooses one of the formats and sizes that a camera offers; returns nil if none is usable.
    ///
    /// If this request contains a format, the camera must offer it, and it must be usable. If the request contains no
    /// format, the first of `PixelFormat.preferred` that the camera offers is chosen. If the camera offers none of
    /// these, its first format that can be converted is chosen.
    public func choose(from formats: [Format]) -> (pixelFormat: PixelFormat, size: PictureSize)? {
        let allowed = formats.filter { $0.pixelFormat.isUsable && !excluded.contains($0.pixelFormat) }
        func offered(_ wanted: PixelFormat) -> Format? { allowed.first { $0.pixelFormat == wanted } }
        let chosen: Format?
        if let pixelFormat {
            // Drivers use two codes for JPEG, which are interchangeable.
            chosen = offered(pixelFormat) ?? (pixelFormat.isJPEG ? offered(.mjpeg) ?? offered(.jpeg) : nil)
        } else {
            chosen =
                PixelFormat.preferred.lazy.compactMap(offered).first
                ?? allowed.first
        }
        return chosen.map { ($0.pixelFormat, $0.sizes.nearest(to: size)) }
    }
}
