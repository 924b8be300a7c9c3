/// Converts a camera's pictures to a format that the encoder supports.
///
/// A converter must be used by one thread only. It is safe to pass damaged pictures to it.
public final class FormatConverter {
    /// The format of the result, which has the size of the camera's pictures and no padding.
    public let output: CaptureFormat

    private enum Way {
        case repacking(Repacking)
        case bayer(BayerLayout, LibraryConverter)
        case library(LibraryConverter)
    }

    private let source: CaptureFormat
    private let way: Way
    private var range = GreyRange(bits: 8)
    /// The Bayer pattern with one byte per sample, in a buffer that is reused for every picture.
    private var pattern: [UInt8] = []
    /// The result of libv4l's conversion of `pattern`.
    private var planes: [UInt8] = []

    /// Creates a converter from a camera's configured format.
    ///
    /// `name` is the camera's name, for error messages.
    public init(_ format: CaptureFormat, name: String) throws(CameraError) {
        source = format
        if let repacking = Repacking(format.pixelFormat) {
            way = .repacking(repacking)
            output = CaptureFormat(target: repacking.target, of: format)
            if case .grey(let bits, _) = repacking.storage { range = GreyRange(bits: bits) }
            return
        }
        if let layout = BayerLayout(format.pixelFormat) {
            let even = PictureSize(width: (format.size.width + 1) / 2 * 2, height: (format.size.height + 1) / 2 * 2)
            way = .bayer(layout, try LibraryConverter(layout.plain, even, name: name))
            pattern = [UInt8](repeating: 0, count: even.pixelCount)
            planes = [UInt8](repeating: 0, count: even.pixelCount * 3 / 2)
        } else {
            way = .library(try LibraryConverter(format.pixelFormat, format.size, name: name))
        }
        output = CaptureFormat(target: .yu12, of: format)
    }

    /// Converts one picture, and writes the result, which has `output.imageByteCount` bytes, to `planes`.
    ///
    /// Throws `failed` if the picture is damaged, or if the installed version of libv4l does not support the format.
    public func convert(_ picture: RawSpan, into planes: inout MutableRawSpan) throws(CameraError) {
        if let whole = source.wholeByteCount, picture.byteCount < whole {
            throw CameraError(.failed, "the picture has \(picture.byteCount) bytes instead of \(whole)")
        }
        let (width, height) = (source.size.width, source.size.height)
        switch way {
        case .repacking(let repacking):
            let bytes = Span<UInt8>(_bytes: picture)
            range.follow { body in
                repacking.sampleLevels(
                    bytes, width: width, height: height, bytesPerLine: source.bytesPerLine, body)
            }
            planes.withBytes { target in
                repacking.convert(
                    bytes, width: width, height: height, bytesPerLine: source.bytesPerLine, shades: range.shades,
                    into: &target)
            }
        case .bayer(let layout, let library):
            layout.convert(
                Span<UInt8>(_bytes: picture), width: width, height: height, bytesPerLine: source.bytesPerLine,
                into: &pattern)
            try library.convert(pattern, into: &self.planes)
            let evenWidth = (width + 1) / 2 * 2
            planes.withBytes { target in
                Self.crop(self.planes, evenWidth: evenWidth, width: width, height: height, into: &target)
            }
        case .library(let library):
            try library.convert(picture, into: &planes)
        }
    }

    /// Copies a YU12 picture of even width and height, and leaves out the column or line that the camera's picture
    /// lacks.
    private static func crop(
        _ even: [UInt8], evenWidth: Int, width: Int, height: Int, into target: inout MutableSpan<UInt8>
    ) {
        for line in 0..<height {
            for column in 0..<width { target[line * width + column] = even[line * evenWidth + column] }
        }
        let chromaByteCount = evenWidth / 2 * ((height + 1) / 2) * 2
        let from = evenWidth * ((height + 1) / 2 * 2)
        for index in 0..<chromaByteCount { target[width * height + index] = even[from + index] }
    }
}

extension CaptureFormat {
    /// Creates the format of the pictures that result when `source` is converted to `target`.
    fileprivate init(target: PixelFormat, of source: CaptureFormat) {
        let bytesPerLine = target.bytesPerLine(width: source.size.width)
        // libv4l converts RGB and Bayer patterns to Y'CbCr of limited range with the encoding BT.601.
        let isLimited = target == .yu12 && source.pixelFormat.isColourConverted
        self.init(
            pixelFormat: target, size: source.size, bytesPerLine: bytesPerLine,
            imageByteCount: target.byteCount(bytesPerLine: bytesPerLine, height: source.size.height) ?? 0,
            quantization: target == .rgb24 ? .full : isLimited ? .limited : source.quantization,
            encoding: isLimited ? .bt601 : source.encoding, rate: source.rate)
    }
}

extension FormatConverter {
    /// The formats that can be converted.
    ///
    /// Pictures in the formats of `Repacking`, which come first, are only rearranged. The other formats need libv4l.
    public static let sources: [PixelFormat] = Repacking.formats + BayerLayout.formats + LibraryConverter.formats
}

extension PixelFormat {
    /// Whether libv4l converts pictures of this format from another colour space to Y'CbCr.
    var isColourConverted: Bool {
        BayerLayout(self) != nil || LibraryConverter.formats.contains(self) && !["KONI", "CPIA"].contains(characters)
    }

    /// Whether pictures of this format can be used directly or can be converted.
    public var isUsable: Bool { isDirect || FormatConverter.sources.contains(self) }
}

extension MutableRawSpan {
    /// Calls `body` with the bytes as a span of type `MutableSpan<UInt8>`.
    fileprivate mutating func withBytes(_ body: (inout MutableSpan<UInt8>) -> Void) {
        unsafe withUnsafeMutableBytes { bytes in
            var elements = unsafe MutableSpan(
                _unsafeElements: UnsafeMutableBufferPointer(
                    start: bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), count: bytes.count))
            body(&elements)
        }
    }
}
