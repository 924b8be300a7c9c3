public import EventLoop
import FastCGI
public import Linux
import Logging
public import Names
import SystemPackage
public import Web

/// A connection from the web server, which carries one request and its response; used only on the event loop.
public final class Connection: EventHandler {
    /// What happens on the connection at the moment.
    private enum Phase {
        /// The request is arriving.
        case reading(Arrival)
        /// The application is sending a stream, or will answer later.
        case open(any Exchange)
        /// The rest of the response is being sent.
        case ending
        /// The response is sent, and the web server is expected to close the connection.
        case lingering
    }

    /// The maximum number of reads of 64 KiB per turn of the loop, so that other connections are served too.
    private static let readsPerTurn = 16

    public unowned let worker: Worker
    // These copies of the worker's properties avoid reference counting for each picture.
    private let loop: EventLoop
    private let hasLocalPeers: Bool
    let socket: Descriptor
    var token: EventLoop.Token?
    private var phase = Phase.reading(Arrival())
    /// When to give up waiting for the request, or for the web server to close the connection.
    private var deadline: Instant
    /// The client's rights.
    public internal(set) var grant: any Grant = OpenAccess()
    /// The FastCGI request ID that the web server has chosen.
    public var requestID: UInt16 { number }
    /// Whether this is a HEAD request.
    public private(set) var isHeadOnly = false
    private var number: UInt16 = 1
    private var isArmed = false
    private(set) var isClosed = false

    // The output consists of `bytes`, then `image`, then `bytesAfterImage`, which end the stream.
    // These properties and `number` are private, and are only read or assigned as a whole, never changed in place. So
    // the compiler can prove that no two accesses overlap, and omits checks that took a quarter of the instructions.
    private var bytes: [UInt8] = []
    private var byteOffset = 0
    private var image: WireImage?
    private var imageOffset = 0
    private var bytesAfterImage: [UInt8] = []
    /// Whether `bytes` contain a copy of an image.
    private var isImageCopied = false
    /// The last image that was sent, until the web server is known to have read it.
    private var unread: WireImage?
    /// Whether the file of a sent image may be reused for another image after the web server has read it.
    public var returnsImages: Bool {
        get { reusesImages }
        set { reusesImages = newValue }
    }
    private var reusesImages = false

    init(_ socket: consuming Descriptor, worker: Worker, deadline: Instant) {
        self.socket = socket
        self.worker = worker
        loop = worker.loop
        hasLocalPeers = worker.hasLocalPeers
        self.deadline = deadline
    }

    deinit {
        image?.keepFromReuse()
        unread?.keepFromReuse()
    }

    // MARK: For applications

    /// The time at the start of the current loop turn.
    public var now: Instant { loop.now }

    /// Whether there is output that has not been sent yet.
    public var hasOutput: Bool { !bytes.isEmpty || image != nil }

    /// Throws an error with status 403 unless the client has `right`.
    public func require(_ right: Right, for camera: CameraName?) throws(HTTPError) {
        guard !grant.allows(right, for: camera) else { return }
        let subject = camera.map { " for camera '\($0)'" } ?? ""
        throw HTTPError(403, "forbidden", "This request needs the right '\(right.rawValue)'\(subject).")
    }

    /// Reads a request body of up to `limit` bytes and passes it to `body`.
    ///
    /// `expected` is the length according to the request's header, or 0 if it is unknown. ``Application/refuse(_:on:)``
    /// receives `tooLong` (by default an error with status 413) if the body exceeds `limit`, or any error that `body`
    /// throws. The connection retains `body`, which must therefore not retain the connection.
    public func readBody(
        limit: Int, expected: Int, tooLong: HTTPError? = nil, _ body: @escaping ([UInt8]) throws(HTTPError) -> Void
    ) {
        guard case .reading(let arrival) = phase else { return }
        arrival.assembler.allowBody(byteCount: limit, expected: expected)
        arrival.tooLong =
            tooLong ?? HTTPError(413, "too_large", "The request body is longer than \(limit) bytes; send less.")
        arrival.takeBody = body
        arrival.bodyDeadline = loop.now + Worker.bodyTime(byteCount: expected > 0 ? expected : limit)
        deadline = min(loop.now + Worker.bodyPauseTimeout, arrival.bodyDeadline)
    }

