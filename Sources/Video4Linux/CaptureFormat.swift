import CVideo4Linux

/// The format a camera was set to: the driver's answer, which may differ from the request.
public struct CaptureFormat: Equatable, Sendable {
    /// Whether luma ranges from 16 to 235 or from 0 to 255 (`v4l2_quantization`).
    public enum Quantization: Sendable { case limited, full }
    /// The weights of the colours in luma (`v4l2_ycbcr_encoding`); JPEGs use `bt601`.
    public enum Encoding: Sendable { case bt601, bt709, bt2020, other }
    /// The fields of an interlaced signal (`v4l2_field`).
    public enum Fields: Sendable {
        case progressive
        /// The lines of both fields alternate: moving edges look like combs.
        case interlaced
        /// Each picture is a single field, with half of the lines.
        case single
        /// One field is above the other in the picture.
        case sequential
    }

    public var pixelFormat: PixelFormat
    public var size: PictureSize
    /// Bytes from one line of the first plane to the next; 0 for JPEG.
    public var bytesPerLine: Int
    /// The maximum size of a picture in bytes.
    public var imageByteCount: Int
    public var quantization: Quantization
    public var encoding: Encoding
    /// The rate that the driver agreed to; nil if it does not report one.
    public var rate: FrameRate?
    /// The number of memory planes; only one is supported.
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

    /// Why pictures of this format cannot be shown, as part of a sentence; nil if they can.
    var defect: String? {
        if planeCount != 1 { return "its driver stores a picture in \(planeCount) planes of memory" }
        guard (1...65500).contains(size.width), (1...65500).contains(size.height) else {
            return "its driver says that pictures have \(size) pixels"
        }
        // Lines of 16 MiB are longer than those of any format.
        return bytesPerLine <= 1 << 24 ? nil : "its driver says that a line has \(bytesPerLine) bytes"
    }

    /// The minimum size of a whole raw picture; nil for compressed formats.
    public var wholeByteCount: Int? { pixelFormat.byteCount(bytesPerLine: bytesPerLine, height: size.height) }
}

/// The format to request from a camera.
public struct CaptureRequest: Equatable, Sendable {
    /// Nil: the first of `PixelFormat.preferred` that the camera offers, else one that libv4l can convert.
    public var pixelFormat: PixelFormat?
    /// See `FrameSizes.nearest(to:)`.
    public var size: PictureSize
    /// See `FrameRates.nearest(to:)`; nil keeps the driver's default.
    public var rate: FrameRate?
    /// Formats to avoid, because they failed before.
    public var excluded: Set<PixelFormat> = []

    public init(
        pixelFormat: PixelFormat? = nil, size: PictureSize = PictureSize(width: 1280, height: 720),
        rate: FrameRate? = nil
    ) {
        self.pixelFormat = pixelFormat
        self.size = size
        self.rate = rate
    }

    /// Chooses a format and size among those that a camera offers; returns nil if none is usable.
    ///
    /// An explicit format must be offered and usable. Otherwise the best format of `PixelFormat.preferred` is chosen,
    /// then the first that libv4l can convert, each in its nearest size.
    public func choose(from formats: [Format]) -> (pixelFormat: PixelFormat, size: PictureSize)? {
        let allowed = formats.filter { $0.pixelFormat.isUsable && !excluded.contains($0.pixelFormat) }
        func offered(_ wanted: PixelFormat) -> Format? { allowed.first { $0.pixelFormat == wanted } }
        let chosen: Format?
        if let pixelFormat {
            // The two names of JPEG are interchangeable.
            chosen = offered(pixelFormat) ?? (pixelFormat.isJPEG ? offered(.mjpeg) ?? offered(.jpeg) : nil)
        } else {
            chosen =
                PixelFormat.preferred.lazy.compactMap(offered).first
                ?? allowed.first
        }
        return chosen.map { ($0.pixelFormat, $0.sizes.nearest(to: size)) }
    }
}
