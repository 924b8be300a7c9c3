public import Linux

/// The frame that shows an object best.
public struct BestPicture: Hashable, Sendable {
    /// When the frame was captured.
    public let time: Instant
    public let score: Double
    public let box: Box

    /// How many times better a picture must be to replace another one, because each replacement costs a copy.
    private static let improvement = 1.1
    /// The factor for an object that an edge of the picture cuts off.
    private static let cutFactor = 0.5

    init(_ sighting: Sighting, at time: Instant) {
        self.time = time
        score = sighting.score
        box = sighting.box
    }

    /// Returns how well the picture shows the object: with a high score, large, and not cut off.
    private func value(in picture: PictureSize) -> Double {
        score * box.area.squareRoot() * (box.touchesEdge(of: picture) ? Self.cutFactor : 1)
    }

    func isBetter(than other: BestPicture, in picture: PictureSize) -> Bool {
        value(in: picture) > Self.improvement * other.value(in: picture)
    }
}
