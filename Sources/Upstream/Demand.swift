import Linux
import SharedFrame

/// Whether anybody wants a camera's pictures: somebody watches, or did a moment ago.
struct Demand {
    /// Looking costs a system call: not for every piece of a stream.
    private static let checkNanoseconds: UInt64 = 100_000_000

    private let lingerNanoseconds: UInt64
    private let isAlways: Bool
    private var checkedAt: UInt64 = 0
    private var watchedAt: UInt64?

    init(_ configuration: UpstreamConfiguration) {
        lingerNanoseconds = UInt64(configuration.lingerSeconds * 1e9)
        isAlways = configuration.isAlwaysConnected
    }

    /// Looks, if the last look was some time ago, and tells.
    mutating func isThere(_ publisher: FramePublisher) -> Bool {
        if isAlways { return true }
        let now = Clock.monotonic
        if now &- checkedAt >= Self.checkNanoseconds {
            checkedAt = now
            if publisher.isWatched { watchedAt = now }
        }
        return watchedAt.map { now &- $0 <= lingerNanoseconds } ?? false
    }
}
