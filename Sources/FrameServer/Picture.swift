import MotionJPEG
import Service
import Web

/// What the viewers of a feed see at the moment: a frame, or the picture that says why there is none.
struct Picture: Sendable {
    /// The place in the order of the feed's pictures: two with one sequence are the same picture.
    let sequence: UInt64
    /// The number of the frame; of a picture that says why there is none, the last frame's.
    let number: UInt64
    let isLive: Bool
    /// By the framings' raw values: each viewer looks its own up for each picture.
    private let images: [WireImage?]

    /// Puts a JPEG into each framing of `framings`.
    ///
    /// `outage` gives the reason if the picture is not a frame; it is then in the part's header, for programs. `files`
    /// lends what the bytes are put into.
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

    /// A frame that nobody wants to see: known by number alone.
    init(sequence: UInt64, number: UInt64) {
        self.sequence = sequence
        self.number = number
        isLive = true
        images = [WireImage?](repeating: nil, count: Framing.allCases.count)
    }

    subscript(_ framing: Framing) -> WireImage? { images[framing.rawValue] }

    /// Whether anybody can see it.
    var isShown: Bool { images.contains { $0 != nil } }

    /// Whether it is there in all of these framings.
    func has(_ framings: Set<Framing>) -> Bool { framings.allSatisfy { images[$0.rawValue] != nil } }

    private static func header(byteCount: Int, number: UInt64, realtime: UInt64, outage: String?) -> [UInt8] {
        var header = Multipart.partHeader(
            byteCount: byteCount, realtimeNanoseconds: realtime, frameNumber: number)
        if let outage {
            // The header ends with an empty line; this field precedes it.
            header.removeLast(2)
            header += Array("\(HeaderName.offline): \(HeaderText(outage))\r\n\r\n".utf8)
        }
        return header
    }
}
