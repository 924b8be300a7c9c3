import CVideo4Linux
import Linux

/// Converts pictures to YU12 with libv4l.
///
/// The library does not check the sizes that are passed to it, and makes mistakes if lines have padding. Therefore, it
/// receives only pictures without padding, in sizes that it can convert. If the data is damaged, the library's decoders
/// read and write a little outside their buffers. Therefore, the buffers of this object have unused bytes next to the
/// data. The library never accesses the camera.
///
/// A converter must be used by one thread only.
@safe
final class LibraryConverter {
    private let data: OpaquePointer
    private var source: v4l2_format
    private var target: v4l2_format
    private let format: PixelFormat
    /// The number of bytes in the result.
    private let output: Int
    /// The maximum number of bytes of a picture that are converted; any further bytes are ignored.
    private let maximumByteCount: Int
    /// A copy of the picture, followed by zeros.
    private var input: [UInt8]
    /// The result, with unused bytes before and after it.
    private var result: [UInt8]
    private static let margin = 128 << 10

    /// Creates a converter for pictures of the given format and size.
    ///
    /// `name` is the camera's name, for error messages.
    init(_ format: PixelFormat, _ size: PictureSize, name: String) throws(CameraError) {
        guard size.width.isMultiple(of: 2), size.height.isMultiple(of: 2), size.width >= 16, size.height >= 16 else {
            throw CameraError(
                .noUsableFormat, "\(name): libv4l cannot convert \(format) pictures of \(size): choose another --size")
        }
        guard let data = unsafe v4l2_create_converter() else {
            throw CameraError(.failed, "\(name): libv4l cannot convert its pictures")
        }
        self.format = format
        output = size.pixelCount * 3 / 2
        maximumByteCount = size.pixelCount * 4
        input = [UInt8](repeating: 0, count: maximumByteCount * 2 + Self.margin)
        result = [UInt8](repeating: 0, count: output + 2 * Self.margin)
        unsafe self.data = data
        unsafe source = Self.describe(format, size, byteCount: size.pixelCount)
        unsafe target = Self.describe(.yu12, size, byteCount: output)
    }

    deinit {
        unsafe v4lconvert_destroy(data)
    }

    func convert(_ picture: [UInt8], into planes: inout [UInt8]) throws(CameraError) {
        var span = planes.mutableSpan
        var bytes = unsafe span.mutableBytes
        try convert(unsafe picture.span.bytes, into: &bytes)
    }

    /// Converts one picture to YU12 without padding.
    func convert(_ picture: RawSpan, into planes: inout MutableRawSpan) throws(CameraError) {
        guard planes.byteCount >= output else {
            throw CameraError(
                .failed, "the result needs \(output) bytes, but there is only room for \(planes.byteCount) bytes")
        }
        guard !Self.planarFormats.contains(format) || picture.byteCount >= output else {
            throw CameraError(.failed, "the picture has \(picture.byteCount) bytes instead of \(output)")
        }
        let byteCount = min(picture.byteCount, maximumByteCount)
        let count = unsafe input.withUnsafeMutableBytes { from in
            unsafe picture.withUnsafeBytes { unsafe from.copyMemory(from: .init(rebasing: $0[..<byteCount])) }
            unsafe from[byteCount...].initializeMemory(as: UInt8.self, repeating: 0)
            return unsafe result.withUnsafeMutableBytes { to -> CInt in
                let target = unsafe to.baseAddress?.advanced(by: Self.margin)
                return unsafe v4lconvert_convert(
                    data, &source, &self.target, from.baseAddress?.assumingMemoryBound(to: UInt8.self),
                    CInt(clamping: byteCount), target?.assumingMemoryBound(to: UInt8.self), CInt(clamping: output))
            }
        }
        unsafe planes.withUnsafeMutableBytes { target in
            unsafe result.withUnsafeBytes {
                unsafe target.copyMemory(from: .init(rebasing: $0[Self.margin..<(Self.margin + output)]))
            }
        }
        guard count < 0 else { return }
        let reason = unsafe v4lconvert_get_error_message(data).map { unsafe String(cString: $0) } ?? ""
        let line = reason.split(separator: "\n").first.map(String.init) ?? "unknown reason"
        throw CameraError(.failed, "libv4l cannot convert a picture: \(line)")
    }

    private static func describe(_ format: PixelFormat, _ size: PictureSize, byteCount: Int) -> v4l2_format {
        var description = unsafe v4l2_format()
        unsafe description.type = V4L2_BUF_TYPE_VIDEO_CAPTURE.rawValue
        unsafe description.fmt.pix.width = UInt32(clamping: size.width)
        unsafe description.fmt.pix.height = UInt32(clamping: size.height)
        unsafe description.fmt.pix.pixelformat = format.code
        unsafe description.fmt.pix.bytesperline = UInt32(clamping: size.width)
        unsafe description.fmt.pix.sizeimage = UInt32(clamping: byteCount)
        unsafe description.fmt.pix.field = V4L2_FIELD_NONE.rawValue
        return unsafe description
    }
}

extension LibraryConverter {
    /// The four-character codes of old cameras' formats that libv4l converts to YU12.
    ///
    /// The library does not list its formats, so each of these was tested, also with random bytes. The format JPGL is
    /// not included, because its decoder writes too far outside its buffer.
    static let formats: [PixelFormat] = [
        "PJPG", "S501", "S505", "S508", "S561", "S910", "S920", "P207", "CPIA", "KONI",
    ].compactMap { PixelFormat(name: $0) }

    /// The formats in which a picture has as many bytes as in YU12.
    ///
    /// The library reads all these bytes without checking that they exist.
    private static let planarFormats: [PixelFormat] = ["S501", "S505", "S508", "KONI"].compactMap {
        PixelFormat(name: $0)
    }
}
