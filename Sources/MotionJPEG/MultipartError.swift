/// Why a stream cannot be read on as multipart.
public enum MultipartError: Error, Sendable, Equatable {
    /// The Content-Type, given here, is not of the multipart family.
    case notMultipart(String)
    /// The Content-Type, given here, names no boundary, or one that is longer than 200 bytes.
    case noBoundary(String)
    /// No boundary came within this many bytes.
    case boundaryMissing(byteCount: Int)
    /// A header block is longer than this many bytes.
    case headersTooLarge(limit: Int)
    /// A part is longer than this many bytes.
    case partTooLarge(limit: Int)
}

extension MultipartError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .notMultipart(let type): "the answer is \(type.isEmpty ? "of no type" : type), not a multipart stream"
        case .noBoundary(let type): "the Content-Type \(type) names no usable boundary"
        case .boundaryMissing(let byteCount): "no boundary came within \(byteCount) bytes"
        case .headersTooLarge(let limit): "the headers of a part are longer than \(limit) bytes"
        case .partTooLarge(let limit): "a part is longer than \(limit) bytes"
        }
    }
}
