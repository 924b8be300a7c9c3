import Detection
import DetectionServer
import DetectionTestSupport
import EventLoop
import Linux
import SharedFrame
import Synchronization
import SystemPackage
import TestSupport

/// A detection server on a thread of the test process, with its own socket and rings.
final class TestDetector {
    let ring: TemporaryRing
    let socket: FilePath
    private let folder = TemporaryFolder()
    private let stopper: LoopSignal
    private var thread: Thread?

    init(
        _ ring: TemporaryRing = TemporaryRing(), runtime: String? = Installed.runtime, model: FilePath = Installed.stub,
        queueLength: Int = 8
    ) throws {
        self.ring = ring
        let socket = folder.path.appending("detect.sock")
        self.socket = socket
        let configuration = DetectionServerConfiguration(
            prefix: ring.prefix, kinds: [.capture], cameras: [],
            detector: DetectorConfiguration(runtime: runtime, model: model), queueLength: queueLength)
        let started = Mutex<Result<LoopSignal, any Error>?>(nil)
        let shared = Shared(started)
        thread = try Thread("test detector") {
            do {
                let listener = try Socket.listen(at: socket)
                try listener.setNonBlocking(true)
                let server = try DetectionServer(configuration, listener: listener)
                shared.give(.success(server.stopper))
                try server.run()
            } catch {
                shared.give(.failure(error))
            }
        }
        stopper = try shared.take().get()
    }

    deinit {
        stopper.stop()
        if let thread = thread.take() { thread.join() }
    }

    private final class Shared: Sendable {
        private let value: Mutex<Result<LoopSignal, any Error>?>

        init(_ value: consuming sending Mutex<Result<LoopSignal, any Error>?>) { self.value = value }

        func give(_ result: sending Result<LoopSignal, any Error>) { value.withLock { $0 = result } }

        func take() -> Result<LoopSignal, any Error> {
            while true {
                if let result = value.withLock({ $0 }) { return result }
                Poll.wait([], milliseconds: 1)
            }
        }
    }

    /// Sends a request and its body, and returns the client, which can then read the response.
    ///
    /// Content-Length is `length`, or the size of the body if `length` is nil.
    func begin(
        _ target: String, method: String = "POST", type: String? = nil, body: [UInt8] = [],
        headers: [String: String] = [:], claiming length: Int? = nil
    ) throws -> FastCGIClient {
        let client = try FastCGIClient(socket)
        var parameters = FastCGIClient.parameters(target, method: method, headers: headers)
        if let type { parameters.append(("CONTENT_TYPE", type)) }
        if !body.isEmpty || length != nil { parameters.append(("CONTENT_LENGTH", "\(length ?? body.count)")) }
        // Drop the empty record at the end, which would end the body before it begins.
        var bytes = Array(FastCGIClient.request(parameters).dropLast(8))
        var rest = body[...]
        while !rest.isEmpty {
            bytes += FastCGIClient.record(5, Array(rest.prefix(32_768)), padding: rest.count % 8)
            rest = rest.dropFirst(32_768)
        }
        if length == nil || length == body.count { bytes += FastCGIClient.record(5) }
        // A server that refuses the request may close the connection before it has read everything, so ignore errors.
        try? client.send(bytes)
        return client
    }

    /// Sends a request and reads the complete response.
    func ask(
        _ target: String, method: String = "POST", type: String? = nil, body: [UInt8] = [],
        headers: [String: String] = [:]
    ) throws -> FastCGIClient.Answer {
        try begin(target, method: method, type: type, body: body, headers: headers).answer()
    }

    /// Uploads a picture for detection.
    func detect(_ jpeg: [UInt8], _ query: String = "") throws -> FastCGIClient.Answer {
        try ask("/detect_once" + query, type: "image/jpeg", body: jpeg)
    }

    /// Returns the writer of a camera whose frame rate is so low that each frame counts as fresh for a long time.
    func slowCamera() throws -> FramePublisher {
        let publisher = try FramePublisher(ring.name, slotByteCount: 100_000, source: .test)
        publisher.setRates(asked: 0.01, measured: 0.01)
        publisher.setState(.live, reason: "")
        return publisher
    }

    /// Waits until the model is loaded or loading has failed.
    func waitUntilLoaded() throws {
        while try ask("/detect/status", method: "GET").text.contains("\"loading\"") { Poll.wait([], milliseconds: 5) }
    }
}

/// Returns a form with one file, as DeepStack clients send it.
///
/// `tail` replaces the line that ends the form, so that a test can send an incomplete form.
func form(_ picture: [UInt8], field: String = "image", boundary: String = "xyz", tail: String? = nil) -> [UInt8] {
    Array("--\(boundary)\r\nContent-Disposition: form-data; name=\"\(field)\"; filename=\"a.jpg\"\r\n".utf8)
        + Array("Content-Type: image/jpeg\r\n\r\n".utf8) + picture + Array((tail ?? "\r\n--\(boundary)--\r\n").utf8)
}

extension FramePublisher {
    /// Publishes a picture of 64x64 pixels with the current time, and returns its number.
    @discardableResult
    func show(_ jpeg: [UInt8]) throws -> UInt64 {
        try jpeg.withRawSpan { try publish($0, capture: .now(), width: 64, height: 64) }
    }
}

/// Returns the string value of the member `name` in a response, or nil if there is none.
func link(_ name: String, in json: String) -> String? {
    guard let start = json.range(of: "\"\(name)\":\"") else { return nil }
    return String(json[start...].prefix { $0 != "\"" })
}

extension String {
    /// Returns the index after the first occurrence of `part`, or nil if there is none.
    fileprivate func range(of part: String) -> String.Index? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(part) { return index(start, offsetBy: part.count) }
            start = index(after: start)
        }
        return nil
    }

}
