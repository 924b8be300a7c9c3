import TurboJPEG

/// How pictures are rate-limited, encoded and turned, whatever their source.
public struct PictureOptions: Sendable {
    /// The maximum frame rate, 0.1…240.
    public var framesPerSecond: Double
    /// The JPEG quality of pictures that are encoded here, 1…100.
    public var quality: Int
    public var subsampling: Subsampling
    public var orientation: Orientation
    /// The number of pictures to drop after each start of the source.
    public var warmUpFrameCount: Int
    /// The time without a picture after which the source counts as stalled.
    public var timeout: Duration

    /// The chroma subsampling of encoded pictures.
    public enum Subsampling: String, CaseIterable, Sendable {
        /// One chroma sample for 2 × 2 pixels.
        case halfBoth = "420"
        /// One chroma sample for 2 × 1 pixels.
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

    /// The most bytes that are reserved in the ring for encoding one picture.
    ///
    /// The encoder needs room for the worst case, three bytes a pixel, of which a real picture takes a tenth. Above
    /// about five megapixels that room is taken outside the ring, and the picture copied.
    static let maximumDirectByteCount = 16 << 20

    /// The size of a ring's slot for encoded pictures of `width` × `height` pixels.
    public func slotByteCount(width: Int, height: Int) -> Int {
        let worst = JPEGEncoder.bound(width: width, height: height, subsampling: subsampling.jpeg)
        return worst <= Self.maximumDirectByteCount ? worst : max(65536, width * height / 2)
    }
}
