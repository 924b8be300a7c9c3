import MotionJPEG
import SharedFrame

/// What the viewers of a camera are to see at the moment: a frame, or the picture that says why there is none.
struct Picture: Sendable {
    /// The place in the order of the camera's pictures: two with one sequence are the same picture.
    let sequence: UInt64
    /// The number of the frame; of a picture that says why there is none, the last frame's.
    let number: UInt64
    let isLive: Bool
    /// Bytes of the JPEG alone.
    let jpegByteCount: Int
    private let standard: WireImage?
    private let advance: WireImage?

    /// Puts a JPEG into each framing that is wanted.
    ///
    /// `outage` names the reason when the picture is no frame; it then stands in the part's header, so that a program
    /// can tell. `files` lends what the bytes are put into.
    init(
        _ jpeg: RawSpan, sequence: UInt64, number: UInt64, realtime: UInt64, outage: String? = nil,
        framings: FramingSet, files: FileReserve
    ) {
        self.sequence = sequence
        self.number = number
        isLive = outage == nil
        jpegByteCount = jpeg.byteCount
        if framings.contains(FramingSet(.standard)) {
            var header = Multipart.partHeader(
                byteCount: jpeg.byteCount, realtimeNanoseconds: realtime, frameNumber: number)
            if let outage {
                // The header ends with an empty line; ours goes before that.
                header.removeLast(2)
                header += Array("\(HeaderName.offline): \(HeaderText(outage))\r\n\r\n".utf8)
            }
            standard = WireImage(head: header, body: jpeg, tail: Framing.standard.trailer, in: files)
        } else {
            standard = nil
        }
        advance =
            framings.contains(FramingSet(.advance))
            ? WireImage(body: jpeg, tail: Framing.advance.trailer, in: files) : nil
    }

    /// A frame that nobody wants to see: known by number alone.
    init(sequence: UInt64, number: UInt64) {
        self.sequence = sequence
        self.number = number
        isLive = true
        jpegByteCount = 0
        standard = nil
        advance = nil
    }

    subscript(_ framing: Framing) -> WireImage? {
        switch framing {
        case .standard: standard
        case .advance: advance
        }
    }

    /// Whether anybody can see it.
    var isShown: Bool { standard != nil || advance != nil }

    /// The framings that it is there in.
    var framings: FramingSet {
        var set: FramingSet = []
        if standard != nil { set.insert(FramingSet(.standard)) }
        if advance != nil { set.insert(FramingSet(.advance)) }
        return set
    }
}
