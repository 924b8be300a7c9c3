import Daemon
import EventLoop
import FastCGI
import FrameServer
import Linux
import Logging
import Names
import SharedFrame
import SystemPackage

/// The event loop: one thread that owns every connection, and never waits for anyone.
///
/// Another one detects.
final class DetectionLoop {
    private enum Token {
        static let listener: UInt64 = 0
        static let signals: UInt64 = 1
        static let wakeUp: UInt64 = 2
        static let inference: UInt64 = 3
        static let firstClient: UInt64 = 16
    }

    let configuration: DetectionServerConfiguration
    let log: Logger
    let wakeUp: LoopSignal
    let inference: InferenceThread
    let store = ResultStore()
    var counters = DetectionCounters()
    var cameras: [CameraName: WatchedCamera] = [:]
    /// Who waits for which work.
    var waiting: [UInt64: [Client]] = [:]
    /// The work on a camera's newest frame that has not begun.
    var newest: [CameraName: UInt64] = [:]
    /// The work on a certain frame.
    var frames: [FrameKey: UInt64] = [:]
    /// The work on a picture with boxes.
    var drawings: [DrawingKey: UInt64] = [:]
    /// The work on pictures that came with requests, so that the same one is not looked at twice.
    var uploads: [(job: UInt64, picture: [UInt8])] = []
    var nextJob: UInt64 = 1
    var reserved = 0
    /// Descriptors that results may take: the others are for connections.
    let mostFiles: Int
    private(set) var now = Clock.monotonic
    private let epoll: Epoll
    private var listener: Listener
    private let signals: SignalDescriptor?
    private var clients: [UInt64: Client] = [:]
    private var nextToken = Token.firstClient
    private var buffer = [UInt8](repeating: 0, count: 64 << 10)

    /// A frame of a camera.
    struct FrameKey: Hashable {
        let camera: CameraName
        let number: UInt64
    }

    /// What is drawn of a result.
    struct DrawingKey: Hashable {
        let result: String
        let wish: Wish?
    }

    init(
        _ configuration: DetectionServerConfiguration, listener: consuming Descriptor,
        signals: consuming SignalDescriptor?, wakeUp: LoopSignal
    ) throws {
        let log = Logger(label: configuration.service)
        let inference = try InferenceThread(configuration.detector, log: log)
        let epoll = try Epoll()
        let listener = try Listener(listener, in: epoll, token: Token.listener)
        if let number = signals?.descriptor.number { try epoll.add(number, .readable, token: Token.signals) }
        try epoll.add(wakeUp.event.descriptor.number, .readable, token: Token.wakeUp)
        try epoll.add(inference.number, .readable, token: Token.inference)
        mostFiles = ResourceLimit.raiseOpenFiles() / 4
        self.configuration = configuration
        self.log = log
        self.wakeUp = wakeUp
        self.inference = inference
        self.epoll = epoll
        self.listener = listener
        self.signals = signals
    }

    /// Serves until it is told to stop.
    func run() throws(SystemError) {
        let inference = inference
        let thread = try Thread("inference") { inference.run() }
        var heartbeat = ServiceHeartbeat()
        heartbeat.ready()
        var events: [Epoll.Event] = []
        var lastTick = now
        while !wakeUp.isStopping {
            events.removeAll(keepingCapacity: true)
            try? epoll.wait(
                into: &events, milliseconds: clients.isEmpty && listener.isOpen ? heartbeat.longestWait : 250)
            now = Clock.monotonic
            for event in events { handle(event) }
            if now >= lastTick + 250_000_000 {
                lastTick = now
                tick()
                heartbeat.beat(now: now)
            }
        }
        heartbeat.stopping()
        endAll()
        inference.stop()
        thread.join()
    }

    private func handle(_ event: Epoll.Event) {
        switch event.token {
        case Token.listener: accept()
        case Token.signals: if signals?.next() != nil { wakeUp.stop() }
        case Token.wakeUp:
            wakeUp.event.clear()
            for camera in cameras.values { serveWaiters(of: camera) }
        case Token.inference: for (id, outcome) in inference.takeFinished() { finish(id, outcome) }
        default:
            guard let client = clients[event.token] else { return }
            if event.interest.contains(.hangUp) || event.interest.contains(.error) {
                drop(client)
                return
            }
            if event.interest.contains(.readable) || event.interest.contains(.peerClosed) { receive(client) }
            if event.interest.contains(.writable), clients[event.token] != nil { push(client) }
        }
    }

