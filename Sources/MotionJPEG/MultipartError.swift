/// Why a multipart stream cannot be parsed.
public enum MultipartError: Error, Sendable, Equatable {
    /// The Content-Type, which is the associated value, is not multipart.
    case notMultipart(String)
    /// No boundary was found within this many bytes.
    case boundaryMissing(byteCount: Int)
    /// A header block is larger than this many bytes.
    case headersTooLarge(limit: Int)
    /// A part is larger than this many bytes.
    case partTooLarge(limit: Int)
}

extension MultipartError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .notMultipart(let type):
            "the response has \(type.isEmpty ? "no Content-Type" : "the type \(type)"), which is not multipart"
        case .boundaryMissing(let byteCount): "there is no boundary within \(byteCount) bytes"
        case .headersTooLarge(let limit): "the headers of a part exceed \(limit) bytes"
        case .partTooLarge(let limit): "a part exceeds \(limit) bytes"
        }
    }
}
