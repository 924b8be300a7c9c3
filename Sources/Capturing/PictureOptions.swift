import TurboJPEG

/// How pictures are thinned out, encoded and turned, whatever their source is.
public struct PictureOptions: Sendable {
    /// Frames per second at most, 0.1…240.
    public var framesPerSecond: Double
    /// JPEG quality of pictures that are encoded here, 1…100.
    public var quality: Int
    public var subsampling: Subsampling
    public var orientation: Orientation
    /// Pictures to drop after each start of the source.
    public var warmUpFrameCount: Int
    /// Without a picture for so long the source counts as stalled.
    public var timeout: Duration

    /// How much colour an encoded picture keeps.
    public enum Subsampling: String, CaseIterable, Sendable {
        /// A colour for every 2 × 2 pixels.
        case halfBoth = "420"
        /// A colour for every 2 × 1 pixels.
        case halfWidth = "422"

        var jpeg: TurboJPEG.Subsampling {
            switch self {
            case .halfBoth: .s420
            case .halfWidth: .s422
            }
        }
    }

    public init(
        framesPerSecond: Double = 30, quality: Int = 80, subsampling: Subsampling = .halfBoth,
        orientation: Orientation = .upright, warmUpFrameCount: Int = 0, timeout: Duration = .seconds(2)
    ) {
        self.framesPerSecond = framesPerSecond
        self.quality = quality
        self.subsampling = subsampling
        self.orientation = orientation
        self.warmUpFrameCount = warmUpFrameCount
        self.timeout = timeout
    }

    /// The most bytes that encoding a picture of `width` × `height` pixels can take.
    public func encodedByteLimit(width: Int, height: Int) -> Int {
        JPEGEncoder.bound(width: width, height: height, subsampling: subsampling.jpeg)
    }
}
