import Cameras
import EventLoop
import Linux
import Names
import Service
import SharedFrame

/// A camera with its viewers and the pictures that they see.
///
/// Use it only from the thread of the event loop.
final class Camera {
    /// How long interest in the ring is kept after the last viewer has left.
    ///
    /// Without this time, reloading a page would stop the camera.
    static let linger: Duration = .seconds(2)

    /// Identifies the camera in messages of its threads to the event loop.
    let id: UInt64
    let name: CameraName
    let ring: RingName
    /// The subscriber for the status and for snapshots.
    ///
    /// The watch of each feed has its own subscriber.
    let subscriber: FrameSubscriber
    /// This worker's counters for the camera; nil if the counter file had no free row.
    let row: ServiceCounters.Row?
    private(set) var feeds: [FeedKey: Feed] = [:]
    /// Snapshot requests that wait for a frame.
    var waiters: [SnapshotExchange] = []
    /// The last snapshot of each width, which requests for the same frame share.
    var snapshots: [PictureWidth: Snapshot] = [:]
    var counts = StreamCounts()
    private var writtenCounts = StreamCounts()
    private var ringWatch: RingWatch?
    private var isInterested = false
    private var lastUse = Instant.distantPast

    /// Throws if no descriptor is available.
    init(_ ring: RingName, id: UInt64, row: ServiceCounters.Row?) throws(SystemError) {
        self.id = id
        name = ring.camera
        self.ring = ring
        self.row = row
        subscriber = try FrameSubscriber(ring)
    }

    var viewerCount: Int { feeds.values.reduce(0) { $0 + $1.viewers.count } }

    /// Whether the camera must stay open, because it has viewers or waiting requests, or had some recently.
    var isInUse: Bool { isInterested || !waiters.isEmpty || feeds.values.contains { !$0.viewers.isEmpty } }

    /// Returns the feed for `key`, and creates it if necessary.
    func feed(_ key: FeedKey) -> Feed {
        if let feed = feeds[key] { return feed }
        let feed = Feed(key)
        feeds[key] = feed
        return feed
    }

    // MARK: Interest

    /// Requests frames from the camera until ``releaseIfIdle(now:)`` finds that nobody uses it.
    func retainInterest(now: Instant) {
        lastUse = now
        guard !isInterested else { return }
        isInterested = true
        subscriber.takeInterest()
        // Read the status to open the ring. The interest is registered only in an open ring.
        _ = subscriber.recentStatus
    }

    /// Watches the ring for waiting snapshot requests, and posts `id` to `mailbox` whenever there may be a newer frame.
    ///
    /// Does nothing if a watch is running. Throws if no descriptor or thread is available.
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

    /// Stops watches that are no longer used, and drops the interest if nobody has used the camera for ``linger``.
    func releaseIfIdle(now: Instant) {
        for (key, feed) in feeds where key != .original && feed.viewers.isEmpty {
            feed.stop()
            feeds[key] = nil
        }
        if waiters.isEmpty { stopWatchForWaiters() }
        if !waiters.isEmpty || feeds.values.contains(where: { !$0.viewers.isEmpty }) { lastUse = now }
        guard isInterested, now - lastUse >= Self.linger else { return }
        stop()
    }

    /// Drops the interest and stops all watches.
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

    /// Writes the counts to the counters that all workers share, if they have changed.
    func writeCounts(to counters: ServiceCounters) {
        guard let row, counts != writtenCounts else { return }
        writtenCounts = counts
        counters.set(row, counts.values)
    }
}
