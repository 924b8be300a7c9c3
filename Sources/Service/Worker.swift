import Daemon
public import EventLoop
import FastCGI
public import Linux
public import Logging
public import SystemPackage
import Web

/// What every FastCGI worker is given.
public struct WorkerConfiguration: Sendable {
    /// The program's name: in log lines, in metrics, and in the name of the file of counters.
    public var service: String
    /// Where the workers of a service count together (`<runtimeFolder>/<service>.counters`); nil: each for itself.
    public var runtimeFolder: FilePath?
    /// Connections at once; nil: as many as there are descriptors for.
    ///
    /// Up to 32 more are taken, so that an application can refuse them while there is no room (``Worker/hasRoom``).
    /// Further ones wait in the kernel.
    public var maximumConnections: Int?
    /// Who may do what.
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

/// A FastCGI worker: accepts connections, reads requests, hands them to an application and sends its answers.
///
/// One thread owns all of it, and never waits for anyone.
public final class Worker {
    /// How long a connection may take to send its request, and each part of its body.
    static let arrivalTime: Duration = .seconds(3)
    /// How long the web server may take to close after the answer.
    static let lingerTime: Duration = .seconds(1)
    /// How long the connections have to end when the worker does.
    private static let endingTime: Duration = .seconds(1)
    private static let tickInterval: Duration = .milliseconds(250)
    /// The send buffer of a stream's socket: a large picture, so that sending one takes one call.
    static let streamBufferByteCount = 1 << 20
    /// Descriptors that are kept back for files and pictures.
    private static let reservedDescriptorCount = 64
    /// Those of them that may be used to refuse further connections.
    private static let descriptorsForRefusals = 32

    public let configuration: WorkerConfiguration
    public let loop: EventLoop
    public let log: Logger
    public let counters: ServiceCounters
    unowned let application: any Application
    let reader: RequestReader
    /// What connections read into.
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    /// Whether web servers connect by a Unix socket.
    let hasLocalPeers: Bool
    private let listener: Listener
    private let signals: SignalWatch?
    private let descriptorLimit: Int
    private var connections: [ObjectIdentifier: Connection] = [:]
    private var heartbeat = ServiceHeartbeat()
    private var isEnding = false
    private var isSignalled = false

    /// Makes a worker on a listening socket that does not block; `signals` and the loop's ``LoopSignal`` end it.
    ///
    /// The application must live as long as the worker. Throws a `Failure` that says what is wrong: status 69 if there
    /// are too many workers, 73 if the file of counters cannot be created.
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

    /// The moment when the current turn of the loop began.
    public var now: Instant { loop.now }

    /// The connections that are open.
    public var connectionCount: Int { connections.count }

    /// Whether there is room for a connection that stays open.
    public var hasRoom: Bool { connections.count <= connectionLimit }

    private var connectionLimit: Int {
        let free = descriptorLimit - Self.reservedDescriptorCount - application.reservedDescriptorCount
        return max(1, min(free, configuration.maximumConnections ?? .max))
    }

    // MARK: The loop

    /// Serves until a signal or the loop's ``LoopSignal`` ends it, then ends all connections, within a second.
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
                end = now + Self.endingTime
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
        return isQuiet ? heartbeat.longestWait : Self.tickInterval
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
        let connection = Connection(socket, worker: self, deadline: now + Self.arrivalTime)
        do throws(SystemError) {
            connection.token = try loop.add(number, [.readable, .peerClosed, .edge], connection)
            connections[ObjectIdentifier(connection)] = connection
        } catch {
            log.warning("a connection was refused: \(error)")
        }
        return connections.count < connectionLimit + Self.descriptorsForRefusals
    }

    private func reportExhaustion() {
        log.warning(
            """
            new connections wait, because \(connections.count) are open and no descriptors are left; a higher limit of \
            open files (ulimit -n) allows more
            """)
    }

    func remove(_ connection: Connection) {
        connections[ObjectIdentifier(connection)] = nil
        // The connection closes its only descriptor, which takes it out of epoll.
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

    /// Does something for a connection whose errors are the client's.
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

/// Ends the loop when a signal comes.
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
