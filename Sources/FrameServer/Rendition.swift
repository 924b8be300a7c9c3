import MotionJPEG
import Web

/// The form in which viewers get a camera's pictures; viewers with the same rendition share each picture.
struct Rendition: Hashable, Sendable {
    var width: PictureWidth
    var framing: Framing
}

/// The width of pictures.
enum PictureWidth: Hashable, Sendable {
    /// The camera's JPEGs, unchanged.
    case original
    /// Scaled down to the smallest size at least this wide that the JPEG decoder can produce cheaply.
    case atLeast(Int)

    /// The supported widths; each one in use costs an encode per frame.
    static let steps = [320, 640, 960, 1280]

    /// Reads `width`, 1 to 16384 pixels, and rounds it up to a step; above the largest step it is the original.
    init(_ query: Query) throws(HTTPError) {
        guard let wanted = try query.integer("width", in: 1...16384) else {
            self = .original
            return
        }
        self = Self.steps.first { $0 >= wanted }.map(PictureWidth.atLeast) ?? .original
    }
}

/// How the parts of a stream are delimited.
enum Framing: Int, CaseIterable, Sendable {
    /// Each picture is preceded by its header and followed by the boundary.
    case standard
    /// Each picture is also followed by the next part's header, since Chromium shows a part only then.
    case advance

    /// The bytes before the first picture.
    var opening: [UInt8] {
        switch self {
        case .standard: Multipart.opening
        case .advance: Multipart.opening + Multipart.advanceHeader
        }
    }

    /// The bytes that end the stream.
    var closing: [UInt8] {
        switch self {
        case .standard: Multipart.closing
        // The header sent in advance needs a body: an empty one.
        case .advance: Array("\r\n".utf8) + Multipart.closing
        }
    }

    /// The bytes after each picture.
    var trailer: [UInt8] {
        switch self {
        case .standard: Multipart.partTrailer
        case .advance: Multipart.partTrailer + Multipart.advanceHeader
        }
    }
}
