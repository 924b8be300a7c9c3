import Cameras
import EventLoop
import Linux
import Names
import Service
import SharedFrame

/// A camera as the event loop knows it: who watches, and what they see.
///
/// It belongs to the event loop.
final class Camera {
    /// How long interest outlives the last viewer, so that a reload of the page does not stop the camera.
    static let linger: Duration = .seconds(2)

    let name: CameraName
    let ring: RingName
    /// For status and snapshots; each feed's watch reads the ring by itself.
    let subscriber: FrameSubscriber
    /// Where this worker's counts of it are; nil if there was no room.
    let row: ServiceCounters.Row?
    private(set) var feeds: [PictureWidth: Feed] = [:]
    /// Snapshots that wait for a frame.
    var waiters: [SnapshotExchange] = []
    /// Snapshots of the newest frame that was asked for, for those who ask at the same time.
    var snapshots: [PictureWidth: Snapshot] = [:]
    var counts = StreamCounts()
    private var writtenCounts = StreamCounts()
    private var ringWatch: RingWatch?
    private var isInterested = false
    private var lastUse = Instant.distantPast

    /// Throws if there are no descriptors.
    init(_ ring: RingName, row: ServiceCounters.Row?) throws(SystemError) {
        name = ring.camera
        self.ring = ring
        self.row = row
        subscriber = try FrameSubscriber(ring)
    }

    var viewerCount: Int { feeds.values.reduce(0) { $0 + $1.viewers.count } }

    /// Whether anything would be lost with it.
    var isInUse: Bool { isInterested || !waiters.isEmpty || feeds.values.contains { !$0.viewers.isEmpty } }

    /// The feed of that width.
    func feed(_ width: PictureWidth) -> Feed {
        if let feed = feeds[width] { return feed }
        let feed = Feed(width)
        feeds[width] = feed
        return feed
    }

    // MARK: Interest

    /// Asks the camera for frames, from now until ``releaseIfIdle(now:)`` finds that nobody wants them any more.
    func retainInterest(now: Instant) {
        lastUse = now
        guard !isInterested else { return }
        isInterested = true
        subscriber.takeInterest()
        // The interest is taken in the ring that is open.
        _ = subscriber.recentStatus
    }

    /// Wakes `mailbox`'s loop with `id` whenever there may be a newer frame, for the snapshots that wait.
    ///
    /// Throws if there are no descriptors or threads left.
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

    /// Stops what nobody has wanted for a while.
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

    /// Ends interest and all watches.
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

    /// Writes the counts where all workers read them.
    func writeCounts(to counters: ServiceCounters) {
        guard let row, counts != writtenCounts else { return }
        writtenCounts = counts
        counters.set(row, counts.values)
    }
}
