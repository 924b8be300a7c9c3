/// Assembles a request from the bytes of a connection, however they are cut.
///
/// libfcgi reads a request by waiting for it; this takes what is there, so that one thread can serve many connections,
/// and hands a head to libfcgi once it is complete. Any bytes are safe to feed. It keeps no more than the head and what
/// was allowed of the body.
public struct RequestAssembler: Sendable {
    /// What is known of the request so far.
    public enum Progress: Sendable {
        /// Valid so far: feed more when it has come.
        case incomplete
        /// The head is complete, for the first time: call ``allowBody(byteCount:expected:)``, or answer.
        case head(Request)
        /// Head and body are complete.
        case complete
        /// The body is longer than was allowed.
        case bodyTooLarge
        /// The connection is to be closed without an answer: ``RequestHead/Defect``.
        case refused(RequestHead.Defect)
    }

    /// The body so far.
    public private(set) var body: [UInt8] = []
    private var buffer: [UInt8] = []
    private var request: Request?
    private var limit = 0
    // What is left of the record whose content is being read, and of its padding.
    private var content = 0
    private var padding = 0

    public init() {}

    /// Sets how long the body may be, and makes room for `expected` bytes of it.
    public mutating func allowBody(byteCount limit: Int, expected: Int) {
        self.limit = limit
        body.reserveCapacity(min(expected, limit))
    }

    /// Returns the body, and keeps no copy.
    public mutating func takeBody() -> [UInt8] {
        defer { body = [] }
        return body
    }

    /// Adds bytes that have come; `reader` parses the head.
    ///
    /// After ``Progress/head(_:)`` call it once with no bytes, since a part of the body may be here already.
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
