import Cameras
import EventLoop
import FastCGI
import JSON
import Linux
import Logging
import Names
import Service
import SharedFrame
import Web

/// The request handler of a streaming worker, which serves streams, snapshots, reports and controls.
///
/// Use it only from the thread of the worker's event loop.
final class FrameApplication: Application {
    let configuration: FrameServerConfiguration
    let loop: EventLoop
    let log: Logger
    /// The cameras' own frames.
    let cameras: CameraTable
    /// The detector's frames with the results inside the JPEG.
    private let dataResults: CameraTable
    /// The detector's frames with the results drawn on the picture.
    private let drawnResults: CameraTable
    /// All tables, in the order of their indices.
    private let tables: [CameraTable]
    /// The queue of the IDs of cameras that have a new picture or a new state.
    let mailbox: Mailbox<UInt64>
    let counters: ServiceCounters
    let controls: ControlClient
    /// The thread that scales frames for snapshots.
    let scalingQueue: BackgroundQueue
    /// The snapshot requests that wait for a scaled frame.
    var scalings: [ScalingKey: [SnapshotExchange]] = [:]
    /// The thread that reads all cameras for the status, the health and the metrics.
    private let reportQueue: BackgroundQueue
    /// The requests that wait for a pending report.
    private var reportWaiters: [Report.Kind: [ReportExchange]] = [:]
    /// The thread that reads the event journal and pictures.
    let eventQueue: BackgroundQueue
    /// The events; nil if this worker serves none.
    private(set) var events: EventFeed?

    /// Identifies a pending scaling job.
    struct ScalingKey: Hashable {
        let ring: RingName
        let width: Int
        /// Whether the frame to scale is not current, because the camera is offline.
        let isOld: Bool
    }

    init(_ configuration: FrameServerConfiguration, _ loop: EventLoop, _ counters: ServiceCounters) throws(SystemError)
    {
        self.configuration = configuration
        self.loop = loop
        self.counters = counters
        log = Logger(label: configuration.worker.service)
        func directory(_ kinds: [RingName.Kind], _ cameras: [CameraName] = []) -> CameraDirectory {
            CameraDirectory(prefix: configuration.prefix, kinds: kinds, configured: cameras)
        }
        cameras = CameraTable(directory(configuration.kinds, configuration.cameras), index: 0, counters, log)
        dataResults = CameraTable(directory([.detect]), index: 1, counters, log)
        drawnResults = CameraTable(directory([.drawn]), index: 2, counters, log)
        tables = [cameras, dataResults, drawnResults]
        mailbox = Mailbox(loop.signal)
        cameras.checkFolder()
        controls = ControlClient(loop, runtimeFolder: configuration.worker.runtimeFolder)
        scalingQueue = try BackgroundQueue("scaling", loop.signal)
        reportQueue = try BackgroundQueue("report", loop.signal)
        eventQueue = try BackgroundQueue("events", loop.signal)
        if let folder = configuration.events {
            events = EventFeed(folder, eventQueue, log: log) { [unowned self] completion in readStates(completion) }
        }
        log.info(
            """
            serving \(cameras.names.map(\.text).joined(separator: ", ")) under the prefix \(configuration.prefix)
            """)
    }

    var now: Instant { loop.now }

    private var viewerCount: Int { tables.reduce(0) { $0 + $1.viewerCount } }

    // MARK: Application

    var metricsPath: String? { nil }

    var isIdle: Bool { !tables.contains { $0.isInUse } && events?.isInUse != true }

    var reservedDescriptorCount: Int { tables.reduce(0) { $0 + $1.descriptorCount } }

    var summary: String { "\(viewerCount) viewers, " }

    func tick(isSignalled: Bool) {
        for id in mailbox.take() {
            if let camera = tables[CameraTable.index(of: id)].camera(withID: id) { show(camera) }
        }
        scalingQueue.deliver()
        reportQueue.deliver()
        eventQueue.deliver()
        guard !isSignalled else { return }
        for table in tables {
            for camera in table.all {
                camera.writeCounts(to: counters)
                serveWaiters(of: camera)
                camera.releaseIfIdle(now: now)
            }
            table.closeUnused()
        }
        events?.tick(now: now)
    }

    func end() {
        for table in tables { table.stop() }
    }

