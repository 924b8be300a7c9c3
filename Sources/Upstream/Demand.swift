import Linux
import SharedFrame

/// Tracks whether a camera's pictures are wanted because somebody is watching, or was watching until recently.
struct Demand {
    /// The minimum interval between two checks.
    ///
    /// Each check makes a system call, so the relay does not check again for every piece of a stream that arrives.
    private static let checkInterval = Duration.milliseconds(100)

    private let linger: Duration
    private let isAlways: Bool
    private var nextCheck = Instant.distantPast
    private var watchedAt: Instant?

    init(_ configuration: UpstreamConfiguration) {
        linger = configuration.linger
        isAlways = configuration.isAlwaysConnected
    }

    /// Returns whether pictures are wanted, according to a check that is at most 100 ms old.
    mutating func isPresent(_ publisher: FramePublisher) -> Bool {
        if isAlways { return true }
        let now = Instant.now
        if now >= nextCheck {
            nextCheck = now + Self.checkInterval
            if publisher.isWatched { watchedAt = now }
        }
        return watchedAt.map { now - $0 <= linger } ?? false
    }
}
