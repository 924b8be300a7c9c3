import TurboJPEG

/// Options for limiting the rate of pictures, encoding them and turning them.
///
/// They apply to every kind of source.
public struct PictureOptions: Sendable {
    /// The maximum frame rate, from 0.1 to 240.
    public var framesPerSecond: Double
    /// The JPEG quality, from 1 to 100, of pictures that this program encodes.
    public var quality: Int
    public var subsampling: Subsampling
    public var orientation: Orientation
    /// The number of pictures to drop each time the source is opened.
    public var warmUpFrameCount: Int
    /// The time without a picture after which the source counts as stalled.
    public var timeout: Duration

    /// The chroma subsampling of encoded pictures.
    public enum Subsampling: String, CaseIterable, Sendable {
        /// One sample of each chroma component for 2 × 2 pixels.
        case halfBoth = "420"
        /// One sample of each chroma component for 2 × 1 pixels.
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

    /// The maximum number of bytes that are reserved in the ring for encoding one picture.
    ///
    /// The encoder needs a buffer for the worst case of three bytes per pixel, although a typical picture fills only a
    /// tenth of this buffer. A picture of more than about five megapixels is encoded into a buffer outside the ring,
    /// and then copied.
    static let maximumDirectByteCount = 16 << 20

    /// Returns the initial size in bytes of a ring's slot for encoded pictures of `width` × `height` pixels.
    public func slotByteCount(width: Int, height: Int) -> Int {
        let worst = JPEGEncoder.bound(width: width, height: height, subsampling: subsampling.jpeg)
        return worst <= Self.maximumDirectByteCount ? worst : max(65536, width * height / 2)
    }
}
