import Daemon
public import EventLoop
import FastCGI
public import Linux
public import Logging
public import SystemPackage
import Web

/// The configuration of a FastCGI worker.
public struct WorkerConfiguration: Sendable {
    /// The program's name, used in logs, metrics and the name of the counter file.
    public var service: String
    /// The folder of the shared counter file (`<service>.counters`), or nil for private counters.
    public var runtimeFolder: FilePath?
    /// The maximum number of connections, or nil if only the number of descriptors limits them.
    ///
    /// Up to 32 more connections are accepted, so that the application can refuse their requests (``Worker/hasRoom``).
    /// Any further connections wait in the listen queue.
    public var maximumConnections: Int?
    /// Determines the rights of clients.
    public var access: any AccessControl

    public init(
        service: String, runtimeFolder: FilePath? = nil, maximumConnections: Int? = nil,
        access: any AccessControl = OpenAccess()
    ) {
        self.service = service
        self.runtimeFolder = runtimeFolder
        self.maximumConnections = maximumConnections
        self.access = access
    }
}

/// A FastCGI worker.
///
/// It accepts connections, reads requests, passes them to an application and sends its responses.
///
/// A worker uses one thread, which never waits for a single client.
public final class Worker {
    /// How long a connection may take to send its request header.
    static let requestTimeout: Duration = .seconds(3)
    /// How long the worker waits for the next bytes of a request body.
    ///
    /// This is longer than the `client_body_timeout` of 5 s in nginx's configuration.
    static let bodyPauseTimeout: Duration = .seconds(6)
    /// How long the web server may take to close the connection after the response.
    static let lingerTimeout: Duration = .seconds(1)
    /// How long the worker waits for its connections to be closed when it stops.
    private static let stopTimeout: Duration = .seconds(1)
    /// Returns how long a body may take to arrive: ten seconds, plus the time that its bytes take at 100 kB/s.
    static func bodyTime(byteCount: Int) -> Duration { .seconds(10) + .milliseconds(Int64(byteCount / 100)) }
    private static let tickInterval: Duration = .milliseconds(250)
    /// The size of the send buffer of a stream's socket.
    ///
    /// Even a large picture fits into the buffer, so one call sends the whole picture.
    static let streamBufferByteCount = 1 << 20
    /// The number of descriptors that are reserved for files and pictures.
    private static let reservedDescriptorCount = 64
    /// How many of the reserved descriptors may be used for connections whose requests will be refused.
    private static let descriptorsForRefusals = 32

    public let configuration: WorkerConfiguration
    public let loop: EventLoop
    public let log: Logger
    public let counters: ServiceCounters
    unowned let application: any Application
    let reader: RequestReader
    /// The read buffer shared by all connections.
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    /// Whether the worker listens on a Unix socket; all web servers are then on this machine.
    let hasLocalPeers: Bool
    private let listener: Listener
    private let signals: SignalWatch?
    private let descriptorLimit: Int
    private var connections: [ObjectIdentifier: Connection] = [:]
    private var heartbeat = ServiceHeartbeat()
    private var isEnding = false
    private var isSignalled = false

    /// Creates a worker that accepts connections from a non-blocking listening socket.
    ///
    /// Any of `signals` stops the worker, and so does the loop's ``LoopSignal``. The application must outlive the
    /// worker. Throws a `Failure` with status 69 if there are too many workers, or 73 if the counter file cannot be
    /// created.
    public init(
        _ configuration: WorkerConfiguration, listener: consuming Descriptor,
        signals: consuming SignalDescriptor? = nil, loop: EventLoop, counters: ServiceCounters? = nil,
        application: any Application
    ) throws {
        Signals.ignoreBrokenPipe()
        self.configuration = configuration
        self.loop = loop
        self.application = application
        log = Logger(label: configuration.service)
        self.counters = try counters ?? ServiceCounters(configuration)
        reader = try RequestReader()
        self.listener = Listener(listener, loop: loop)
        hasLocalPeers = self.listener.isLocal
        descriptorLimit = ResourceLimit.raiseOpenFiles()
        if let signals { self.signals = try SignalWatch(signals, loop) } else { self.signals = nil }
        loop.onSignal = { [unowned self] in isSignalled = true }
        self.listener.onConnection = { [unowned self] socket in accept(socket) }
        self.listener.onExhaustion = { [unowned self] in reportExhaustion() }
    }

    /// The time at the start of the current loop turn.
    public var now: Instant { loop.now }

