/// Why bytes are no picture that a viewer should get.
public enum JPEGDefect: Error, CaseIterable, Sendable {
    /// There are no bytes at all.
    case empty
    /// The bytes do not begin with a start-of-image marker.
    case noStart
    /// No usable frame header: none before the data, a size of zero, or a process that browsers do not decode
    /// (lossless, hierarchical, arithmetic, more than 8 bits).
    case noFrameHeader
    /// No scan header: the picture has no data.
    case noScan
    /// The data stops without an end-of-image marker, or another picture begins in the middle of it.
    case truncated
}

extension JPEGDefect: CustomStringConvertible {
    public var description: String {
        switch self {
        case .empty: "the buffer is empty"
        case .noStart: "it does not begin with a JPEG start marker"
        case .noFrameHeader: "it has no usable JPEG frame header"
        case .noScan: "it has no JPEG scan header"
        case .truncated: "it stops before the JPEG end marker"
        }
    }
}