    func begin(_ request: Request, on connection: Connection) throws(HTTPError) {
        let query = request.query
        guard let route = route(of: request, query) else {
            let message =
                "Not found: \(Excerpt(request.path)); streams are at \(configuration.kinds[0].streamPath), "
                + "snapshots at /snapshot."
            throw HTTPError(404, "not_found", message)
        }
        try request.check(methods: route.methods)
        try query.check(known: route.parameters, ignoresUnknown: route.ignoresUnknownParameters)
        try refuseLoop(request, route)
        switch route {
        case .stream(let choice):
            let options = try StreamOptions(query, accept: request["HTTP_ACCEPT"])
            try beginStream(options, of: camera(choice, .watch, for: connection), on: connection)
        case .snapshot(let choice):
            let snapshot = try SnapshotRequest(query, ifNoneMatch: request["HTTP_IF_NONE_MATCH"], now: now)
            try beginSnapshot(snapshot, of: camera(choice, .watch, for: connection), on: connection)
        case .resultStream(let choice):
            let options = try StreamOptions(query, accept: request["HTTP_ACCEPT"], hasResults: true)
            try beginStream(options, of: resultCamera(choice, query, for: connection), on: connection)
        case .resultSnapshot(let choice):
            let snapshot = try SnapshotRequest(query, ifNoneMatch: request["HTTP_IF_NONE_MATCH"], now: now)
            try beginSnapshot(snapshot, of: resultCamera(choice, query, for: connection), on: connection)
        case .objects(let choice):
            let snapshot = try SnapshotRequest(query, ifNoneMatch: nil, now: now, content: .objects)
            try beginSnapshot(snapshot, of: resultCamera(choice, nil, for: connection), on: connection)
        case .status(let name?):
            let camera = try camera(.name(name), .watch, for: connection)
            let source = CameraSource(name: camera.name, content: .ring(camera.subscriber))
            camera.writeCounts(to: counters)
            let report = Report(counters.totals(of: camera.name), name: counters.name, now: now)
            connection.answer(.json(report.status(of: source)))
        case .controls(let name):
            let right = request.method == "PUT" ? Right.control : .watch
            let camera = try camera(CameraChoice(name), right, for: connection)
            try controls.begin(request, of: camera.name, on: connection)
        case .events:
            try beginEvents(try EventFilter(query, lastEventID: request["HTTP_LAST_EVENT_ID"]), on: connection)
        case .eventPicture(let id): try beginEventPicture(id, on: connection)
        case .status: try beginReport(.status, on: connection)
        case .health: try beginReport(.health, on: connection)
        case .metrics: try beginReport(.metrics, on: connection)
        }
    }

    private func route(of request: Request, _ query: Query) -> Route? {
        let route = Route(path: request.path, query: query)
        if case .controls = route, !configuration.kinds[0].hasControls { return nil }
        return route
    }

    /// Returns the camera that a request names; throws if there is no such camera, or if the client may not use it.
    private func camera(
        _ choice: CameraChoice, _ right: Right, for connection: Connection
    ) throws(HTTPError) -> Camera {
        let camera: Camera?
        do throws(SystemError) {
            camera = try cameras.camera(choice)
        } catch {
            throw overloaded(error)
        }
        guard let camera else {
            let message = "There is no camera '\(Excerpt(choice.text))'; /status lists the cameras."
            throw HTTPError(404, "camera_not_found", message)
        }
        try connection.require(right, for: camera.name)
        return camera
    }

    /// Returns the camera of the detector's ring that a request asks for.
    ///
    /// The parameter `boxes` in `query` decides whether the ring's pictures contain the results as data, or as boxes
    /// that are drawn on them. If `query` is nil, the pictures contain data.
    private func resultCamera(
        _ choice: CameraChoice, _ query: Query?, for connection: Connection
    ) throws(HTTPError) -> Camera {
        let name = try camera(choice, .watch, for: connection).name
        let isData =
            try query.map { (query) throws(HTTPError) in
                try query.choice("boxes", of: ["data", "drawn"]) == "data"
            } ?? true
        // Scaling a picture would remove the results, whose boxes are in pixels of the original picture.
        if isData, let query, try PictureWidth(query) != .original {
            throw HTTPError(400, "bad_query", "boxes=data cannot be combined with width; use boxes=drawn.")
        }
        do throws(SystemError) {
            return try (isData ? dataResults : drawnResults).camera(named: name)
        } catch {
            throw overloaded(error)
        }
    }

