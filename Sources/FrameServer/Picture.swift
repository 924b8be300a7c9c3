import MotionJPEG
import Service
import Web

/// A picture that the viewers of a feed see.
///
/// It is a frame, or a picture that describes an outage.
struct Picture: Sendable {
    /// The sequence number of this picture in its feed.
    ///
    /// Pictures with equal sequence numbers are the same picture.
    let sequence: UInt64
    /// The number of the frame.
    ///
    /// If this is the picture of an outage, it is the number of the last frame.
    let number: UInt64
    /// Whether this is a frame, and not the picture of an outage.
    let isLive: Bool
    /// The wire images, indexed by the raw value of their framing; nil for each framing in which there is no image.
    ///
    /// The collection is an array, because reading an array is faster than looking up a key in a dictionary.
    private let images: [WireImage?]

    /// Creates the wire image of a JPEG for each of `framings`.
    ///
    /// If the picture is not a frame, `outage` is the reason for the outage, which is added to the part header, so that
    /// programs can read it. The bytes of the images are stored in files from `files`.
    init(
        _ jpeg: RawSpan, sequence: UInt64, number: UInt64, realtime: UInt64, outage: String? = nil,
        framings: Set<Framing>, files: MemoryFilePool
    ) {
        self.sequence = sequence
        self.number = number
        isLive = outage == nil
        var images = [WireImage?](repeating: nil, count: Framing.allCases.count)
        for framing in framings {
            let header =
                framing == .standard
                ? Self.header(byteCount: jpeg.byteCount, number: number, realtime: realtime, outage: outage) : []
            images[framing.rawValue] = WireImage(head: header, body: jpeg, tail: framing.trailer, in: files)
        }
        self.images = images
    }

    /// Creates a picture without images, for a frame that nobody watches.
    init(sequence: UInt64, number: UInt64) {
        self.sequence = sequence
        self.number = number
        isLive = true
        images = [WireImage?](repeating: nil, count: Framing.allCases.count)
    }

    subscript(_ framing: Framing) -> WireImage? { images[framing.rawValue] }

    /// Whether viewers can see the picture, that is, whether it has an image in at least one framing.
    var isShown: Bool { images.contains { $0 != nil } }

    /// Returns whether the picture has an image for each of `framings`.
    func has(_ framings: Set<Framing>) -> Bool { framings.allSatisfy { images[$0.rawValue] != nil } }

    private static func header(byteCount: Int, number: UInt64, realtime: UInt64, outage: String?) -> [UInt8] {
        var header = Multipart.partHeader(
            byteCount: byteCount, realtimeNanoseconds: realtime, frameNumber: number)
        if let outage {
            // Insert the header field before the empty line that ends the part header.
            header.removeLast(2)
            header += Array("\(HeaderName.offline): \(HeaderText(outage))\r\n\r\n".utf8)
        }
        return header
    }
}
