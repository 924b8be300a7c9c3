import EventLoop
import Linux
import SharedFrame

/// A sequence of pictures of a camera, with its viewers.
///
/// Use it only from the thread of the event loop.
final class Feed {
    let key: FeedKey
    private(set) var viewers: [StreamExchange] = []
    /// The picture that viewers see; nil before the first one.
    private(set) var picture: Picture?
    private var watch: PictureWatch?
    /// For each framing, the number of viewers that receive pictures in it.
    private var framings: [Framing: Int] = [:]

    init(_ key: FeedKey) {
        self.key = key
    }

    /// The ID of the running watch; nil if none is running.
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

    /// Starts the watch if it is not running, and passes it the framings and the interval that the viewers need.
    ///
    /// Throws if no descriptor or thread is available.
    func start(_ ring: RingName, id: UInt64, _ mailbox: Mailbox<UInt64>) throws(SystemError) {
        if watch == nil {
            let watch = try PictureWatch(id: id, ring, key, mailbox, after: picture)
            try watch.start()
            self.watch = watch
        }
        updateRequest()
    }

    /// Stops the watch.
    func stop() {
        guard let watch else { return }
        watch.stop()
        self.watch = nil
        // Drop the images of the picture, because it will be too old when the next viewer arrives.
        picture = Picture(sequence: picture?.sequence ?? 0, number: picture?.number ?? 0)
    }

    /// Takes the newest picture from the watch.
    ///
    /// Returns whether the picture is new, and how many frames have been scaled since the last call.
    func refresh() -> (isNew: Bool, scaledCount: UInt64) {
        guard let (newest, scaledCount) = watch?.take() else { return (false, 0) }
        guard let newest, newest.sequence != picture?.sequence else { return (false, scaledCount) }
        picture = newest
        return (true, scaledCount)
    }

    private func updateRequest() {
        let wanted = Set(Framing.allCases.filter { framings[$0, default: 0] > 0 })
        watch?.want(wanted, interval: key.width == .original ? .zero : viewers.map(\.interval).min() ?? .zero)
    }
}
