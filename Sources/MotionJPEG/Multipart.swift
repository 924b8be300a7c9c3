/// The bytes of the `multipart/x-mixed-replace` streams that the servers send.
///
/// A stream consists of `opening`, then `partHeader`, the JPEG and `partTrailer` for each picture, and finally
/// `closing`. The boundary is sent directly after each picture and not before the next one, so that a browser can show
/// the picture without waiting for the next.
///
/// Some browsers show a part only after they have received the headers of the next part. For these, an `advanceHeader`
/// follows `opening`, and each picture is followed by `partTrailer` and another `advanceHeader`. There is no
/// `partHeader` then.
public enum Multipart {
    /// The response's Content-Type.
    public static let contentType = "multipart/x-mixed-replace; boundary=frame"

    /// The first bytes of the body.
    public static let opening = Array("--frame\r\n".utf8)

    /// The bytes after each picture.
    public static let partTrailer = Array("\r\n--frame\r\n".utf8)

    /// The header block of a part whose picture does not exist yet, and which therefore has no length, timestamp or
    /// number.
    public static let advanceHeader = Array("Content-Type: image/jpeg\r\n\r\n".utf8)

    /// The last bytes of the body: the closing delimiter, which follows the boundary after the last picture.
    public static let closing = Array("--frame--\r\n".utf8)

    /// Returns the header block of one picture, including the empty line.
    ///
    /// - Parameters:
    ///   - byteCount: The size of the JPEG in bytes.
    ///   - realtimeNanoseconds: The capture time on CLOCK_REALTIME. The header contains this time in seconds, with 6
    ///     decimal places.
    ///   - frameNumber: The frame's number.
    /// - Returns: The header lines, each of which ends in CRLF.
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

    /// Returns a time in the format of X-Timestamp, which is `<unix seconds>.<6 digits>`.
    ///
    /// - Parameter realtimeNanoseconds: A time on CLOCK_REALTIME, which is truncated to microseconds.
    /// - Returns: The time in this format.
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

    /// Appends the decimal digits of `value`, with leading zeros if it has fewer than `digits` digits.
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
