import FastCGI
import JSON
import Linux
import MotionJPEG
import Names
import SharedFrame

/// Snapshots: one fresh picture, at once or when it comes.
extension ServerLoop {
    /// Answers with the newest frame if it will do, or begins to wait for one that does.
    func beginSnapshot(_ connection: Connection, of camera: Camera, _ snapshot: SnapshotRequest) {
        camera.use(now: now)
        let status = camera.subscriber.recentStatus
        if let status, snapshot.isSatisfied(by: status, now: now) {
            send(snapshot, of: camera, outage: nil, on: connection)
            return
        }
        if let outage = finalOutage(of: camera, status) {
            send(snapshot, of: camera, outage: outage, on: connection)
            return
        }
        connection.phase = .waiting
        connection.camera = camera
        connection.snapshot = snapshot
        connection.deadline = snapshot.deadline
        camera.waiters.append(connection)
        do {
            try camera.watch(now: now)
        } catch {
            refuseWatching(connection, camera, error)
        }
    }

    /// Answers the snapshots that the newest frame will do for.
    func serveWaiters(of camera: Camera) {
        guard !camera.waiters.isEmpty, let status = camera.subscriber.status else { return }
        serve(camera, outage: nil) { $0.isSatisfied(by: status, now: now) }
    }

    /// Answers those snapshots that wait for which `isReady` holds.
    private func serve(_ camera: Camera, outage: Outage?, _ isReady: (SnapshotRequest) -> Bool) {
        let waiters = camera.waiters
        camera.waiters = []
        for connection in waiters {
            guard let snapshot = connection.snapshot else { continue }
            if isReady(snapshot) {
                connection.camera = nil
                send(snapshot, of: camera, outage: outage, on: connection)
            } else {
                camera.waiters.append(connection)
            }
        }
    }

    /// Answers the snapshots that wait for a camera that says itself that nothing will come.
    func reconsiderWaiters(of camera: Camera) {
        guard !camera.waiters.isEmpty else { return }
        serveWaiters(of: camera)
        guard !camera.waiters.isEmpty, let outage = finalOutage(of: camera, camera.subscriber.status) else { return }
        serve(camera, outage: outage) { _ in true }
    }

    /// The time of a snapshot that waits is over.
    func giveUp(_ connection: Connection) {
        guard let camera = connection.camera, let snapshot = connection.snapshot else { return }
        let status = camera.subscriber.status
        let outage = outage(of: camera, status)
        if outage == nil, let status, let newest = status.newest, Outage.hasFreshFrame(status, now: now) {
            let message = "No such frame came in time; the newest is \(newest.number)."
            answer(
                connection, Response.error(503, "no_newer_frame", message).adding("Retry-After", "1"),
                isHeadOnly: snapshot.isHeadOnly)
            return
        }
        send(snapshot, of: camera, outage: outage ?? .silent, on: connection)
    }

    private func outage(of camera: Camera, _ status: RingStatus?) -> Outage? {
        Outage.current(status, refusal: camera.subscriber.refusal, kind: configuration.kind, now: now)
    }

    /// What is wrong, when it is of no use to wait: a daemon that is just started again has as long as with a stream.
    private func finalOutage(of camera: Camera, _ status: RingStatus?) -> Outage? {
        guard let outage = outage(of: camera, status), outage.isFinal else { return nil }
        if let newest = status?.newest, newest.published + OutageShow.patience > now { return nil }
        return outage
    }

    /// Answers with the newest frame, or with what is wrong.
    private func send(
        _ snapshot: SnapshotRequest, of camera: Camera, outage: Outage?, on connection: Connection
    ) {
        if let outage, !snapshot.takesOldPicture {
            answer(connection, offline(camera, outage), isHeadOnly: snapshot.isHeadOnly)
            return
        }
        guard let (number, image, head) = image(of: camera, outage) else {
            answer(connection, offline(camera, outage ?? .silent), isHeadOnly: snapshot.isHeadOnly)
            return
        }
        camera.counts.snapshots += 1
        if snapshot.isKnown(number) {
            answer(connection, Response(status: 304, headers: head.headers.filter { $0.name != "Content-Length" }))
        } else if snapshot.isHeadOnly {
            answer(connection, head, isHeadOnly: true)
        } else {
            camera.counts.bytes += UInt64(image.byteCount)
            leave(connection)
            connection.phase = .ending
            connection.begin(image)
            push(connection)
        }
    }

    /// The newest frame as a whole answer; those who ask for the same fresh frame share it.
    private func image(of camera: Camera, _ outage: Outage?) -> (UInt64, WireImage, Response)? {
        var description: FrameDescription?
        if outage == nil, let shared = camera.snapshot, shared.number == camera.subscriber.recentStatus?.newest?.number
        {
            return (shared.number, shared.image, shared.head)
        }
        let made = camera.subscriber.withNewestFrame { newest, bytes in
            description = newest
            var end: [UInt8] = []
            Record.appendEnd(request: 1, to: &end)
            return WireImage(head: Self.head(of: newest, outage).head, body: bytes, ending: end)
        }
        guard let made, let description else { return nil }
        let head = Self.head(of: description, outage)
        if outage == nil { camera.snapshot = (description.number, made, head) }
        return (description.number, made, head)
    }

    private static func head(of frame: FrameDescription, _ outage: Outage?) -> Response {
        var response = Response(
            status: 200,
            headers: [
                ("Content-Type", "image/jpeg"), ("Content-Length", "\(frame.byteCount)"),
                ("Cache-Control", "no-store"), ("ETag", "\"\(frame.number)\""),
                (HeaderName.timestamp, Multipart.timestamp(realtimeNanoseconds: frame.capture.realtime)),
                (HeaderName.frameNumber, "\(frame.number)"),
            ])
        if let outage { response.headers.append((HeaderName.offline, "\(HeaderText(outage.message))")) }
        return response
    }

    private func offline(_ camera: Camera, _ outage: Outage) -> Response {
        Response.error(503, "camera_offline", outage.message, fields: [("camera", .text(camera.name.text))])
            .adding("Retry-After", "2")
    }
}