    /// Sends the complete response, or only its header if this is a HEAD request.
    public func answer(_ response: Response) {
        leave()
        phase = .ending
        bytes = response.records(request: requestID, isHeadOnly: isHeadOnly)
        push()
    }

    /// Sends an image that contains the complete response.
    public func answer(_ image: WireImage) {
        leave()
        phase = .ending
        begin(image)
        push()
    }

    /// Lets `exchange` handle the request until it is answered or the connection is closed.
    public func open(_ exchange: any Exchange) {
        leave()
        phase = .open(exchange)
    }

    /// Starts a stream with its first `output`, which is the header and the bytes before the first picture.
    public func beginStream(_ output: [UInt8], _ exchange: any Exchange) {
        open(exchange)
        Socket.setSendBuffer(of: socket.number, byteCount: Worker.streamBufferByteCount)
        bytes = Record.output(output, request: requestID)
    }

    /// Sends `image` next; since images contain the request ID 1, sends a changed copy to a request with another ID.
    public func begin(_ image: WireImage) {
        if number == 1 {
            self.image = image
            imageOffset = 0
        } else {
            bytes = bytes + image.records(of: requestID)
            isImageCopied = true
        }
    }

    /// Sends `output` as the next part of a stream that consists of text; call it only in ``Exchange/next(on:)``.
    public func send(_ output: [UInt8]) { bytes = bytes + Record.output(output, request: requestID) }

    /// Sends `output` after the current image, and then ends the stream.
    public func endStream(_ output: [UInt8]) {
        leave()
        phase = .ending
        var records = Record.output(output, request: requestID)
        Record.appendEnd(request: requestID, to: &records)
        if image == nil { bytes = bytes + records } else { bytesAfterImage = records }
        push()
    }

    /// Whether the web server has read everything; if so, a new picture is not outdated when it arrives.
    public var isDrained: Bool {
        guard let count = Socket.unsentByteCount(of: socket.number) else { return true }
        // The kernel may still count one byte until it reports the socket as writable.
        guard count <= 1 else { return false }
        if hasLocalPeers { unread = nil }
        return true
    }

    /// Sends pending output and then the exchange's next output, until nothing is left or the socket is full.
    public func push() {
        while !isClosed {
            let hadImage = image != nil || isImageCopied
            switch sendOutput() {
            case .done: break
            case .blocked: return arm(true)
            case .failed: return close()
            }
            isImageCopied = false
            switch phase {
            case .reading, .lingering: return
            case .ending: return linger()
            case .open(let exchange):
                if hadImage { exchange.imageSent() }
                switch exchange.next(on: self) {
                case .begun: continue
                case .nothing: return arm(false)
                case .mustDrain: return arm(true)
                }
            }
        }
    }

    /// Closes the connection, dropping any unsent output.
    public func close() {
        guard !isClosed else { return }
        isClosed = true
        worker.remove(self)
        leave()
    }

    // MARK: For the worker

    public func handle(_ events: Epoll.Interest) {
        if events.contains(.hangUp) || events.contains(.error) { return close() }
        if events.contains(.readable) || events.contains(.peerClosed) { receive() }
        if events.contains(.writable), !isClosed { push() }
    }

    /// Called four times a second.
    func tick(now: Instant) {
        switch phase {
        case .reading(let arrival) where arrival.takeBody != nil:
            if now >= deadline { worker.application.refuse(Arrival.tooSlow, on: self) }
        case .reading, .lingering: if now >= deadline { close() }
        case .open(let exchange):
            if grant.isValid { exchange.tick() } else { exchange.stop(.grantEnded) }
        case .ending: break
        }
    }

    /// Called when the worker stops; answers a request that has already arrived, or ends a stream cleanly.
    func stop() {
        if case .reading = phase { receive() }
        switch phase {
        case .reading: close()
        case .open(let exchange): exchange.stop(.workerStops)
        case .ending, .lingering: break
        }
    }

