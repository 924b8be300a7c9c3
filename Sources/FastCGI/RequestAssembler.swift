/// Puts a request with a body together from the bytes of a connection, however they are cut.
///
/// libfcgi reads a body by waiting for it; this takes what is there, so that one thread can serve many connections.
/// Any bytes whatever are safe to feed. It keeps no more than the head and what was allowed of the body.
public struct RequestAssembler: Sendable {
    /// What is known of the request so far.
    public enum Progress: Sendable {
        /// Good so far: feed more when it has come.
        case incomplete
        /// The head is there, for the first time: say by ``allowBody(byteCount:)`` how long a body may be.
        case head(Request)
        /// All is there.
        case complete
        /// The body is longer than was allowed.
        case bodyTooLarge
        /// Not to be answered: ``RequestHead/Defect``.
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

    /// Says how long the body may be, and makes room for `expected` bytes of it.
    public mutating func allowBody(byteCount limit: Int, expected: Int) {
        self.limit = limit
        body.reserveCapacity(min(expected, limit))
    }

    /// Gives the body away.
    public mutating func takeBody() -> [UInt8] {
        defer { body = [] }
        return body
    }

    /// Adds bytes that have come; to be called with none after ``Progress/head(_:)``, since more may be there already.
    public mutating func feed(_ bytes: ArraySlice<UInt8>) -> Progress {
        if request == nil {
            buffer += bytes
            return readHead()
        }
        if buffer.isEmpty { return readBody(bytes) }
        let all = buffer + bytes
        buffer = []
        return readBody(all[...])
    }

    private mutating func readHead() -> Progress {
        switch RequestHead.examine(buffer, count: buffer.count) {
        case .incomplete: return .incomplete
        case .refused(let defect): return .refused(defect)
        case .complete:
            guard let (request, byteCount) = RequestHead.parse(buffer) else { return .refused(.badParameters) }
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
