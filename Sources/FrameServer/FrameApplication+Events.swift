import Events
import Journal
import Linux
import Logging
import Service
import Web

// Serving the event journal.
extension FrameApplication {
    /// The maximum number of concurrent event streams.
    private static let maximumEventStreams = 1000
    /// The number of waiting read operations at which further requests for pictures are refused.
    private static let maximumWaitingReads = 64

    /// Starts a stream of events.
    func beginEvents(_ request: EventFilter, on connection: Connection) throws(HTTPError) {
        guard let feed = events else { throw noEvents }
        try connection.require(.watch, for: nil)
        if connection.isHeadOnly { return connection.answer(EventStreamExchange.response) }
        guard feed.streams.count < Self.maximumEventStreams, connection.worker.hasRoom else {
            let message = "The maximum of \(Self.maximumEventStreams) event streams is reached; try again later."
            throw .temporary("too_many_viewers", message, retryAfter: 5)
        }
        EventStreamExchange(connection, request, feed).begin()
    }

    /// Answers with the best picture of the object with the given ID.
    func beginEventPicture(_ id: String, on connection: Connection) throws(HTTPError) {
        guard let folder = configuration.events else { throw noEvents }
        try connection.require(.watch, for: nil)
        guard EventPicture.isValid(id) else { throw noPicture(of: id) }
        guard eventQueue.count < Self.maximumWaitingReads else {
            throw .temporary("overloaded", "Too many requests wait for the disk; try again later.", retryAfter: 5)
        }
        let exchange = PictureExchange(connection, self)
        do throws(SystemError) {
            try eventQueue.run { () -> [UInt8]? in
                do throws(SystemError) {
                    return try File.contents(of: EventPicture.path(of: id, in: folder.path))
                } catch {
                    return nil
                }
            } completion: { [unowned self] jpeg in
                guard !exchange.isEnded else { return }
                if let jpeg { exchange.answer(jpeg) } else { refuse(noPicture(of: id), on: connection) }
            }
        } catch {
            log.error("cannot read a picture: \(error)")
            throw .temporary("overloaded", "The server has no threads left; try again later.", retryAfter: 5)
        }
        connection.open(exchange)
    }

    private var noEvents: HTTPError {
        HTTPError(404, "not_found", "This server has no events; the web server of the relay serves them.")
    }

    private func noPicture(of id: String) -> HTTPError {
        HTTPError(404, "event_not_found", "There is no picture of an event '\(Excerpt(id))'; it may have been removed.")
    }
}

/// A request that waits until a picture has been read from the disk.
private final class PictureExchange: Exchange {
    private unowned let connection: Connection
    private unowned let application: FrameApplication
    private(set) var isEnded = false

    init(_ connection: Connection, _ application: FrameApplication) {
        self.connection = connection
        self.application = application
    }

    func answer(_ jpeg: [UInt8]) {
        connection.answer(
            Response(
                status: 200,
                headers: [
                    ("Content-Type", "image/jpeg"), ("Content-Length", "\(jpeg.count)"),
                    // A better picture of the same object may follow.
                    ("Cache-Control", "no-cache"),
                ], body: jpeg))
    }

    func end() { isEnded = true }

    func stop(_ reason: StopReason) { application.refuse(reason.error, on: connection) }
}
