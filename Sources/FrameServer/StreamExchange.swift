import Linux
import MotionJPEG
import Service
import Web

/// A stream: always the newest picture, as fast as the viewer reads.
///
/// Used only on the event loop.
final class StreamExchange: Exchange {
    /// After how long without a new picture the last one is sent again.
    private static let repetition: Duration = .seconds(5)

    let framing: Framing
    /// The minimum interval between pictures; zero for no limit.
    let interval: Duration
    private let isPaced: Bool
    /// The index among the feed's viewers.
    var index = 0
    private let camera: Camera
    private let feed: Feed
    /// A strong reference, for speed; no cycle remains, since the connection drops its exchange when it ends.
    private let connection: Connection
    /// The sequence of the last picture started; 0 before the first.
    private var shown: UInt64 = 0
    private var begun: Instant
    /// When the next picture is due.
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

    /// Starts the stream.
    func begin() {
        // A paced viewer holds each picture for long, and different viewers would hold different files.
        connection.returnsImages = !isPaced
        connection.beginStream(StreamOptions.response.head + framing.opening, self)
        feed.add(self)
        camera.counts.viewers += 1
        camera.counts.streams += 1
    }

    /// Called when the feed has a new picture.
    func show() {
        if !connection.hasOutput { connection.push() }
    }

    func next(on connection: Connection) -> Connection.Next {
        guard let picture = feed.picture, picture.sequence != shown, let image = picture[framing] else {
            return .nothing
        }
        let now = connection.now
        guard isDue(now) else { return .nothing }
        // Start a picture only once the web server has read everything, so that it is the newest when it arrives.
        guard shown == 0 || connection.isDrained else { return .mustDrain }
        begin(picture.sequence, now: now)
        connection.begin(image)
        camera.counts.bytes += UInt64(image.byteCount)
        return .begun
    }

    func imageSent() { camera.counts.frames += 1 }

    /// Repeats the picture after a long silence, and sends a paced picture that has become due.
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

    /// Ends the stream cleanly after the current picture, so that the browser can tell it was intended.
    func stop(_ reason: StopReason) {
        connection.endStream(framing.closing)
    }

    /// Whether the next picture is due; up to an eighth of the interval early is on time, since cameras jitter.
    private func isDue(_ now: Instant) -> Bool { !isPaced || now + interval / 8 >= due }

    private func begin(_ sequence: UInt64, now: Instant) {
        shown = sequence
        begun = now
        guard isPaced else { return }
        // Keep the rhythm over small delays; restart it after a longer pause.
        due = due + interval * 2 < now ? now + interval : due + interval
    }
}
