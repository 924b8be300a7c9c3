import MotionJPEG

/// How the pictures of a stream are told apart.
enum Framing: Int, CaseIterable, Sendable {
    /// Each picture has its header before it, and the boundary after it at once.
    case standard = 0
    /// The next part's header follows each picture at once, since Chromium shows a part only then.
    case advance = 1

    /// What stands before the first picture.
    var opening: [UInt8] {
        switch self {
        case .standard: Multipart.opening
        case .advance: Multipart.opening + Multipart.advanceHeader
        }
    }

    /// What ends the stream.
    var closing: [UInt8] {
        switch self {
        case .standard: Multipart.closing
        // The header in advance has promised a picture: it is an empty one.
        case .advance: Array("\r\n".utf8) + Multipart.closing
        }
    }

    /// What stands after each picture.
    var trailer: [UInt8] {
        switch self {
        case .standard: Multipart.partTrailer
        case .advance: Multipart.partTrailer + Multipart.advanceHeader
        }
    }
}

/// Framings that somebody wants.
struct FramingSet: OptionSet, Sendable {
    let rawValue: UInt32

    init(rawValue: UInt32) { self.rawValue = rawValue }

    init(_ framing: Framing) { rawValue = 1 << UInt32(framing.rawValue) }
}
