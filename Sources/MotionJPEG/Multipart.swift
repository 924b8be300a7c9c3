/// The `multipart/x-mixed-replace` stream that the servers send, byte for byte.
///
/// A stream is `opening`, then `partHeader`, the JPEG and `partTrailer` for each picture, and finally `closing`. The
/// boundary is sent right after each picture, not before the next one, so that a browser shows the picture without
/// waiting. Some browsers show a part only after the next part's headers: for these, each picture is followed by
/// `partTrailer` and `advanceHeader`, without a `partHeader` before it, and one `advanceHeader` follows `opening`.
public enum Multipart {
    /// The response's Content-Type.
    public static let contentType = "multipart/x-mixed-replace; boundary=frame"

    /// The first bytes of the body.
    public static let opening = Array("--frame\r\n".utf8)

    /// The bytes after each picture.
    public static let partTrailer = Array("\r\n--frame\r\n".utf8)

    /// The header block of a part whose picture does not exist yet: without length, timestamp and number.
    public static let advanceHeader = Array("Content-Type: image/jpeg\r\n\r\n".utf8)

    /// The last bytes of the body: a closing delimiter after the boundary that followed the last picture.
    public static let closing = Array("--frame--\r\n".utf8)

    /// Returns the header block of one picture, including the empty line.
    ///
    /// - Parameters:
    ///   - byteCount: Length of the JPEG.
    ///   - realtimeNanoseconds: Capture time on CLOCK_REALTIME; sent in microseconds.
    ///   - frameNumber: The frame's number.
    /// - Returns: The lines, each ending in CRLF.
    public static func partHeader(byteCount: Int, realtimeNanoseconds: UInt64, frameNumber: UInt64) -> [UInt8] {
        var header: [UInt8] = []
        header.reserveCapacity(160)
        header.append(contentsOf: lengthField)
        appendDecimal(UInt64(byteCount), to: &header)
        header.append(contentsOf: timestampField)
        appendTimestamp(realtimeNanoseconds, to: &header)
        header.append(contentsOf: numberField)
        appendDecimal(frameNumber, to: &header)
        header.append(contentsOf: blockEnd)
        return header
    }

    /// Returns a time in the format of X-Timestamp: `<unix seconds>.<6 digits>`.
    ///
    /// - Parameter realtimeNanoseconds: A time on CLOCK_REALTIME; truncated to microseconds.
    /// - Returns: The text.
    public static func timestamp(realtimeNanoseconds: UInt64) -> String {
        var text: [UInt8] = []
        appendTimestamp(realtimeNanoseconds, to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    private static let lengthField = Array("Content-Type: image/jpeg\r\nContent-Length: ".utf8)
    private static let timestampField = Array("\r\nX-Timestamp: ".utf8)
    private static let numberField = Array("\r\nX-Frame-Id: ".utf8)
    private static let blockEnd = Array("\r\n\r\n".utf8)

    private static func appendTimestamp(_ nanoseconds: UInt64, to bytes: inout [UInt8]) {
        appendDecimal(nanoseconds / 1_000_000_000, to: &bytes)
        bytes.append(UInt8(ascii: "."))
        appendDecimal(nanoseconds % 1_000_000_000 / 1000, digits: 6, to: &bytes)
    }

    /// Appends the digits of `value`, with leading zeros up to `digits`.
    private static func appendDecimal(_ value: UInt64, digits: Int = 1, to bytes: inout [UInt8]) {
        var count = 1
        var limit: UInt64 = 10
        while count < digits || (value >= limit && count < 20) {
            count += 1
            limit = count < 20 ? limit * 10 : .max
        }
        let start = bytes.count
        bytes.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: count))
        var rest = value
        for place in stride(from: start + count - 1, through: start, by: -1) {
            bytes[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
    }
}
