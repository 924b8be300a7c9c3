import MotionJPEG
import Web

/// The form in which a viewer receives a camera's pictures.
///
/// Viewers with equal renditions share each picture.
struct Rendition: Hashable, Sendable {
    var width: PictureWidth
    var framing: Framing
}

/// The content of a feed.
///
/// Viewers with equal keys share one feed.
struct FeedKey: Hashable, Sendable {
    var width: PictureWidth
    /// Whether only the frames at which the detector looked are shown.
    var isExactOnly = false

    /// Every frame of a camera, unchanged.
    static let original = FeedKey(width: .original)
}

/// The width of pictures.
enum PictureWidth: Hashable, Sendable {
    /// The width of the camera's JPEGs, which are sent unchanged.
    case original
    /// The smallest width of at least this many pixels to which the JPEG decoder can scale at low cost.
    case atLeast(Int)

    /// The supported widths.
    ///
    /// For each of these widths that at least one viewer requests, the worker must encode every frame once.
    static let steps = [320, 640, 960, 1280]

    /// Reads the query parameter `width`, which is a number of pixels from 1 to 16384.
    ///
    /// The number is rounded up to a supported width. If it is larger than all supported widths, or if the parameter is
    /// missing, pictures are not scaled.
    init(_ query: Query) throws(HTTPError) {
        guard let wanted = try query.integer("width", in: 1...16384) else {
            self = .original
            return
        }
        self = Self.steps.first { $0 >= wanted }.map(PictureWidth.atLeast) ?? .original
    }
}

/// The way in which the parts of a multipart stream are separated.
enum Framing: Int, CaseIterable, Sendable {
    /// Each picture is preceded by its part header and followed by the boundary.
    case standard
    /// Each picture is followed by the boundary and the header of the next part.
    ///
    /// Chromium displays a part only after it has received the header of the next part.
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
        // A part header has already been sent, so send an empty body for it.
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