    /// The number of open connections.
    public var connectionCount: Int { connections.count }

    /// Whether another long-lived connection may be accepted.
    public var hasRoom: Bool { connections.count <= connectionLimit }

    private var connectionLimit: Int {
        let free = descriptorLimit - Self.reservedDescriptorCount - application.reservedDescriptorCount
        return max(1, min(free, configuration.maximumConnections ?? .max))
    }

    // MARK: The loop

    /// Serves requests until a signal or the loop's ``LoopSignal`` stops the worker.
    ///
    /// All connections are then closed, which takes at most one second.
    public func run() throws(SystemError) {
        listener.resume()
        heartbeat.ready()
        var lastTick = now
        var end = Instant.distantFuture
        while !isEnding || (!connections.isEmpty && now < end) {
            try loop.turn(timeout: timeout)
            if isSignalled {
                isSignalled = false
                application.tick(isSignalled: true)
            }
            if !isEnding, loop.signal.isStopping {
                end = now + Self.stopTimeout
                endConnections()
            }
            if now - lastTick >= Self.tickInterval {
                lastTick = now
                tick()
            }
        }
        for connection in connections.values { connection.close() }
        application.end()
    }

    private var timeout: Duration? {
        if isEnding { return .milliseconds(20) }
        let isQuiet = connections.isEmpty && application.isIdle && listener.isOpen
        return isQuiet ? heartbeat.maximumWait : Self.tickInterval
    }

    private func tick() {
        for connection in connections.values { connection.tick(now: now) }
        application.tick(isSignalled: false)
        if !isEnding, connections.count < connectionLimit + Self.descriptorsForRefusals / 2 { listener.resume() }
        heartbeat.beat(now: now)
        heartbeat.status("\(application.summary)\(connections.count) connections", now: now)
    }

    private func endConnections() {
        isEnding = true
        listener.pause()
        heartbeat.stopping()
        for connection in connections.values { connection.stop() }
    }

    // MARK: Connections

    private func accept(_ socket: consuming Descriptor) -> Bool {
        let number = socket.number
        let connection = Connection(socket, worker: self, deadline: now + Self.requestTimeout)
        do throws(SystemError) {
            connection.token = try loop.add(number, [.readable, .peerClosed, .edge], connection)
            connections[ObjectIdentifier(connection)] = connection
        } catch {
            log.warning("refused a connection: \(error)")
        }
        return connections.count < connectionLimit + Self.descriptorsForRefusals
    }

    private func reportExhaustion() {
        log.warning(
            """
            new connections must wait because no file descriptors are left (open connections: \(connections.count)); \
            raise the limit of open files (ulimit -n)
            """)
    }

    func remove(_ connection: Connection) {
        connections[ObjectIdentifier(connection)] = nil
        // When the connection is released, it closes the socket's only descriptor. This removes the socket from epoll.
        if let token = connection.token.take() { loop.forget(token) }
    }

    // MARK: Requests

    func begin(_ request: Request, on connection: Connection) {
        counters.countRequest()
        run(on: connection) { () throws(HTTPError) in
            guard let grant = configuration.access.grant(for: request) else {
                throw HTTPError(401, "unauthorized", "Log in, or send a token.")
            }
            connection.grant = grant
            if request.path == application.metricsPath { return try answerMetrics(request, on: connection) }
            try application.begin(request, on: connection)
        }
    }

    /// Runs `body`; if it throws, the application refuses the request with that error.
    func run(on connection: Connection, _ body: () throws(HTTPError) -> Void) {
        do throws(HTTPError) { try body() } catch { application.refuse(error, on: connection) }
    }

    private func answerMetrics(_ request: Request, on connection: Connection) throws(HTTPError) {
        try request.check(methods: ["GET", "HEAD"])
        try request.query.check(known: [])
        var text = MetricsText()
        text.addWorkerMetrics(of: counters.name, counters.totals())
        application.addMetrics(to: &text)
        connection.answer(text.response)
    }
}

/// Stops the loop on a signal.
private final class SignalWatch: EventHandler {
    private let signals: SignalDescriptor
    private let signal: LoopSignal

    init(_ signals: consuming SignalDescriptor, _ loop: EventLoop) throws(SystemError) {
        let number = signals.descriptor.number
        self.signals = signals
        signal = loop.signal
        _ = try loop.add(number, .readable, self)
    }

    func handle(_ events: Epoll.Interest) {
        if signals.next() != nil { signal.stop() }
    }
}
