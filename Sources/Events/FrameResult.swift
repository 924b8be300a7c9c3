public import JSON
import Linux
import MotionJPEG
public import Tracking

/// The detection results of one frame.
///
/// They are stored in a comment segment of the frame's JPEG (docs/live-detection.md), so that a picture and its results
/// are never separated.
public struct FrameResult: Sendable {
    /// How the results were obtained.
    public enum Look: String, Sendable {
        /// The detector looked at this frame.
        case exact
        /// The boxes are predicted from earlier frames.
        case predicted
        /// Nothing moves, so the boxes of earlier frames are still valid.
        case still
    }

    /// The first bytes of the comment.
    public static let tag = Array("ORIEL/1 ".utf8)
    /// The maximum number of objects in a result.
    public static let maximumObjectCount = 64

    /// The frame's number.
    public var number: UInt64
    /// When the frame was captured, in nanoseconds since 1970.
    public var realtime: UInt64
    /// The size that the picture has when it is turned according to its Exif orientation.
    public var size: PictureSize
    public var look: Look
    /// How long the detector took to look at this frame; zero if it did not look at this frame.
    public var duration: Duration
    public var objects: [FrameObject]
    /// The parts of the picture in which something moves.
    public var motion: [Box]

    public init(
        number: UInt64, realtime: UInt64, size: PictureSize, look: Look, duration: Duration = .zero,
        objects: [FrameObject], motion: [Box]
    ) {
        self.number = number
        self.realtime = realtime
        self.size = size
        self.look = look
        self.duration = duration
        self.objects = Array(objects.prefix(Self.maximumObjectCount))
        self.motion = Array(motion.prefix(Self.maximumObjectCount))
    }

    /// The comment segment that contains the results.
    public var segment: [UInt8] { JPEGComment.segment(Self.tag + Array(json.text.utf8)) }

    public var json: JSON {
        .object([
            ("seq", .count(number)), ("t", .literal(Multipart.timestamp(realtimeNanoseconds: realtime))),
            ("size", .array([.count(size.width), .count(size.height)])), ("look", .text(look.rawValue)),
            ("ms", Self.rounded(duration.inSeconds * 1000)),
            ("objects", .array(objects.map(\.json))), ("motion", .array(motion.map(Self.json))),
        ])
    }

    /// Returns a copy of a JPEG that contains these results, in place of any results that `jpeg` already contains.
    ///
    /// If `jpeg` does not begin like a JPEG, it is returned unchanged.
    public func embedded(in jpeg: [UInt8]) -> [UInt8] {
        let (offset, old) = jpeg.withRawSpan { bytes in
            (JPEGComment.insertionOffset(in: bytes), JPEGComment.find(Self.tag, in: bytes)?.segment)
        }
        guard let offset else { return jpeg }
        let segment = segment
        var copy: [UInt8] = []
        copy.reserveCapacity(jpeg.count + segment.count)
        copy += jpeg[..<offset]
        copy += segment
        if let old, old.lowerBound >= offset {
            copy += jpeg[offset..<old.lowerBound]
            copy += jpeg[old.upperBound...]
        } else {
            copy += jpeg[offset...]
        }
        return copy
    }

    /// Returns the results in a JPEG as text, which may be invalid JSON; nil if the JPEG contains no results.
    public static func text(in jpeg: RawSpan) -> String? {
        guard let found = JPEGComment.find(tag, in: jpeg) else { return nil }
        var bytes: [UInt8] = []
        bytes.append(contentsOf: jpeg.extracting(found.contents))
        return String(decoding: bytes, as: UTF8.self)
    }

    static func json(_ box: Box) -> JSON {
        .array([box.left, box.top, box.right, box.bottom].map { rounded($0) })
    }

    /// Returns a number from 0 to 1, or a ratio, rounded to three decimals.
    static func share(_ value: Double) -> JSON { .number((value * 1000).rounded() / 1000) }

    /// Returns a number rounded to one decimal.
    static func rounded(_ value: Double) -> JSON { .number((value * 10).rounded() / 10) }
}

/// An object in a frame.
public struct FrameObject: Sendable {
    /// The ID of the object's event; nil if the object has no event, for example because it is not a new object.
    public var id: String?
    /// The number of the object's track.
    public var number: Int
    public var label: String
    /// The index of the class in the model's list.
    public var classID: Int
    /// The median of the object's newest confidences, from 0 to 1.
    public var score: Double
    /// The object's highest confidence, from 0 to 1.
    public var topScore: Double
    /// The box in pixels of the picture.
    public var box: Box
    /// The speed in pixels per second, horizontal and vertical.
    public var speed: (x: Double, y: Double)
    public var state: Track.State
    /// When the object was first seen, in nanoseconds since 1970.
    public var since: UInt64
    /// The names of the zones that the object is in.
    public var zones: [String]

    public init(
        id: String?, number: Int, label: String, classID: Int, score: Double, topScore: Double, box: Box,
        speed: (x: Double, y: Double), state: Track.State, since: UInt64, zones: [String]
    ) {
        self.id = id
        self.number = number
        self.label = label
        self.classID = classID
        self.score = score
        self.topScore = topScore
        self.box = box
        self.speed = speed
        self.state = state
        self.since = since
        self.zones = zones
    }

    var json: JSON {
        .object([
            ("id", .optional(id)), ("n", .count(number)), ("label", .text(label)), ("score", FrameResult.share(score)),
            ("top", FrameResult.share(topScore)), ("box", FrameResult.json(box)),
            ("v", .array([FrameResult.rounded(speed.x), FrameResult.rounded(speed.y)])),
            ("state", .text(state.rawValue)),
            ("since", .literal(Multipart.timestamp(realtimeNanoseconds: since))),
            ("zones", .array(zones.map(JSON.text))),
        ])
    }
}
