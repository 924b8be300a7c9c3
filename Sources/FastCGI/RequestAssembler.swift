/// Assembles a request incrementally from the bytes that arrive on a connection.
///
/// libfcgi blocks until a request is complete. This type accepts bytes as they arrive, so that one thread can serve
/// many connections. It passes the header to libfcgi when the header is complete. The bytes may come from an untrusted
/// source. Only the header, and the body up to its allowed size, are buffered.
public struct RequestAssembler: Sendable {
    /// The state of the request.
    public enum Progress: Sendable {
        /// The input is valid so far, but more is needed.
        case incomplete
        /// The header has just become complete. Call ``allowBody(byteCount:expected:)``, or send a response.
        case head(Request)
        /// The header and the body are complete.
        case complete
        /// The body is longer than allowed.
        case bodyTooLarge
        /// The connection must be closed without a response.
        case refused(RequestHead.Defect)
    }

    /// The part of the body that has been received.
    public private(set) var body: [UInt8] = []
    private var buffer: [UInt8] = []
    private var request: Request?
    private var limit = 0
    // The remaining content and padding of the current record.
    private var content = 0
    private var padding = 0

    public init() {}

    /// Sets the maximum size of the body, and reserves memory for `expected` bytes.
    public mutating func allowBody(byteCount limit: Int, expected: Int) {
        self.limit = limit
        body.reserveCapacity(min(expected, limit))
    }

    /// Returns the body, and releases the memory for it.
    public mutating func takeBody() -> [UInt8] {
        defer { body = [] }
        return body
    }

    /// Processes input.
    ///
    /// `reader` parses the header. After this method has returned ``Progress/head(_:)``, call it once without bytes,
    /// because part of the body may already be buffered.
    public mutating func feed(_ bytes: ArraySlice<UInt8>, _ reader: RequestReader) -> Progress {
        if request == nil {
            buffer += bytes
            return readHead(reader)
        }
        if buffer.isEmpty { return readBody(bytes) }
        let all = buffer + bytes
        buffer = []
        return readBody(all[...])
    }

    private mutating func readHead(_ reader: RequestReader) -> Progress {
        switch RequestHead.examine(buffer, count: buffer.count) {
        case .incomplete: return .incomplete
        case .refused(let defect): return .refused(defect)
        case .complete(let byteCount):
            guard let request = try? reader.read(buffer.prefix(byteCount)) else { return .refused(.badParameters) }
            self.request = request
            padding = max(0, byteCount - buffer.count)
            buffer.removeFirst(min(byteCount, buffer.count))
            return .head(request)
        }
    }

    private mutating func readBody(_ bytes: ArraySlice<UInt8>) -> Progress {
        var rest = bytes
        while true {
            if content > 0 {
                let part = rest.prefix(content)
                guard body.count + part.count <= limit else { return .bodyTooLarge }
                body += part
                content -= part.count
                rest = rest.dropFirst(part.count)
            }
            if content == 0, padding > 0 {
                let part = rest.prefix(padding)
                padding -= part.count
                rest = rest.dropFirst(part.count)
            }
            guard content == 0, padding == 0 else { return .incomplete }
            guard rest.count >= Record.headerByteCount else {
                buffer = Array(rest)
                return .incomplete
            }
            let start = rest.startIndex
            let id = UInt16(rest[start + 2]) << 8 | UInt16(rest[start + 3])
            guard rest[start] == 1, rest[start + 1] == Record.Kind.input.rawValue, id == request?.id else {
                return .refused(.notFastCGI)
            }
            content = Int(rest[start + 4]) << 8 | Int(rest[start + 5])
            padding = Int(rest[start + 6])
            rest = rest.dropFirst(Record.headerByteCount)
            if content == 0 { return .complete }
        }
    }
}
