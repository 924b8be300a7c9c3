import EventLoop
import Linux
import Names
import SharedFrame

/// A camera as the event loop knows it: who watches, and what they are to see.
///
/// The loop's alone.
final class Camera {
    /// How long interest outlives the last viewer, so that a reload of the page does not stop the camera.
    static let linger: UInt64 = 2_000_000_000

    let name: CameraName
    let subscriber: FrameSubscriber
    private let loop: LoopSignal
    private(set) var viewers: [Connection] = []
    /// Snapshots that wait for a frame.
    var waiters: [Connection] = []
    private(set) var picture: Picture?
    /// The snapshot of the newest frame that was asked for, for those who ask at the same time.
    var snapshot: (number: UInt64, image: WireImage, head: Response)?
    var counts = StreamCounts()
    private var watcher: RingWatcher?
    private var thread: Thread?
    private var isInterested = false
    private var lastUse: UInt64 = 0
    private var framingCounts = [0, 0]

    init(_ ring: RingName, loop: LoopSignal) throws {
        name = ring.camera
        subscriber = try FrameSubscriber(ring)
        self.loop = loop
    }

    /// Whether anything would be lost with it.
    var isInUse: Bool { isInterested || !viewers.isEmpty || !waiters.isEmpty }

    // MARK: Who watches

    func add(_ viewer: Connection) {
        viewer.viewer.index = viewers.count
        viewers.append(viewer)
        framingCounts[viewer.viewer.framing.rawValue] += 1
    }

    func remove(_ viewer: Connection) {
        let index = viewer.viewer.index
        guard index < viewers.count, viewers[index] === viewer else { return }
        let last = viewers.removeLast()
        if last !== viewer {
            viewers[index] = last
            last.viewer.index = index
        }
        framingCounts[viewer.viewer.framing.rawValue] -= 1
    }

    // MARK: Interest

    /// Tells the camera that pictures are wanted.
    func use(now: UInt64) {
        lastUse = now
        guard !isInterested else { return }
        isInterested = true
        subscriber.takeInterest()
    }

    /// Starts the watcher if viewers or snapshots wait and it does not run, and tells it what they want.
    func watch(now: UInt64) throws {
        use(now: now)
        let framings = wantedFramings
        if let watcher {
            watcher.want(framings)
            return
        }
        let watcher = RingWatcher(subscriber, loop: loop, after: picture)
        watcher.want(framings)
        thread = try Thread("ring \(name)") { watcher.run() }
        self.watcher = watcher
    }

    /// Ends what nobody has wanted for a while.
    func rest(now: UInt64) {
        if !viewers.isEmpty || !waiters.isEmpty { lastUse = now }
        guard isInterested, now >= lastUse + Self.linger else { return }
        stop()
    }

    /// Ends the watcher and the interest.
    func stop() {
        isInterested = false
        subscriber.dropInterest()
        snapshot = nil
        guard let watcher else { return }
        watcher.stop()
        self.watcher = nil
        if let thread = thread.take() { thread.join() }
        // What was on show is old by the time that somebody looks again.
        picture = Picture(sequence: picture?.sequence ?? 0, number: picture?.number ?? 0)
    }

    private var wantedFramings: FramingSet {
        var set: FramingSet = []
        for framing in Framing.allCases where framingCounts[framing.rawValue] > 0 { set.insert(FramingSet(framing)) }
        return set
    }

    /// Tells the watcher that fewer framings are wanted.
    func relax() {
        watcher?.want(wantedFramings)
    }

    // MARK: Pictures

    /// Takes over what the watcher has; true when it is something new.
    func refresh() -> Bool {
        guard let newest = watcher?.take().picture, newest.sequence != picture?.sequence else { return false }
        picture = newest
        return true
    }
}
