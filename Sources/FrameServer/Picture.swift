import MotionJPEG
import Service
import Web

/// What the viewers of a feed see: a frame, or a picture that states an outage.
struct Picture: Sendable {
    /// The position among the feed's pictures: equal sequences mean the same picture.
    let sequence: UInt64
    /// The frame number; for an outage picture, the number of the last frame.
    let number: UInt64
    let isLive: Bool
    /// Indexed by the framings' raw values, which is the fastest lookup.
    private let images: [WireImage?]

    /// Builds the wire image of a JPEG for each of `framings`.
    ///
    /// `outage` is the reason if the picture is not a frame; it goes into the part header, for programs. The bytes are
    /// stored in files from `files`.
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

    /// A frame without images, for when nobody is watching.
    init(sequence: UInt64, number: UInt64) {
        self.sequence = sequence
        self.number = number
        isLive = true
        images = [WireImage?](repeating: nil, count: Framing.allCases.count)
    }

    subscript(_ framing: Framing) -> WireImage? { images[framing.rawValue] }

    /// Whether any image was built.
    var isShown: Bool { images.contains { $0 != nil } }

    /// Whether an image was built for each of `framings`.
    func has(_ framings: Set<Framing>) -> Bool { framings.allSatisfy { images[$0.rawValue] != nil } }

    private static func header(byteCount: Int, number: UInt64, realtime: UInt64, outage: String?) -> [UInt8] {
        var header = Multipart.partHeader(
            byteCount: byteCount, realtimeNanoseconds: realtime, frameNumber: number)
        if let outage {
            // Insert the field before the empty line that ends the header.
            header.removeLast(2)
            header += Array("\(HeaderName.offline): \(HeaderText(outage))\r\n\r\n".utf8)
        }
        return header
    }
}