    // MARK: Input

    private func receive() {
        for _ in 0..<Self.readsPerTurn {
            guard !isClosed else { return }
            guard case .reading(let arrival) = phase else { return discardInput() }
            switch Socket.receive(from: socket.number, into: &worker.buffer) {
            case .success(let count) where count > 0:
                if arrival.takeBody != nil { deadline = min(loop.now + Worker.bodyPauseTimeout, arrival.bodyDeadline) }
                feed(arrival, worker.buffer[..<count])
            case .failure(.resourceTemporarilyUnavailable): return
            default: return close()
            }
        }
        // There may be more to read. The socket is edge-triggered, so arm it again to make epoll report the rest.
        if let token { loop.modify(token, number: socket.number, interest) }
    }

    private func feed(_ arrival: Arrival, _ input: ArraySlice<UInt8>) {
        var progress = arrival.assembler.feed(input, worker.reader)
        if case .head(let request) = progress {
            number = request.id
            isHeadOnly = request.method == "HEAD"
            worker.begin(request, on: self)
            guard case .reading(let current) = phase, current === arrival, !isClosed else { return }
            progress = arrival.assembler.feed([], worker.reader)
        }
        switch progress {
        case .incomplete, .head: return
        case .complete:
            let body = arrival.assembler.takeBody()
            worker.run(on: self) { () throws(HTTPError) in try arrival.takeBody?(body) }
        case .bodyTooLarge: worker.application.refuse(arrival.tooLong, on: self)
        case .refused(let defect):
            worker.log.debug("closed a connection: \(defect)")
            worker.counters.countRefusal()
            close()
        }
    }

    /// Discards any input after the request.
    private func discardInput() {
        while true {
            switch Socket.discardInput(of: socket.number) {
            case .success(let count) where count > 0: continue
            case .success:
                // In the phase `ending`, the web server may half-close. In other phases, the viewer has left.
                if case .ending = phase { return }
                return close()
            case .failure(.resourceTemporarilyUnavailable): return
            case .failure: return close()
            }
        }
    }

    // MARK: Output

    private enum Progress { case done, blocked, failed }

    private func sendOutput() -> Progress {
        while byteOffset < bytes.count {
            switch Socket.send(bytes, from: byteOffset, to: socket.number) {
            case .success(let count): byteOffset += count
            case .failure(let errno): return Self.progress(after: errno)
            }
        }
        if !bytes.isEmpty {
            bytes = []
            byteOffset = 0
        }
        guard let image else { return .done }
        while imageOffset < image.byteCount {
            switch image.send(from: imageOffset, to: socket.number) {
            case .success(let count) where count > 0: imageOffset += count
            case .success: return .failed
            case .failure(let errno): return Self.progress(after: errno)
            }
        }
        unread?.keepFromReuse()
        unread = nil
        if reusesImages { unread = image } else { image.keepFromReuse() }
        self.image = nil
        guard !bytesAfterImage.isEmpty else { return .done }
        bytes = bytesAfterImage
        bytesAfterImage = []
        return sendOutput()
    }

    private static func progress(after errno: Errno) -> Progress {
        errno == .resourceTemporarilyUnavailable || errno == .noMemory ? .blocked : .failed
    }

    /// Waits for the web server to close the connection, because closing it earlier could destroy unread data.
    private func linger() {
        phase = .lingering
        deadline = loop.now + Worker.lingerTimeout
        arm(false)
        Socket.endOutput(of: socket.number)
    }

    /// Ends the open exchange, if any.
    private func leave() {
        guard case .open(let exchange) = phase else { return }
        phase = .ending
        exchange.end()
    }

    private var interest: Epoll.Interest {
        isArmed ? [.readable, .peerClosed, .edge, .writable] : [.readable, .peerClosed, .edge]
    }

    /// Starts or stops waiting for the socket to become writable.
    private func arm(_ isArmed: Bool) {
        guard self.isArmed != isArmed, let token else { return }
        self.isArmed = isArmed
        loop.modify(token, number: socket.number, interest)
    }
}
