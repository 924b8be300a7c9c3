import EventLoop
import FastCGI
import FrameServer
import Glibc
import Linux
import MotionJPEG
import Names
import Service
import SharedFrame
import SystemPackage

/// Fuzzes a whole streaming worker, with its event loop and connections.
///
/// A client sends arbitrary bytes, in slices of any length, and disconnects at any moment.
enum WorkerTarget {
    /// The worker, on its own thread, and the publisher of the ring that the worker reads.
    ///
    /// `@unchecked Sendable` is safe here, since only libFuzzer's thread uses the publisher.
    private final class Server: @unchecked Sendable {
        let socket = FilePath("/tmp/orielfuzz\(getpid()).sock")
        let publisher: FramePublisher
        var runCount = 0

        init() {
            guard let prefix = SystemPrefix("orielfuzz\(getpid())"),
                let publisher = try? FramePublisher(
                    RingName(prefix: prefix, camera: .main, kind: .capture), slotByteCount: 4096,
                    source: SourceDescription(kind: "pattern", device: "fuzz"))
            else { fatalError("no shared memory") }
            self.publisher = publisher
            publisher.setState(.live, reason: "")
            let path = socket
            let configuration = FrameServerConfiguration(
                worker: WorkerConfiguration(service: "fuzz"), prefix: prefix, kinds: [.capture], cameras: [.main],
                maximumViewers: 8)
            guard let listener = try? Socket.listen(at: path), (try? listener.setNonBlocking(true)) != nil else {
                fatalError("no socket")
            }
            let taken = listener.release()
            do {
                try Thread("worker") {
                    do {
                        try FrameServer(configuration, listener: Descriptor(owning: taken)).run()
                    } catch {
                        fatalError("the worker has ended: \(error)")
                    }
                }.detach()
            } catch {
                fatalError("no thread")
            }
            // Remove the socket and the ring whenever libFuzzer exits.
            atexit { WorkerTarget.removeFiles() }
        }

        /// Publishes a picture at every sixteenth call, so that the ring usually contains a fresh picture.
        func publish() {
            runCount += 1
            guard runCount % 16 == 1 else { return }
            _ = try? picture.withRawSpan { try publisher.publish($0, capture: .now(), width: 8, height: 8) }
            try? publisher.heartbeat()
        }

        private let picture: [UInt8] =
            [0xff, 0xd8, 0xff, 0xc0, 0, 11, 8, 0, 8, 0, 8, 1, 1, 0x11, 0, 0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0, 0]
            + [0xff, 0xd9]
    }

    private static let server = Server()

    private static func removeFiles() {
        server.publisher.stop(reason: "")
        _ = unsafe server.socket.withPlatformString { unsafe unlink($0) }
    }

    static func run(_ input: Input) {
        var input = input
        let flags = input.byte()
        let seed = input.byte()
        let bytes = flags & 1 == 0 ? input.bytes : request(&input)
        server.publish()
        let answer = exchange(
            Array(Slices(bytes, seed: seed, maximumLength: 1 + bytes.count)), keepsOpen: flags & 2 != 0)
        examine(answer)
        // Whatever this client did, the worker must serve the next client.
        if server.runCount % 32 == 0 {
            var input = Input(Array("/healthz\n\n".utf8))
            let answer = exchange([request(&input)[...]], keepsOpen: true, silence: 60_000)
            check(
                answer.starts(with: [1, 6, 0, 1]) && answer.suffix(16).starts(with: [1, 3, 0, 1]),
                "the next client is served")
        }
    }

    /// Sends `slices` on a new connection, and returns the worker's response.
    ///
    /// The response ends when the worker closes the connection or sends nothing for a while.
    ///
    /// - Parameters:
    ///   - slices: What to send.
    ///   - keepsOpen: Whether the client keeps its side of the connection open.
    ///   - silence: How long the worker may send nothing, in milliseconds; nil means a short time.
    /// - Returns: The response.
    private static func exchange(
        _ slices: [ArraySlice<UInt8>], keepsOpen: Bool, silence: Int? = nil
    ) -> [UInt8] {
        guard let socket = try? Socket.connect(to: server.socket) else { fatalError("the worker does not listen") }
        for slice in slices {
            // The worker may have closed the connection.
            guard case .success = Socket.send(Array(slice), from: 0, to: socket.number) else { break }
        }
        if !keepsOpen { Socket.endOutput(of: socket.number) }
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        let timeout = silence ?? (keepsOpen ? 20 : 200)
        while answer.count < 32768, !Poll.wait([socket.number], milliseconds: timeout).isEmpty,
            case .success(let count) = Socket.receive(from: socket.number, into: &buffer), count > 0
        {
            answer += buffer[..<count]
        }
        return answer
    }

    /// Checks that the response is a sequence of FastCGI records, with nothing after the end of the request.
    private static func examine(_ answer: [UInt8]) {
        var offset = 0
        while offset + Record.headerByteCount <= answer.count {
            let kind = Record.Kind(rawValue: answer[offset + 1])
            check(
                answer[offset] == 1 && (kind == .output || kind == .endRequest),
                "the response consists of output and end records")
            offset += 8 + Int(answer[offset + 4]) << 8 + Int(answer[offset + 5]) + Int(answer[offset + 6])
            if kind == .endRequest { check(offset == answer.count, "nothing follows the end of the request") }
        }
    }

    /// Returns a request for the address in the input's first line.
    ///
    /// The second line contains the method. Each further line contains a parameter as `NAME=VALUE`. The first line that
    /// is no parameter ends this list, and the rest of the input is the request's body.
    private static func request(_ input: inout Input) -> [UInt8] {
        let target = input.line().split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let method = input.line()
        var pairs = [
            ("REQUEST_METHOD", method.isEmpty ? "GET" : method), ("DOCUMENT_URI", String(target.first ?? "")),
            ("QUERY_STRING", target.count > 1 ? String(target[1]) : ""),
        ]
        while !input.isEmpty, pairs.count < 40 {
            let parts = input.line().split(separator: "=", maxSplits: 1).map { String($0) }
            guard parts.count == 2 else { break }
            pairs.append((parts[0], parts[1]))
        }
        var content: [UInt8] = []
        for (name, value) in pairs {
            for count in [name.utf8.count, value.utf8.count] {
                content += [
                    UInt8(count >> 24) | 0x80, UInt8(count >> 16 & 255), UInt8(count >> 8 & 255), UInt8(count & 255),
                ]
            }
            content += Array(name.utf8) + Array(value.utf8)
        }
        var bytes: [UInt8] = []
        Record.appendHeader(.beginRequest, request: 1, byteCount: 8, to: &bytes)
        bytes += [0, 1, 0, 0, 0, 0, 0, 0]
        for (kind, content) in [
            (Record.Kind.parameters, content), (.parameters, []), (.input, input.bytes), (.input, []),
        ]
        where !content.isEmpty || kind != .input || bytes.last != nil {
            Record.appendHeader(kind, request: 1, byteCount: content.count, to: &bytes)
            bytes += content
        }
        return bytes
    }
}
