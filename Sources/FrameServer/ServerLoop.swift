import Daemon
import EventLoop
import FastCGI
import Linux
import Logging
import SharedFrame

/// The event loop: one thread that owns every connection and sends everything, and never waits for anyone.
final class ServerLoop {
    /// How long a connection may take to send its request.
    static let arrivalTime: UInt64 = 3_000_000_000
    /// How long the web server may take to close after the answer.
    static let lingerTime: UInt64 = 1_000_000_000
    /// When the last picture is sent again to a viewer that has seen nothing new.
    static let repetition: UInt64 = 5_000_000_000
    /// What a stream's socket may hold: a large picture, so that sending one takes one call.
    static let sendBufferByteCount = 1 << 20

    enum Token {
        static let listener: UInt64 = 0
        static let signals: UInt64 = 1
        static let wakeUp: UInt64 = 2
        static let firstConnection: UInt64 = 16
    }

    let configuration: FrameServerConfiguration
    let log: Logger
    let epoll: Epoll
    let wakeUp: LoopSignal
    let cameras: CameraTable
    let service: ServiceCounters
    var listener: Listener
    private let signals: SignalDescriptor?
    let reader: RequestReader
    /// By token.
    var connections: [UInt64: Connection] = [:]
    var nextToken = Token.firstConnection
    /// Connections that wait for a camera's controls, by the tokens of the sockets that they have asked.
    var asking: [UInt64: Connection] = [:]
    /// What was looked at of a request, not yet read.
    var peeked = [UInt8](repeating: 0, count: RequestHead.byteCountLimit)
    private var heartbeat = ServiceHeartbeat()
    /// Whether web servers connect by a socket of this machine.
    let hasLocalPeers: Bool
    /// The most connections that there are descriptors for.
    let connectionLimit: Int
    private(set) var isEnding = false
    /// CLOCK_MONOTONIC at the start of the current turn, in nanoseconds.
    private(set) var now = Clock.monotonic

    init(
        _ configuration: FrameServerConfiguration, listener: consuming Descriptor,
        signals: consuming SignalDescriptor?, wakeUp: LoopSignal
    ) throws {
        let epoll = try Epoll()
        hasLocalPeers = Socket.isLocal(listener.number)
        let listener = try Listener(listener, in: epoll, token: Token.listener)
        if let number = signals?.descriptor.number { try epoll.add(number, .readable, token: Token.signals) }
        try epoll.add(wakeUp.event.descriptor.number, .readable, token: Token.wakeUp)
        let service = try ServiceCounters(configuration)
        let reader = try RequestReader()
        self.configuration = configuration
        log = Logger(label: configuration.service)
        self.epoll = epoll
        self.wakeUp = wakeUp
        cameras = CameraTable(configuration, wakeUp: wakeUp)
        self.service = service
        self.reader = reader
        self.listener = listener
        self.signals = signals
        connectionLimit = max(1, ResourceLimit.raiseOpenFiles() - Self.reservedDescriptors)
    }

    /// Descriptors kept back for pictures, rings and files when connections are counted.
    static let reservedDescriptors = 64

    /// Those of them that may be used to tell further viewers that there is no room.
    static let descriptorsForRefusals = 32

    /// Serves until a signal or ``LoopSignal/isStopping`` ends it, then ends all streams, within a second.
    func run() {
        log.info(
            "serving \(cameras.names.map(\.text).joined(separator: ", ")) under the prefix \(configuration.prefix)")
        heartbeat.ready()
        var events: [Epoll.Event] = []
        var lastTick = now
        var end: UInt64 = .max
        while !isEnding || (!connections.isEmpty && now < end) {
            events.removeAll(keepingCapacity: true)
            try? epoll.wait(into: &events, milliseconds: isEnding ? 20 : isQuiet ? heartbeat.longestWait : 250)
            now = Clock.monotonic
            for event in events { handle(event) }
            if !isEnding, wakeUp.isStopping {
                end = now + 1_000_000_000
                endAll()
            }
            if now >= lastTick + 250_000_000 {
                lastTick = now
                tick()
            }
        }
        cameras.stop()
    }

    /// Whether nothing can happen but what an event tells.
    private var isQuiet: Bool { connections.isEmpty && !cameras.isInUse && listener.isOpen }

    private func handle(_ event: Epoll.Event) {
        switch event.token {
        case Token.listener: accept()
        case Token.signals:
            if signals?.next() != nil { wakeUp.stop() }
        case Token.wakeUp:
            wakeUp.event.clear()
            for camera in cameras.all where camera.refresh() { show(camera) }
        default:
            if let connection = asking[event.token] {
                hearControls(connection)
                return
            }
            guard let connection = connections[event.token] else { return }
            if event.interest.contains(.hangUp) || event.interest.contains(.error) {
                drop(connection)
                return
            }
            if event.interest.contains(.readable) || event.interest.contains(.peerClosed) { receive(connection) }
            if event.interest.contains(.writable), connections[event.token] != nil { push(connection) }
        }
    }

    // MARK: What time brings

    private func tick() {
        for connection in connections.values {
            switch connection.phase {
            case .arriving, .receiving, .lingering:
                if now >= connection.deadline { drop(connection) }
            case .asking:
                if now >= connection.deadline { giveUpControls(connection) }
            case .waiting:
                if now >= connection.deadline { giveUp(connection) }
            case .streaming: remind(connection)
            case .ending: break
            }
        }
        for camera in cameras.all {
            service.update(camera)
            reconsiderWaiters(of: camera)
            camera.rest(now: now)
        }
        cameras.forgetUnused()
        resumeAccepting()
        heartbeat.beat(now: now)
        heartbeat.tell("\(viewerCount) viewers, \(connections.count) connections", now: now)
    }

    private func endAll() {
        isEnding = true
        listener.close(in: epoll)
        heartbeat.stopping()
        for connection in connections.values {
            // A request that is there already gets its answer.
            if connection.phase == .arriving { readRequest(connection) }
            switch connection.phase {
            case .arriving, .receiving: drop(connection)
            case .streaming: end(connection)
            case .waiting, .asking:
                answer(connection, .error(503, "stopping", "The server is being stopped; try again."))
            case .ending, .lingering: break
            }
        }
    }
}
