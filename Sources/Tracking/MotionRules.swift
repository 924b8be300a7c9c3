public import Linux

/// Decides when motion begins and ends, so that short pauses and single noisy pictures are ignored.
public struct MotionRules: Sendable {
    /// How many consecutive pictures must contain motion before motion begins.
    private static let requiredCount = 2
    /// How long there must be no motion before motion ends.
    private static let pause = Duration.seconds(5)

    public private(set) var isMoving = false
    private var count = 0
    private var lastMotion = Instant.distantPast

    public init() {}

    /// Considers the next picture; returns whether motion has begun (true), has ended (false), or neither (nil).
    public mutating func update(_ hasMotion: Bool, at time: Instant) -> Bool? {
        count = hasMotion ? count + 1 : 0
        if hasMotion { lastMotion = time }
        if !isMoving, count >= Self.requiredCount {
            isMoving = true
            return true
        }
        if isMoving, time - lastMotion >= Self.pause { return stop() }
        return nil
    }

    /// Ends motion, because there are no more pictures; returns false if there was motion, otherwise nil.
    public mutating func stop() -> Bool? {
        count = 0
        guard isMoving else { return nil }
        isMoving = false
        return false
    }
}
