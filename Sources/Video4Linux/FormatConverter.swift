import CVideo4Linux
import Linux

/// Converts a camera's pictures to planes with libv4l, for formats that are not used directly.
///
/// Slower than everything else here, so the last resort. Not Sendable: use it from one thread.
@safe
public final class FormatConverter {
    /// The format of the result: YU12 of the camera's size.
    public let output: CaptureFormat

    private let data: OpaquePointer
    private var source: v4l2_format
    private var target: v4l2_format

    /// Creates a converter from the configured format of `camera`, which must outlive it.
    public init(_ camera: Camera, _ format: CaptureFormat) throws(CameraError) {
        guard let data = unsafe v4lconvert_create(camera.pollDescriptor) else {
            throw CameraError(.failed, "\(camera.path): libv4l cannot convert its pictures")
        }
        unsafe self.data = data
        unsafe source = Self.describe(format)
        let (width, height) = (format.size.width, format.size.height)
        output = CaptureFormat(
            pixelFormat: .yu12, size: format.size, bytesPerLine: width,
            imageByteCount: width * height + 2 * ((width + 1) / 2) * ((height + 1) / 2),
            // libv4l keeps the samples of Y'CbCr, and converts RGB and Bayer patterns to limited range.
            quantization: format.pixelFormat.isColourConverted ? .limited : format.quantization,
            encoding: format.pixelFormat.isColourConverted ? .bt601 : format.encoding, rate: format.rate)
        unsafe target = Self.describe(output)
    }

    deinit {
        unsafe v4lconvert_destroy(data)
    }

    /// Converts one picture into `output.imageByteCount` bytes; returns the number of bytes written.
    ///
    /// Throws `failed` if the picture is damaged, or this libv4l does not know the format.
    public func convert(_ picture: RawSpan, into planes: inout MutableRawSpan) throws(CameraError) -> Int {
        let count = unsafe picture.withUnsafeBytes { from in
            unsafe planes.withUnsafeMutableBytes { to -> CInt in
                // The library takes a pointer to mutable bytes but only reads from it.
                let bytes = unsafe UnsafeMutablePointer(
                    mutating: from.baseAddress?.assumingMemoryBound(to: UInt8.self))
                return unsafe v4lconvert_convert(
                    data, &source, &target, bytes, CInt(clamping: from.count),
                    to.baseAddress?.assumingMemoryBound(to: UInt8.self), CInt(clamping: to.count))
            }
        }
        guard count >= 0 else {
            let reason = unsafe v4lconvert_get_error_message(data).map { unsafe String(cString: $0) } ?? ""
            let line = reason.split(separator: "\n").first.map(String.init) ?? "unknown reason"
            throw CameraError(.failed, "libv4l cannot convert a picture: \(line)")
        }
        return Int(count)
    }

    private static func describe(_ format: CaptureFormat) -> v4l2_format {
        var description = unsafe v4l2_format()
        unsafe description.type = V4L2_BUF_TYPE_VIDEO_CAPTURE.rawValue
        unsafe description.fmt.pix.width = UInt32(clamping: format.size.width)
        unsafe description.fmt.pix.height = UInt32(clamping: format.size.height)
        unsafe description.fmt.pix.pixelformat = format.pixelFormat.code
        unsafe description.fmt.pix.bytesperline = UInt32(clamping: format.bytesPerLine)
        unsafe description.fmt.pix.sizeimage = UInt32(clamping: format.imageByteCount)
        unsafe description.fmt.pix.field = V4L2_FIELD_NONE.rawValue
        return unsafe description
    }
}

extension FormatConverter {
    /// The formats that libv4l converts to YU12 and that are not used directly, by four-character code.
    ///
    /// The library does not list its formats. Version 1.22 crashes on those of 32 bits per pixel and swaps red and blue
    /// of those of 16 bits, so each of these was tried.
    public static let sources: [PixelFormat] = [
        "YVYU", "YV12", "NV16", "NV61", "M420", "HM12", "Y16", "Y10B", "Y04", "Y06",
        "BA81", "GBRG", "GRBG", "RGGB", "BG10", "GB10", "BA10", "RG10", "pBAA", "pgAA", "pGAA", "pRAA",
        "PJPG", "JPGL", "S501", "S505", "S508", "S561", "S910", "S920", "P207", "CPIA", "KONI",
    ].compactMap { PixelFormat(name: $0) }
}

extension PixelFormat {
    /// Whether libv4l computes Y'CbCr from another colour space.
    var isColourConverted: Bool {
        let kept: Set = ["YVYU", "YV12", "NV16", "NV61", "M420", "HM12", "Y16", "Y10B", "Y04", "Y06", "KONI", "CPIA"]
        return !kept.contains(characters)
    }

    /// Whether pictures are used directly, or libv4l can convert them.
    public var isUsable: Bool { isDirect || FormatConverter.sources.contains(self) }
}