    // MARK: Connections

    private func accept() {
        let hasRoom = listener.accept { socket in
            let number = socket.number
            let client = Client(token: nextToken, socket: socket, deadline: now + Limit.arrivalTime)
            nextToken += 1
            do throws(SystemError) {
                try epoll.add(number, .readable, token: client.token)
                clients[client.token] = client
            } catch {
                log.warning("a connection was refused: \(error)")
            }
            return clients.count < Limit.connectionCount
        }
        // Until some of those that are open have ended.
        if !hasRoom { listener.close(in: epoll) }
    }

    private func receive(_ client: Client) {
        // A bounded number of reads, so that one connection with a long body does not hold up the others.
        for _ in 0..<16 {
            switch Socket.receive(from: client.socket.number, into: &buffer) {
            case .success(let count) where count > 0:
                guard client.phase == .arriving else { continue }
                client.deadline = now + Limit.arrivalTime
                feed(client, buffer[..<count])
                if clients[client.token] == nil { return }
            case .success:
                // A web server that has an answer coming may have closed its own side.
                if client.phase == .arriving || client.phase == .lingering { drop(client) } else { mute(client) }
                return
            case .failure(.resourceTemporarilyUnavailable): return
            case .failure:
                drop(client)
                return
            }
        }
    }

    private func feed(_ client: Client, _ bytes: ArraySlice<UInt8>) {
        var progress = client.assembler.feed(bytes)
        if case .head(let request) = progress {
            client.request = request
            guard begin(request, on: client) else { return }
            progress = client.assembler.feed([])
        }
        switch progress {
        case .incomplete, .head: return
        case .complete: perform(client)
        case .bodyTooLarge: answer(client, Self.tooLarge, outcome: "too_large")
        case .refused(let defect):
            log.debug("a connection was closed: \(defect)")
            counters.count("not_fastcgi", isDetection: false)
            drop(client)
        }
    }

    /// Waits for nothing but room to send and the end.
    private func mute(_ client: Client) {
        try? epoll.modify(client.socket.number, client.isArmed ? .writable : [], token: client.token)
    }

    /// Sends what is on its way, as far as the socket takes it.
    func push(_ client: Client) {
        switch client.send() {
        case .done:
            client.phase = .lingering
            client.deadline = now + Limit.lingerTime
            if client.isArmed {
                client.isArmed = false
                try? epoll.modify(client.socket.number, .readable, token: client.token)
            }
        case .blocked:
            guard !client.isArmed else { return }
            client.isArmed = true
            try? epoll.modify(client.socket.number, [.readable, .writable], token: client.token)
        case .failed: drop(client)
        }
    }

    /// Forgets a connection and closes it.
    func drop(_ client: Client) {
        guard clients.removeValue(forKey: client.token) != nil else { return }
        epoll.remove(client.socket.number)
        leave(client)
        if clients.count < Limit.connectionCount * 3 / 4 { listener.open(in: epoll) }
    }

    // MARK: What time brings

    private func tick() {
        for client in clients.values where now >= client.deadline {
            switch client.phase {
            case .arriving, .lingering, .answering: drop(client)
            case .waiting: giveUp(client)
            }
        }
        for camera in cameras.values { serveWaiters(of: camera) }
        if clients.isEmpty { listener.open(in: epoll) }
    }

    /// Tells those who wait, and gives what is on its way a moment to get there.
    private func endAll() {
        for client in clients.values {
            switch client.phase {
            case .waiting: answer(client, Self.stopping, outcome: "stopping")
            case .arriving, .lingering: drop(client)
            case .answering: break
            }
        }
        for camera in cameras.values { camera.stop() }
        let end = Clock.monotonic + 500_000_000
        var events: [Epoll.Event] = []
        while clients.values.contains(where: { $0.phase == .answering }), Clock.monotonic < end {
            events.removeAll()
            try? epoll.wait(into: &events, milliseconds: 20)
            for event in events where event.token >= Token.firstClient { handle(event) }
        }
    }
}
