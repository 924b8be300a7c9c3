import Linux
import SharedFrame

/// Whether anybody wants a camera's pictures: somebody watches, or did a moment ago.
struct Demand {
    /// A check costs a system call, so not for every piece of a stream.
    private static let checkInterval = Duration.milliseconds(100)

    private let linger: Duration
    private let isAlways: Bool
    private var nextCheck = Instant.distantPast
    private var watchedAt: Instant?

    init(_ configuration: UpstreamConfiguration) {
        linger = configuration.linger
        isAlways = configuration.isAlwaysConnected
    }

    /// Checks again if the last check was some time ago.
    mutating func isThere(_ publisher: FramePublisher) -> Bool {
        if isAlways { return true }
        let now = Instant.now
        if now >= nextCheck {
            nextCheck = now + Self.checkInterval
            if publisher.isWatched { watchedAt = now }
        }
        return watchedAt.map { now - $0 <= linger } ?? false
    }
}
