import EventLoop
import Linux
import SharedFrame

/// A camera's pictures in one width, and who watches them.
///
/// It belongs to the event loop.
final class Feed {
    let width: PictureWidth
    private(set) var viewers: [StreamExchange] = []
    private(set) var picture: Picture?
    private var watch: PictureWatch?
    private var framings: [Framing: Int] = [:]

    init(_ width: PictureWidth) {
        self.width = width
    }

    /// By what its watch's messages are known; nil while it has none.
    var watchID: UInt64? { watch?.id }

    // MARK: Viewers

    func add(_ viewer: StreamExchange) {
        viewer.index = viewers.count
        viewers.append(viewer)
        framings[viewer.framing, default: 0] += 1
    }

    func remove(_ viewer: StreamExchange) {
        let index = viewer.index
        guard index < viewers.count, viewers[index] === viewer else { return }
        let last = viewers.removeLast()
        if last !== viewer {
            viewers[index] = last
            last.index = index
        }
        framings[viewer.framing, default: 1] -= 1
        updateRequest()
    }

    // MARK: Pictures

    /// Starts the watch unless it runs, and says what is wanted.
    ///
    /// Throws if there are no descriptors or threads left.
    func start(_ ring: RingName, id: UInt64, _ mailbox: Mailbox<UInt64>) throws(SystemError) {
        if watch == nil {
            let watch = try PictureWatch(id: id, ring, width, mailbox, after: picture)
            try watch.start()
            self.watch = watch
        }
        updateRequest()
    }

    /// Ends the watch.
    func stop() {
        guard let watch else { return }
        watch.stop()
        self.watch = nil
        // What was on display is old by the time that somebody watches again.
        picture = Picture(sequence: picture?.sequence ?? 0, number: picture?.number ?? 0)
    }

    /// Takes what the watch has: whether that is something new, and how many frames were scaled for it.
    func refresh() -> (isNew: Bool, scaledCount: UInt64) {
        guard let (newest, scaledCount) = watch?.take() else { return (false, 0) }
        guard let newest, newest.sequence != picture?.sequence else { return (false, scaledCount) }
        picture = newest
        return (true, scaledCount)
    }

    private func updateRequest() {
        let wanted = Set(Framing.allCases.filter { framings[$0, default: 0] > 0 })
        watch?.want(wanted, interval: width == .original ? .zero : viewers.map(\.interval).min() ?? .zero)
    }
}
