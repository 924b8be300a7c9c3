import Cameras
import Events
import FastCGI
import JSON
import Linux
import MotionJPEG
import Names
import Service
import SharedFrame
import Web

/// A complete response with one frame, which all requests for that frame share.
struct Snapshot {
    let number: UInt64
    let image: WireImage
    let head: Response

    /// Creates the response.
    ///
    /// `outage` is the reason why the frame is not current; it is nil if the frame is current.
    init(_ frame: FrameDescription, _ bytes: RawSpan, _ outage: Outage?) {
        number = frame.number
        head = Self.head(of: frame, byteCount: bytes.byteCount, outage)
        var end: [UInt8] = []
        Record.appendEnd(request: 1, to: &end)
        image = WireImage(head: head.head, body: bytes, ending: end)
    }

    private static func head(of frame: FrameDescription, byteCount: Int, _ outage: Outage?) -> Response {
        var response = Response(
            status: 200,
            headers: [
                ("Content-Type", "image/jpeg"), ("Content-Length", "\(byteCount)"),
                ("Cache-Control", "no-store"), ("ETag", "\"\(frame.number)\""),
                (HeaderName.timestamp, Multipart.timestamp(realtimeNanoseconds: frame.capture.realtime)),
                (HeaderName.frameNumber, "\(frame.number)"),
            ])
        if let outage { response.headers.append((HeaderName.offline, "\(HeaderText(outage.message))")) }
        return response
    }
}

/// Answers each request for a snapshot with one fresh frame. If there is no fresh frame, the request waits for one.
extension FrameApplication {
    /// Answers with the newest frame if it satisfies the request; if it does not, waits for a frame that does.
    func beginSnapshot(_ request: SnapshotRequest, of camera: Camera, on connection: Connection) throws(HTTPError) {
        camera.retainInterest(now: now)
        let status = camera.subscriber.recentStatus
        let exchange = SnapshotExchange(request, of: camera, on: connection, self)
        if let status, request.isSatisfied(by: status, now: now) {
            try answer(exchange, of: camera, outage: nil)
        } else if let outage = finalOutage(of: camera, status) {
            try answer(exchange, of: camera, outage: outage)
        } else {
            exchange.waitForFrame()
            do throws(SystemError) {
                try camera.watchForWaiters(id: camera.id, mailbox)
            } catch {
                throw outOfResources(for: camera, error)
            }
        }
    }

    /// Answers the waiting requests that the newest frame satisfies.
    ///
    /// If the camera has an outage that requests cannot end (``Outage/isFinal``), answers all waiting requests.
    func serveWaiters(of camera: Camera) {
        guard !camera.waiters.isEmpty else { return }
        let status = camera.subscriber.status
        let outage = finalOutage(of: camera, status)
        for exchange in camera.waiters {
            if let status, exchange.request.isSatisfied(by: status, now: now) {
                run(exchange, of: camera, outage: nil)
            } else if let outage {
                run(exchange, of: camera, outage: outage)
            }
        }
    }

    /// Answers a snapshot request that has waited too long.
    func timeOut(_ exchange: SnapshotExchange, of camera: Camera) {
        let status = camera.subscriber.status
        let outage = outage(of: camera, status)
        if outage == nil, let status, let newest = status.newest, Outage.hasFreshFrame(status, now: now) {
            let message = "The requested frame did not arrive in time; the newest frame is \(newest.number)."
            refuse(.temporary("no_newer_frame", message, retryAfter: 1), on: exchange.connection)
            return
        }
        run(exchange, of: camera, outage: outage ?? .silent)
    }

    private func run(_ exchange: SnapshotExchange, of camera: Camera, outage: Outage?) {
        do throws(HTTPError) {
            try answer(exchange, of: camera, outage: outage)
        } catch {
            refuse(error, on: exchange.connection)
        }
    }

    private func outage(of camera: Camera, _ status: RingStatus?) -> Outage? {
        Outage.current(status, refusal: camera.subscriber.refusal, kind: camera.ring.kind, now: now)
    }

