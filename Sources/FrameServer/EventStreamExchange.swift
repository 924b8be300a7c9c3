import Journal
import Linux
import Names
import Service
import Web

/// A request for a stream of events (HTML Standard, section 9.2).
///
/// Use it only from the thread of the event loop.
final class EventStreamExchange: Exchange {
    /// The time without output after which a comment is sent, so that proxies do not close the connection.
    private static let heartbeat = Duration.seconds(15)
    /// How long a browser waits before it connects again, in milliseconds.
    private static let retryMilliseconds = 2000

    /// The connection, as a strong reference: a connection releases its exchange when it closes.
    private let connection: Connection
    private let filter: EventFilter
    private let feed: EventFeed
    /// The place up to which events have been sent or skipped; nil until the end of the journal is known.
    private var position: JournalPosition?
    /// The ID that the client received last.
    private var sentPosition: JournalPosition?
    /// The cameras whose state has changed since it was sent.
    private var changedStates: [String] = []
    private var isReplaying = false
    /// Whether reading more would be useless until the shared reader has read again.
    private var isWaiting = false
    private var isEnded = false
    private var sentAt: Instant

    init(_ connection: Connection, _ filter: EventFilter, _ feed: EventFeed) {
        self.connection = connection
        self.filter = filter
        self.feed = feed
        position = filter.start
        sentAt = connection.now
    }

    static var response: Response {
        Response(
            status: 200,
            headers: [
                ("Content-Type", "text/event-stream"), ("Cache-Control", "no-store"), ("X-Accel-Buffering", "no"),
            ])
    }

    func begin() {
        changedStates = feed.states.filter { !$0.isGone }.map(\.camera)
        connection.beginStream(Self.response.head + Array("retry: \(Self.retryMilliseconds)\n\n".utf8), self)
        feed.add(self)
        connection.push()
    }

    /// Receives what the shared reader has read after `start`; `start` is nil if it has only found the journal's end.
    func deliver(_ batch: EventFeed.Batch, from start: JournalPosition?) {
        isWaiting = false
        if position == nil { position = start ?? batch.next }
        // A stream that has caught up and has nothing to send gets the events directly.
        if let start, position == start, !isReplaying, !connection.hasOutput { append(batch) }
        connection.push()
    }

    /// Notes that the state of a camera has changed.
    func noteState(of camera: String) {
        if !changedStates.contains(camera) { changedStates.append(camera) }
        if !connection.hasOutput { connection.push() }
    }

    func next(on connection: Connection) -> Connection.Next {
        if !output.isEmpty {
            connection.send(Array(output.utf8))
            output = ""
            sentAt = connection.now
            return .begun
        }
        guard !changedStates.isEmpty || isBehind else { return .nothing }
        // Read more only when the web server has read what was sent before. A slow client then costs no memory.
        guard connection.isDrained else { return .mustDrain }
        if !changedStates.isEmpty {
            let states = feed.states.filter { changedStates.contains($0.camera) }
            changedStates = []
            for (_, item, _) in states where accepts(item) { output += item.text }
            if !output.isEmpty { return next(on: connection) }
        }
        if isBehind { replay() }
        return .nothing
    }

    /// Text that is to be sent next.
    private var output = ""

    private var isBehind: Bool {
        guard let position, let end = feed.position else { return false }
        return position != end && !isReplaying && !isWaiting
    }

    private func replay() {
        guard let position else { return }
        isReplaying = feed.replay(from: position) { [weak self] batch in
            guard let self, !isEnded else { return }
            isReplaying = false
            isWaiting = batch.isAtEnd || batch.problem != nil
            if batch.problem == nil { append(batch) }
            connection.push()
        }
    }

    private func append(_ batch: EventFeed.Batch) {
        if batch.isGone {
            output += EventFeed.text("gone", "{\"message\": \"Older events have been removed; some were missed.\"}")
        }
        for item in batch.items where accepts(item) {
            output += "id: \(item.next)\n\(item.text)"
            sentPosition = item.next
        }
        position = batch.next
    }

    private func accepts(_ item: EventFeed.Item) -> Bool {
        guard filter.accepts(type: item.type, camera: item.camera, label: item.label) else { return false }
        return CameraName(item.camera).map { connection.grant.allows(.watch, for: $0) } ?? false
    }

    func tick() {
        guard !connection.hasOutput, output.isEmpty else { return }
        if sentPosition == nil, let position {
            // From now on, a client that connects again misses nothing.
            output = "id: \(position)\n\n"
            sentPosition = position
        } else if connection.now - sentAt >= Self.heartbeat {
            output = ": still here\n"
            if let position, position != sentPosition {
                output += "id: \(position)\n"
                sentPosition = position
            }
            output += "\n"
        }
        connection.push()
    }

    func end() {
        guard !isEnded else { return }
        isEnded = true
        feed.remove(self)
    }

    func stop(_ reason: StopReason) { connection.endStream([]) }
}
