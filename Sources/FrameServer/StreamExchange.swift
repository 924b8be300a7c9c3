import Linux
import MotionJPEG
import Service
import Web

/// A request for a stream, which receives the newest picture whenever the viewer has read the previous one.
///
/// Use it only from the thread of the event loop.
final class StreamExchange: Exchange {
    /// The time without a new picture after which the last picture is sent again.
    private static let repetition: Duration = .seconds(5)

    let framing: Framing
    /// The minimum interval between pictures; zero if there is no limit.
    let interval: Duration
    /// Whether ``interval`` limits the rate of pictures.
    private let isPaced: Bool
    /// The index of this viewer in the feed's list of viewers.
    var index = 0
    private let camera: Camera
    private let feed: Feed
    /// The connection, as a strong reference, which is faster than a weak one.
    ///
    /// The two objects refer to each other, but do not leak, because a connection releases its exchange when it closes.
    private let connection: Connection
    /// The sequence number of the picture that is being sent or was last sent; 0 before the first picture.
    private var shown: UInt64 = 0
    /// When the worker began to send the picture with the number ``shown``.
    ///
    /// Before the first picture, this is when the stream began.
    private var begun: Instant
    /// When the next picture is due, if the stream is paced.
    private var due = Instant.distantPast
    private var isEnded = false

    init(_ connection: Connection, of camera: Camera, _ options: StreamOptions) {
        self.connection = connection
        self.camera = camera
        feed = camera.feed(options.feedKey)
        framing = options.rendition.framing
        interval = options.interval
        isPaced = interval > .zero
        begun = connection.now
    }

    /// Starts the stream.
    func begin() {
        // Do not reuse the file of a picture that was sent to a paced viewer. The worker checks whether such a viewer
        // has read a picture only when the next picture is due. Until then, a file could not be reused, and each paced
        // viewer could hold back a different file.
        connection.returnsImages = !isPaced
        connection.beginStream(StreamOptions.response.head + framing.opening, self)
        feed.add(self)
        camera.counts.viewers += 1
        camera.counts.streams += 1
    }

    /// Sends the feed's new picture, unless the previous one is still being sent.
    func show() {
        if !connection.hasOutput { connection.push() }
    }

    func next(on connection: Connection) -> Connection.Next {
        guard let picture = feed.picture, picture.sequence != shown, let image = picture[framing] else {
            return .nothing
        }
        let now = connection.now
        guard isDue(now) else { return .nothing }
        // Begin a picture only when the web server has read everything that was sent before. Otherwise the picture
        // would wait in the socket, and would no longer be the newest one when the web server reads it.
        guard shown == 0 || connection.isDrained else { return .mustDrain }
        begin(picture.sequence, now: now)
        connection.begin(image)
        camera.counts.bytes += UInt64(image.byteCount)
        return .begun
    }

    func imageSent() { camera.counts.frames += 1 }

    /// Sends a paced picture that has become due, or repeats the last picture if none was sent for ``repetition``.
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

    /// Ends the stream with the closing boundary, after the current picture has been sent.
    ///
    /// This boundary tells the browser that the stream was ended intentionally.
    func stop(_ reason: StopReason) {
        connection.endStream(framing.closing)
    }

    /// Returns whether the next picture is due.
    ///
    /// A picture can be sent up to an eighth of the interval before its due time, because cameras do not deliver frames
    /// at exactly regular times.
    private func isDue(_ now: Instant) -> Bool { !isPaced || now + interval / 8 >= due }

    private func begin(_ sequence: UInt64, now: Instant) {
        shown = sequence
        begun = now
        guard isPaced else { return }
        // After a small delay, keep the schedule of due times. After a longer pause, begin a new schedule.
        due = due + interval * 2 < now ? now + interval : due + interval
    }
}
