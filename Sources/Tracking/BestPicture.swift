public import Linux

/// The frame that shows an object best.
public struct BestPicture: Hashable, Sendable {
    /// When the frame was captured.
    public let time: Instant
    public let score: Double
    public let box: Box

    /// How many times better a picture must be than the best picture so far to replace it.
    ///
    /// Each replacement costs a copy of the picture.
    private static let improvement = 1.1
    /// The factor that reduces the value of a picture if one of its edges cuts the object.
    private static let cutFactor = 0.5

    init(_ sighting: Sighting, at time: Instant) {
        self.time = time
        score = sighting.score
        box = sighting.box
    }

    /// Returns how well the frame shows the object.
    ///
    /// The value increases with the object's score and size. It is halved if an edge of the picture cuts the object.
    private func value(in picture: PictureSize) -> Double {
        score * box.area.squareRoot() * (box.touchesEdge(of: picture) ? Self.cutFactor : 1)
    }

    func isBetter(than other: BestPicture, in picture: PictureSize) -> Bool {
        value(in: picture) > Self.improvement * other.value(in: picture)
    }
}
