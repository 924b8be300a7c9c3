/// The width and height of a picture in pixels.
public struct PictureSize: Hashable, Sendable, CustomStringConvertible {
    public var width: Int
    public var height: Int

    public init(width: Int, height: Int) {
        self.width = width
        self.height = height
    }

    /// Parses a text such as `1280x720`.
    ///
    /// The width and height must each be from 1 to 65535. JPEGs cannot be larger.
    public init?(_ text: some StringProtocol) {
        let sides = text.split(separator: "x", omittingEmptySubsequences: false)
        guard sides.count == 2, let width = UInt16(sides[0]), let height = UInt16(sides[1]), width > 0, height > 0
        else { return nil }
        self.init(width: Int(width), height: Int(height))
    }

    public var description: String { "\(width)x\(height)" }

    public var pixelCount: Int { width * height }
}

/// A frame rate, stored as a fraction because drivers use fractions.
public struct FrameRate: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The number of frames in `seconds` seconds.
    public let frames: UInt32
    public let seconds: UInt32

    /// Returns nil unless both numbers are above zero.
    public init?(frames: UInt32, seconds: UInt32) {
        guard frames > 0, seconds > 0 else { return nil }
        self.frames = frames
        self.seconds = seconds
    }

    /// Creates a rate from `framesPerSecond`, rounded to thousandths; returns nil if it is not from 0.001 to 1000.
    public init?(_ framesPerSecond: Double) {
        guard (0.001...1000).contains(framesPerSecond) else { return nil }
        let whole = framesPerSecond.rounded()
        self =
            whole == framesPerSecond
            ? FrameRate(frames: UInt32(whole), seconds: 1) ?? Self.one
            : FrameRate(frames: UInt32((framesPerSecond * 1000).rounded()), seconds: 1000) ?? Self.one
    }

    private static let one = FrameRate(whole: 1)

    private init(whole: UInt32) {
        frames = whole
        seconds = 1
    }

    public var framesPerSecond: Double { Double(frames) / Double(seconds) }

    public static func < (left: FrameRate, right: FrameRate) -> Bool {
        UInt64(left.frames) * UInt64(right.seconds) < UInt64(right.frames) * UInt64(left.seconds)
    }

    /// The number of frames per second with up to two decimal places, such as `30` or `29.97`.
    public var description: String {
        let hundredths = Int((framesPerSecond * 100).rounded())
        let rest = hundredths % 100
        if rest == 0 { return "\(hundredths / 100)" }
        return rest % 10 == 0
            ? "\(hundredths / 100).\(rest / 10)" : "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
    }
}
