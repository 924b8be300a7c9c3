/// Why bytes are not a usable picture.
public enum JPEGDefect: Error, CaseIterable, Sendable {
    /// There are no bytes.
    case empty
    /// The bytes do not begin with a start-of-image marker.
    case noStart
    /// There is no frame header before the data, or the header contains a size of zero, or it names a coding process
    /// that browsers cannot decode (lossless, hierarchical, arithmetic, or more than 8 bits).
    case noFrameHeader
    /// There is no scan header, so the picture has no data.
    case noScan
    /// The data ends without an end-of-image marker, or another picture begins within it.
    case truncated
}

extension JPEGDefect: CustomStringConvertible {
    public var description: String {
        switch self {
        case .empty: "the buffer is empty"
        case .noStart: "it does not begin with a JPEG start marker"
        case .noFrameHeader: "it has no usable JPEG frame header"
        case .noScan: "it has no JPEG scan header"
        case .truncated: "it ends before the JPEG's end marker"
        }
    }
}
