import Linux
import MotionJPEG
import Service
import Web

/// A stream: the newest picture, again and again, as fast as its viewer takes them.
///
/// It belongs to the event loop.
final class StreamExchange: Exchange {
    /// When the last picture is sent again to a viewer that has seen nothing new.
    private static let repetition: Duration = .seconds(5)

    let framing: Framing
    /// The minimum time from picture to picture; zero: as they come.
    let interval: Duration
    private let isPaced: Bool
    /// The place among the feed's viewers.
    var index = 0
    private let camera: Camera
    private let feed: Feed
    /// Strong, since it is used for each picture: the connection drops its exchange when it ends.
    private let connection: Connection
    /// The sequence of the picture that was begun last; 0 before the first.
    private var shown: UInt64 = 0
    private var begun: Instant
    /// When the next picture may begin, in the rhythm of `interval`.
    private var due = Instant.distantPast
    private var isEnded = false

    init(_ connection: Connection, of camera: Camera, _ options: StreamOptions) {
        self.connection = connection
        self.camera = camera
        feed = camera.feed(options.rendition.width)
        framing = options.rendition.framing
        interval = options.interval
        isPaced = interval > .zero
        begun = connection.now
    }

    /// Begins the stream.
    func begin() {
        // A viewer who takes one picture in a while would hold on to it, and others to other ones.
        connection.returnsImages = !isPaced
        connection.beginStream(StreamOptions.response.head + framing.opening, self)
        feed.add(self)
        camera.counts.viewers += 1
        camera.counts.streams += 1
    }

    /// The picture of the feed has changed.
    func show() {
        if !connection.hasOutput { connection.push() }
    }

    func next(on connection: Connection) -> Connection.Next {
        guard let picture = feed.picture, picture.sequence != shown, let image = picture[framing] else { return .nothing }
        let now = connection.now
        guard isDue(now) else { return .nothing }
        // A picture begins only when the web server has read all, so that it is the newest one on arrival.
        guard shown == 0 || connection.isDrained else { return .mustDrain }
        begin(picture.sequence, now: now)
        connection.begin(image)
        camera.counts.bytes += UInt64(image.byteCount)
        return .begun
    }

    func imageSent() { camera.counts.frames += 1 }

    /// Sends the picture again to a viewer that has seen nothing for long, or late to one that waited for its time.
    func tick() {
        guard !connection.hasOutput else { return }
        if connection.now - begun >= Self.repetition { shown = .max }
        connection.push()
    }

    func end() {
        guard !isEnded else { return }
        isEnded = true
        feed.remove(self)
        camera.counts.viewers -= 1
    }

    /// Ends the stream after the picture that is being sent, so that the browser knows that it was no accident.
    func stop(_ reason: StopReason) {
        connection.endStream(framing.closing)
    }

    /// Whether the next picture may begin: an eighth of the interval early is on time, since cameras are not exact.
    private func isDue(_ now: Instant) -> Bool { !isPaced || now + interval / 8 >= due }

    private func begin(_ sequence: UInt64, now: Instant) {
        shown = sequence
        begun = now
        guard isPaced else { return }
        // Keeps the rhythm over small delays, and begins a new one after a longer pause.
        due = due + interval * 2 < now ? now + interval : due + interval
    }
}
