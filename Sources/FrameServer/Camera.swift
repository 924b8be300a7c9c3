import Cameras
import EventLoop
import Linux
import Names
import Service
import SharedFrame

/// The event loop's view of a camera: its viewers and what they see.
///
/// Used only on the event loop.
final class Camera {
    /// How long interest is kept after the last viewer has left, so that reloading a page does not stop the camera.
    static let linger: Duration = .seconds(2)

    let name: CameraName
    let ring: RingName
    /// For status and snapshots; each feed's watch has a subscriber of its own.
    let subscriber: FrameSubscriber
    /// This worker's counters of the camera, or nil if there was no free row.
    let row: ServiceCounters.Row?
    private(set) var feeds: [PictureWidth: Feed] = [:]
    /// Snapshot requests that wait for a frame.
    var waiters: [SnapshotExchange] = []
    /// Cached snapshots of the newest frame requested, shared by concurrent requests.
    var snapshots: [PictureWidth: Snapshot] = [:]
    var counts = StreamCounts()
    private var writtenCounts = StreamCounts()
    private var ringWatch: RingWatch?
    private var isInterested = false
    private var lastUse = Instant.distantPast

    /// Throws if no descriptor is available.
    init(_ ring: RingName, row: ServiceCounters.Row?) throws(SystemError) {
        name = ring.camera
        self.ring = ring
        self.row = row
        subscriber = try FrameSubscriber(ring)
    }

    var viewerCount: Int { feeds.values.reduce(0) { $0 + $1.viewers.count } }

    /// Whether someone is using the camera, so that it must not be closed.
    var isInUse: Bool { isInterested || !waiters.isEmpty || feeds.values.contains { !$0.viewers.isEmpty } }

    /// The feed for `width`, created if needed.
    func feed(_ width: PictureWidth) -> Feed {
        if let feed = feeds[width] { return feed }
        let feed = Feed(width)
        feeds[width] = feed
        return feed
    }

    // MARK: Interest

    /// Requests frames from the camera until ``releaseIfIdle(now:)`` finds it unused.
    func retainInterest(now: Instant) {
        lastUse = now
        guard !isInterested else { return }
        isInterested = true
        subscriber.takeInterest()
        // Reading the status opens the ring, which is what registers the interest.
        _ = subscriber.recentStatus
    }

    /// Posts `id` to `mailbox` whenever there may be a newer frame, for waiting snapshots.
    ///
    /// Throws if no descriptor or thread is available.
    func watchForWaiters(id: UInt64, _ mailbox: Mailbox<UInt64>) throws(SystemError) {
        guard ringWatch == nil, feeds[.original]?.watchID == nil else { return }
        let watch = try RingWatch(ring)
        try watch.start { watch in
            var seen: UInt64 = 0
            while !watch.isStopped {
                let outcome = watch.wait(newerThan: seen, timeout: .milliseconds(250))
                if case .frame(let number) = outcome { seen = number }
                if outcome != .timedOut { mailbox.post(id) }
            }
        }
        ringWatch = watch
    }

    /// Stops watches that are no longer used, and drops interest once the camera has been idle for ``linger``.
    func releaseIfIdle(now: Instant) {
        for (width, feed) in feeds where width != .original && feed.viewers.isEmpty {
            feed.stop()
            feeds[width] = nil
        }
        if waiters.isEmpty { stopWatchForWaiters() }
        if !waiters.isEmpty || feeds.values.contains(where: { !$0.viewers.isEmpty }) { lastUse = now }
        guard isInterested, now - lastUse >= Self.linger else { return }
        stop()
    }

    /// Drops interest and stops all watches.
    func stop() {
        isInterested = false
        subscriber.dropInterest()
        snapshots = [:]
        stopWatchForWaiters()
        for feed in feeds.values { feed.stop() }
    }

    private func stopWatchForWaiters() {
        ringWatch?.stop()
        ringWatch = nil
    }

    // MARK: Counts

    /// Publishes the counts to the counters shared by all workers.
    func writeCounts(to counters: ServiceCounters) {
        guard let row, counts != writtenCounts else { return }
        writtenCounts = counts
        counters.set(row, counts.values)
    }
}
