import Linux
import SharedFrame

/// Tracks whether a camera's pictures are wanted: somebody is watching or was until recently.
struct Demand {
    /// Each check costs a system call, so it is not made for every piece of a stream.
    private static let checkInterval = Duration.milliseconds(100)

    private let linger: Duration
    private let isAlways: Bool
    private var nextCheck = Instant.distantPast
    private var watchedAt: Instant?

    init(_ configuration: UpstreamConfiguration) {
        linger = configuration.linger
        isAlways = configuration.isAlwaysConnected
    }

    /// Returns whether pictures are wanted; checks again at most every 100 ms.
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
