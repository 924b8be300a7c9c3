import MotionJPEG
import Web

/// In which form viewers get a camera's pictures: the key by which a picture is made once for all who want it so.
struct Rendition: Hashable, Sendable {
    var width: PictureWidth
    var framing: Framing
}

/// How wide pictures are sent.
enum PictureWidth: Hashable, Sendable {
    /// As the camera gives them, byte for byte.
    case original
    /// Scaled down to the nearest size at least that wide that a JPEG decoder makes at little cost.
    case atLeast(Int)

    /// The widths that are made: each costs an encoder's work for each frame.
    static let steps = [320, 640, 960, 1280]

    /// Takes `width`, 1 to 16384 pixels, from a query, rounded up to a step; wider than all steps is the original.
    init(_ query: Query) throws(HTTPError) {
        guard let wanted = try query.integer("width", in: 1...16384) else {
            self = .original
            return
        }
        self = Self.steps.first { $0 >= wanted }.map(PictureWidth.atLeast) ?? .original
    }
}

/// How the pictures of a stream are separated.
enum Framing: Int, CaseIterable, Sendable {
    /// Each picture has its header before it, and the boundary after it at once.
    case standard
    /// The next part's header follows each picture at once, since Chromium shows a part only then.
    case advance

    /// What precedes the first picture.
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

    /// What follows each picture.
    var trailer: [UInt8] {
        switch self {
        case .standard: Multipart.partTrailer
        case .advance: Multipart.partTrailer + Multipart.advanceHeader
        }
    }
}
