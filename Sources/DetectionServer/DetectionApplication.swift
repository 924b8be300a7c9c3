import Cameras
import Daemon
import Detection
import EventLoop
import FastCGI
import Glibc
import JSON
import Linux
import Logging
import MotionJPEG
import Names
import Service
import SharedFrame
import Web

/// The request handler of the detection worker.
///
/// Use it only from the thread of the worker's event loop. Inference runs on another thread.
final class DetectionApplication: Application {
    let configuration: DetectionServerConfiguration
    let log: Logger
    let loop: EventLoop
    let inference: InferenceThread
    let store = ResultStore()
    var counters = DetectionCounters()
    let directory: CameraDirectory
    var cameras: [CameraName: WatchedCamera] = [:]
    /// The queue of cameras that may have a new frame.
    let mailbox: Mailbox<CameraName>
    /// Pending jobs by ID.
    var jobs: [UInt64: PendingJob] = [:]
    /// The IDs of pending jobs that further requests can share.
    var jobsByKey: [JobKey: UInt64] = [:]
    var nextJob: UInt64 = 1
    /// The memory reserved for the bodies of requests.
    let reserved = Reservation.Account()
    /// The maximum number of descriptors for stored results.
    ///
    /// The other descriptors are for connections.
    let maximumFileCount: Int

    /// A pending job and the requests that wait for it.
    struct PendingJob {
        var waiters: [DetectionExchange]
        let key: JobKey?
        /// The uploaded picture, for recognizing identical uploads; nil if the picture comes from a camera.
        let upload: [UInt8]?
    }

    /// Identifies a job.
    ///
    /// Jobs with equal keys have the same result.
    enum JobKey: Hashable {
        /// Detection in the frame that is a camera's newest one when the job runs.
        case newest(CameraName)
        /// Detection in a specific frame.
        case frame(CameraName, number: UInt64)
        /// Drawing the boxes of the result with this ID.
        case drawing(result: String, ResultFilter)
    }

    init(_ configuration: DetectionServerConfiguration, _ loop: EventLoop) throws(SystemError) {
        self.configuration = configuration
        self.loop = loop
        log = Logger(label: configuration.worker.service)
        inference = try InferenceThread(
            configuration.detector, publishing: configuration.model, log: log, loop.signal)
        directory = CameraDirectory(
            prefix: configuration.prefix, kinds: configuration.kinds, configured: configuration.cameras)
        mailbox = Mailbox(loop.signal)
        maximumFileCount = ResourceLimit.raiseOpenFiles() / 4
    }

    var now: Instant { loop.now }

    // MARK: Application

    var metricsPath: String? { "/detect/metrics" }

    func addMetrics(to text: inout MetricsText) {
        counters.addMetrics(to: &text, inference.readiness, store: store, waiting: waitingCount)
    }

    var isIdle: Bool { jobs.isEmpty && !inference.isBusy && cameras.values.allSatisfy { $0.waiters.isEmpty } }

    var reservedDescriptorCount: Int {
        min(store.count, maximumFileCount) + cameras.count * 4 + configuration.liveDescriptorCount()
    }

    func tick(isSignalled: Bool) {
        for (id, outcome) in inference.takeFinished() { finish(id, outcome) }
        for name in Set(mailbox.take()) {
            if let camera = cameras[name] { serveWaiters(of: camera) }
        }
        guard !isSignalled else { return }
        for camera in cameras.values { serveWaiters(of: camera) }
        if let hang = inference.hang(now: now, timeout: configuration.hangTimeout) {
            log.critical("\(hang), so it counts as hanging: the program exits in order to be restarted")
            // Do not call exit handlers, because a library's handler might wait for the thread that hangs.
            _exit(ExitStatus.software.rawValue)
        }
    }

    func end() {
        for camera in cameras.values { camera.stop() }
    }

    func begin(_ request: Request, on connection: Connection) throws(HTTPError) {
        let route = DetectionRoute(path: request.path)
        do throws(HTTPError) {
            guard let route else {
                throw HTTPError(
                    404, "not_found", "Not found: \(Excerpt(request.path)); to detect objects, POST to /detect_once.")
            }
            try admit(request, route, on: connection)
        } catch {
            refuse(error, on: connection, isDetection: route?.isPost ?? (request.method == "POST"))
        }
    }

    // MARK: Admission

    static let tooLarge = HTTPError(
        413, "too_large", "The picture is larger than \(Limit.pictureByteCount >> 20) MiB.")
    private static let emptyPicture = HTTPError(400, "bad_picture", "The picture is empty.")
    private static let pictureTypes: Set<String> = [
        "image/jpeg", "image/jpg", "image/pjpeg", "image/png", "image/x-png", "image/webp",
    ]
    static let busy = HTTPError.temporary("busy", "The detection queue is full; try again.", retryAfter: 1)