    private func finalOutage(of camera: Camera, _ status: RingStatus?) -> Outage? {
        Outage.final(status, refusal: camera.subscriber.refusal, kind: camera.ring.kind, now: now)
    }

    /// Answers with the newest frame.
    ///
    /// Throws if there is an `outage` and the request does not accept an old frame.
    private func answer(_ exchange: SnapshotExchange, of camera: Camera, outage: Outage?) throws(HTTPError) {
        if let outage, !exchange.request.acceptsOldPicture { throw offline(camera, outage) }
        if exchange.request.content == .objects { return try answerObjects(exchange, of: camera) }
        if outage == nil, let shared = camera.snapshots[exchange.request.width],
            shared.number == camera.subscriber.recentStatus?.newest?.number
        {
            return send(shared, exchange, of: camera)
        }
        if case .atLeast(let width) = exchange.request.width {
            return try scale(exchange, of: camera, width, outage)
        }
        let made = camera.subscriber.withNewestFrame { Snapshot($0, $1, outage) }
        guard let made else { throw offline(camera, outage ?? .silent) }
        if outage == nil { camera.snapshots[.original] = made }
        send(made, exchange, of: camera)
    }

    /// Answers with the detection results of the newest frame.
    private func answerObjects(_ exchange: SnapshotExchange, of camera: Camera) throws(HTTPError) {
        let text: String?? = camera.subscriber.withNewestFrame { _, bytes in FrameResult.text(in: bytes) }
        // Check that the text is JSON, because the results of a relayed camera come from another server.
        guard let text, let text, JSON(Array(text.utf8)) != nil else {
            throw .temporary("no_results", "The newest frame contains no detection results.", retryAfter: 1)
        }
        exchange.connection.answer(.json(.literal(text)))
    }

    private func send(_ snapshot: Snapshot, _ exchange: SnapshotExchange, of camera: Camera) {
        let connection = exchange.connection
        camera.counts.snapshots += 1
        if exchange.request.isKnown(snapshot.number) {
            let headers = snapshot.head.headers.filter { $0.name != "Content-Length" }
            connection.answer(Response(status: 304, headers: headers))
        } else if connection.isHeadOnly {
            connection.answer(snapshot.head)
        } else {
            camera.counts.bytes += UInt64(snapshot.image.byteCount)
            connection.answer(snapshot.image)
        }
    }

    // MARK: Scaled snapshots

    /// The result of the scaling thread, with the number of frames that it has scaled.
    private struct Scaled: Sendable {
        let snapshot: Snapshot
        let count: UInt64
    }

    /// Scales the newest frame on another thread.
    ///
    /// Concurrent requests share the result.
    private func scale(
        _ exchange: SnapshotExchange, of camera: Camera, _ width: Int, _ outage: Outage?
    ) throws(HTTPError) {
        let key = ScalingKey(ring: camera.ring, width: width, isOld: outage != nil)
        if scalings[key] != nil {
            scalings[key]?.append(exchange)
            exchange.waitForScaling()
            return
        }
        guard let frame = camera.subscriber.copyNewestFrame() else { throw offline(camera, outage ?? .silent) }
        do throws(SystemError) {
            try scalingQueue.run {
                var maker = PictureMaker(FeedKey(width: .atLeast(width)))
                let snapshot = maker.scaled(frame.bytes, toWidth: width) { Snapshot(frame.description, $0, outage) }
                return Scaled(snapshot: snapshot, count: maker.takeScaledCount())
            } completion: { [unowned self] (scaled: Scaled) in
                camera.counts.scaled += scaled.count
                if outage == nil { camera.snapshots[.atLeast(width)] = scaled.snapshot }
                for exchange in scalings.removeValue(forKey: key) ?? [] where !exchange.isEnded {
                    send(scaled.snapshot, exchange, of: camera)
                }
            }
        } catch {
            throw outOfResources(for: camera, error)
        }
        scalings[key] = [exchange]
        exchange.waitForScaling()
    }

    private func offline(_ camera: Camera, _ outage: Outage) -> HTTPError {
        .temporary("camera_offline", outage.message, retryAfter: 2, fields: [("camera", .text(camera.name.text))])
    }
}