    private func overloaded(_ error: SystemError) -> HTTPError {
        log.error("cannot open a camera: \(error)")
        let message = "The server has no file descriptors left for another camera; try again later."
        return .temporary("overloaded", message, retryAfter: 5)
    }

    // MARK: Streams

    private func beginStream(_ options: StreamOptions, of camera: Camera, on connection: Connection) throws(HTTPError) {
        if connection.isHeadOnly { return connection.answer(StreamOptions.response) }
        guard viewerCount < configuration.maximumViewers, connection.worker.hasRoom else {
            counters.countRefusal()
            let message = "The maximum of \(configuration.maximumViewers) viewers is reached; try again later."
            throw .temporary("too_many_viewers", message, retryAfter: 5)
        }
        camera.retainInterest(now: now)
        let feed = camera.feed(options.feedKey)
        let stream = StreamExchange(connection, of: camera, options)
        stream.begin()
        camera.writeCounts(to: counters)
        do throws(SystemError) {
            try feed.start(camera.ring, id: camera.id, mailbox)
        } catch {
            throw outOfResources(for: camera, error)
        }
        connection.push()
    }

    /// Sends the new pictures of a camera to all viewers that are ready for a picture, and to waiting requests.
    private func show(_ camera: Camera) {
        for feed in camera.feeds.values {
            let (isNew, scaledCount) = feed.refresh()
            if scaledCount > 0 { camera.counts.scaled += scaledCount }
            if isNew { for viewer in feed.viewers { viewer.show() } }
        }
        serveWaiters(of: camera)
    }

    /// Logs that threads or descriptors have run out, and returns the error for the client.
    func outOfResources(for camera: Camera, _ error: SystemError) -> HTTPError {
        log.error("cannot watch camera \(camera.name): \(error)")
        let message = "The server has no threads or file descriptors left for another camera; try again later."
        return .temporary("overloaded", message, retryAfter: 5)
    }

    // MARK: Reports

    /// Reads the states of all cameras on another thread.
    ///
    /// Passes them to `completion`, or nil if this is not possible.
    private func readStates(_ completion: @escaping ([Report.State]?) -> Void) {
        let (sources, counters) = (cameras.sources, counters)
        do throws(SystemError) {
            try reportQueue.run {
                Report(counters.totals(), name: counters.name, now: Instant.now).states(of: sources)
            } completion: {
                completion($0)
            }
        } catch {
            log.error("cannot read the cameras' states: \(error)")
            completion(nil)
        }
    }

    /// Creates a report on another thread.
    ///
    /// Concurrent requests share the report.
    private func beginReport(_ kind: Report.Kind, on connection: Connection) throws(HTTPError) {
        try connection.require(.watch, for: nil)
        let exchange = ReportExchange(connection, self)
        if reportWaiters[kind] != nil {
            reportWaiters[kind]?.append(exchange)
            connection.open(exchange)
            return
        }
        for table in tables {
            for camera in table.all { camera.writeCounts(to: counters) }
        }
        let (sources, problem, counters) = (cameras.sources, cameras.checkFolder(), counters)
        do throws(SystemError) {
            try reportQueue.run {
                Report(counters.totals(), name: counters.name, now: Instant.now, folderProblem: problem)
                    .response(kind, of: sources)
            } completion: { [unowned self] (response: Response) in
                for exchange in reportWaiters.removeValue(forKey: kind) ?? [] { exchange.answer(response) }
            }
        } catch {
            log.error("cannot make a report: \(error)")
            throw .temporary("overloaded", "The server has no threads left; try again later.", retryAfter: 5)
        }
        reportWaiters[kind] = [exchange]
        connection.open(exchange)
    }
}

/// A request that waits for a report.
private final class ReportExchange: Exchange {
    private unowned let connection: Connection
    private unowned let application: FrameApplication
    private var isEnded = false

    init(_ connection: Connection, _ application: FrameApplication) {
        self.connection = connection
        self.application = application
    }

    func answer(_ response: Response) {
        if !isEnded { connection.answer(response) }
    }

    func end() { isEnded = true }

    func stop(_ reason: StopReason) { application.refuse(reason.error, on: connection) }
}

extension RingName.Kind {
    /// The path at which rings of this kind are streamed, for use in an error message.
    fileprivate var streamPath: String {
        switch self {
        case .capture: "/mjpeg"
        case .relay: "/video"
        case .detect, .drawn: "/detect_stream"
        }
    }
}