    private func admit(_ request: Request, _ route: DetectionRoute, on connection: Connection) throws(HTTPError) {
        try request.check(methods: route.methods)
        if route.isPost { try request.checkOrigin() }
        let query = request.query
        try query.check(known: route.parameters, ignoresUnknown: route.ignoresUnknownParameters)
        let filter = try ResultFilter(query, threshold: configuration.threshold, accept: request["HTTP_ACCEPT"])
        let frame = try query.integer("frame", in: 0...UInt64(1) << 53)
        let exchange = DetectionExchange(route, filter, on: connection, self)
        let length = try bodyLength(request, route, frame)
        // A request that names an unknown camera is refused, even if it contains a picture.
        if case .detect(let name) = route, name != nil || length == 0 {
            _ = try camera(name, for: connection)
        } else if route.isPost {
            try connection.require(.detect, for: nil)
        }
        guard length > 0 else { return try perform(exchange, request, frame, body: []) }
        exchange.reservation = Reservation(length, in: reserved)
        let expected = request.hasUnknownLength ? 0 : length
        connection.readBody(limit: length, expected: expected, tooLong: Self.tooLarge) {
            [unowned self] body throws(HTTPError) in
            do throws(HTTPError) {
                if body.isEmpty { throw Self.emptyPicture }
                try perform(exchange, request, frame, body: body)
            } catch {
                refuse(error, to: exchange)
            }
        }
    }

    /// Returns the maximum length of the request's body in bytes.
    ///
    /// Throws if the body would be too large, or if there is no memory or no place in the queue for it.
    private func bodyLength(
        _ request: Request, _ route: DetectionRoute, _ frame: UInt64?
    ) throws(HTTPError) -> Int {
        let isForm = FormData.boundary(in: request["CONTENT_TYPE"] ?? "") != nil
        let maximum = isForm ? Limit.bodyByteCount : Limit.pictureByteCount
        let length = request.hasUnknownLength ? maximum : try request.contentLength()
        let isPicture = Self.pictureTypes.contains(request.mediaType)
        // An empty body usually requests detection in the camera's picture. If the request has the media type of a
        // picture, an empty body is an error, because the client wanted to send a picture.
        if length == 0, route.isPost, isPicture { throw Self.emptyPicture }
        guard length > 0, route.isPost else { return 0 }
        guard frame == nil else { throw HTTPError(400, "bad_query", "Send a picture or name a frame, not both.") }
        switch route {
        case .deepStack where !isForm:
            throw HTTPError(415, "wrong_type", "Send a form (multipart/form-data) with a picture in the field 'image'.")
        case .detect where !isPicture:
            throw HTTPError(
                415, "wrong_type",
                "Send a JPEG, PNG or WebP with its Content-Type, such as image/jpeg, or an empty body for the camera's "
                    + "picture.")
        default: break
        }
        guard length <= maximum else { throw Self.tooLarge }
        guard reserved.byteCount + length <= Limit.bodiesByteCount, waitingCount < Limit.waitingCount,
            inference.pendingCount < configuration.queueLength
        else { throw Self.busy }
        return length
    }

    /// The number of requests that wait for a fresh frame or for a result.
    var waitingCount: Int {
        jobs.values.reduce(0) { $0 + $1.waiters.count } + cameras.values.reduce(0) { $0 + $1.waiters.count }
    }

    // MARK: Responses

    /// Sends a response to a request, and stops waiting for anything that the request was waiting for.
    func answer(_ exchange: DetectionExchange, _ response: Response, outcome: String = "ok") {
        counters.count(outcome, isDetection: exchange.route.isPost)
        leave(exchange)
        exchange.connection.answer(response)
    }

    func refuse(_ error: HTTPError, to exchange: DetectionExchange) {
        answer(exchange, Self.response(error), outcome: error.code)
    }

    /// Refuses a request for which no exchange has been created.
    func refuse(_ error: HTTPError, on connection: Connection) {
        refuse(error, on: connection, isDetection: true)
    }

    private func refuse(_ error: HTTPError, on connection: Connection, isDetection: Bool) {
        counters.count(error.code, isDetection: isDetection)
        connection.answer(Self.response(error))
    }

    /// Returns the response for an error in a form that both Oriel's and DeepStack's clients understand.
    private static func response(_ error: HTTPError) -> Response {
        error.response(leading: [("success", .bool(false))])
    }

    /// Removes a request from the job or camera that it waits for.
    func leave(_ exchange: DetectionExchange) {
        exchange.reservation = nil
        exchange.camera?.remove(exchange)
        exchange.camera = nil
        exchange.result = nil
        guard let id = exchange.job.take() else { return }
        jobs[id]?.waiters.removeAll { $0 === exchange }
        // If no other request waits for the job, it is no longer needed.
        if jobs[id]?.waiters.isEmpty ?? true {
            forget(id)
            inference.cancel(id)
        }
    }

    /// Removes a job; returns the requests that wait for it.
    @discardableResult
    func forget(_ id: UInt64) -> [DetectionExchange] {
        guard let job = jobs.removeValue(forKey: id) else { return [] }
        if let key = job.key, jobsByKey[key] == id { jobsByKey[key] = nil }
        return job.waiters
    }

    /// Answers a request that has waited too long.
    func timeOut(_ exchange: DetectionExchange) {
        if let camera = exchange.camera {
            refuse(offline(camera.name, outage(of: camera) ?? .silent), to: exchange)
            return
        }
        let seconds = Int(Limit.resultTime.inSeconds)
        let message = "The detector did not process this picture within \(seconds) seconds; try again."
        refuse(.temporary("timeout", message, retryAfter: 1, status: 504), to: exchange)
    }

    func offline(_ camera: CameraName, _ outage: Outage) -> HTTPError {
        .temporary("camera_offline", outage.message, retryAfter: 2, fields: [("camera", .text(camera.text))])
    }

    func outage(of camera: WatchedCamera) -> Outage? {
        Outage.current(
            camera.subscriber.status, refusal: camera.subscriber.refusal, kind: camera.subscriber.name.kind, now: now)
    }
}
