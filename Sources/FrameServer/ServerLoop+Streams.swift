import FastCGI
import Linux
import Logging

/// Streams: the same picture to all viewers, each at its own pace.
extension ServerLoop {
    /// Begins a stream.
    func beginStream(_ connection: Connection, of camera: Camera, _ options: StreamOptions) {
        connection.phase = .streaming
        connection.camera = camera
        connection.viewer = Viewer(framing: options.framing, begun: now, interval: options.interval)
        Socket.setSendBuffer(of: connection.socket.number, byteCount: Self.sendBufferByteCount)
        var bytes: [UInt8] = []
        Record.appendOutput(
            StreamOptions.response.head + options.framing.opening, request: connection.request, to: &bytes)
        connection.bytes = bytes
        camera.add(connection)
        camera.counts.viewers += 1
        camera.counts.streams += 1
        service.update(camera)
        do {
            try camera.watch(now: now)
        } catch {
            refuseWatching(connection, camera, error)
            return
        }
        push(connection)
    }

    /// The thread that would watch a camera cannot be had.
    func refuseWatching(_ connection: Connection, _ camera: Camera, _ error: any Error) {
        log.error("the pictures of \(camera.name) cannot be watched: \(error)")
        let message = "The server has no room for another camera's pictures; try again later."
        answer(connection, .error(503, "overloaded", message).adding("Retry-After", "5"))
    }

    /// Shows a camera's new picture to all who are ready for it.
    func show(_ camera: Camera) {
        for viewer in camera.viewers where !viewer.hasOutput { push(viewer) }
        serveWaiters(of: camera)
    }

    /// Sends what a connection has, and to a viewer the newest picture after it, until there is no more or no room.
    func push(_ connection: Connection) {
        while true {
            let hadImage = connection.image != nil
            switch connection.sendOutput() {
            case .done: break
            case .blocked:
                arm(connection, true)
                return
            case .failed:
                drop(connection)
                return
            }
            if hadImage { count(connection) }
            if connection.phase == .ending {
                linger(connection)
                return
            }
            guard connection.phase == .streaming else { return }
            switch beginNext(connection) {
            case .begun: continue
            case .nothing:
                arm(connection, false)
                return
            case .mustDrain:
                arm(connection, true)
                return
            }
        }
    }

    private enum Next {
        case begun
        /// There is nothing newer, or it is not time yet.
        case nothing
        /// The web server has not read the last picture.
        case mustDrain
    }

    private func beginNext(_ connection: Connection) -> Next {
        guard let camera = connection.camera, let picture = camera.picture,
            let image = picture[connection.viewer.framing]
        else { return .nothing }
        guard picture.sequence != connection.viewer.shown, connection.viewer.isDue(now) else { return .nothing }
        guard connection.viewer.shown == 0 || isDrained(connection) else { return .mustDrain }
        connection.viewer.begin(picture.sequence, now: now)
        connection.begin(image)
        camera.counts.bytes += UInt64(image.byteCount)
        return .begun
    }

    /// Whether the web server has read all: a picture is begun only then, so that it is the newest one on arrival.
    private func isDrained(_ connection: Connection) -> Bool {
        guard let count = Socket.unsentByteCount(of: connection.socket.number) else { return true }
        // The kernel counts one byte until it has told us that there is room.
        guard count <= 1 else { return false }
        if hasLocalPeers { connection.noteRead() }
        return true
    }

    /// Sends the picture again to a viewer that has seen nothing for long, or late to one that waited for its time.
    func remind(_ connection: Connection) {
        guard !connection.hasOutput else { return }
        if now >= connection.viewer.begun + Self.repetition { connection.viewer.shown = .max }
        push(connection)
    }

    /// Ends a stream after the picture that is on its way, so that the browser knows that it was no accident.
    func end(_ connection: Connection) {
        leave(connection)
        connection.phase = .ending
        var bytes: [UInt8] = []
        Record.appendOutput(connection.viewer.framing.closing, request: connection.request, to: &bytes)
        Record.appendEnd(request: connection.request, to: &bytes)
        connection.finish(with: bytes)
        push(connection)
    }

    /// Sends an answer and ends the request.
    func answer(_ connection: Connection, _ response: Response, isHeadOnly: Bool = false) {
        leave(connection)
        connection.phase = .ending
        connection.bytes = response.records(request: connection.request, isHeadOnly: isHeadOnly)
        push(connection)
    }

    /// Everything is sent: the web server is to close first, so that nothing that it has sent is cut off.
    private func linger(_ connection: Connection) {
        connection.phase = .lingering
        connection.deadline = now + Self.lingerTime
        arm(connection, false)
        Socket.endOutput(of: connection.socket.number)
    }

    private func count(_ connection: Connection) {
        guard let camera = connection.camera, connection.phase == .streaming else { return }
        camera.counts.frames += 1
    }

    /// Asks to be told when the socket takes bytes again, or not any more.
    private func arm(_ connection: Connection, _ isArmed: Bool) {
        guard connection.isArmed != isArmed else { return }
        connection.isArmed = isArmed
        let interest: Epoll.Interest = [.readable, .peerClosed, .edge]
        try? epoll.modify(
            connection.socket.number, isArmed ? interest.union(.writable) : interest, token: connection.token)
    }
}
