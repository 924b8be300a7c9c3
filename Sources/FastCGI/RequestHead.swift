/// The result of examining the beginning of a request.
///
/// The header of a request consists of the records from FCGI_BEGIN_REQUEST to the empty FCGI_PARAMS. libfcgi waits
/// indefinitely for the rest of a record. Debian's version of libfcgi makes the process exit if lengths add up to more
/// than `Int32.max`, or if a server sends more than three FCGI_GET_VALUES at once. Therefore a header is passed to
/// libfcgi only after it was found to be complete and valid.
public enum RequestHead: Equatable, Sendable {
    /// The header is valid so far. Examine it again when more bytes have arrived.
    case incomplete
    /// The header is complete. Its size includes the padding at its end, which may not have arrived yet.
    case complete(byteCount: Int)
    case refused(Defect)

    /// The reason why a connection is closed without a response.
    public enum Defect: Error, Equatable, Sendable, CaseIterable {
        /// The bytes are not a FastCGI 1 request, or the records are in the wrong order.
        case notFastCGI
        /// The request is for a role other than Responder.
        case wrongRole
        /// The header has more than ``maximumByteCount`` bytes or ``maximumParameterCount`` parameters.
        case tooLarge
        /// The lengths of names and values do not match the size of the records.
        case badParameters
    }

    /// The maximum size of a header in bytes.
    public static let maximumByteCount = 65536

    /// The maximum number of parameters.
    public static let maximumParameterCount = 512

    /// Examines the first `count` bytes of `bytes`.
    public static func examine(_ bytes: [UInt8], count: Int) -> RequestHead {
        var records = RecordReader(bytes: bytes, end: min(count, bytes.count))
        let isFull = count >= maximumByteCount
        guard let begin = records.next() else {
            return records.isMalformed ? .refused(.notFastCGI) : isFull ? .refused(.tooLarge) : .incomplete
        }
        // Refuse padding after this record, because libfcgi would parse it as further records, which are not checked
        // here.
        guard begin.kind == Record.Kind.beginRequest.rawValue, begin.request != 0, begin.content.count == 8,
            begin.padding == 0
        else { return .refused(.notFastCGI) }
        guard bytes[begin.content.lowerBound] == 0, bytes[begin.content.lowerBound + 1] == 1 else {
            return .refused(.wrongRole)
        }
        var parameters: [UInt8] = []
        while let record = records.next() {
            guard record.kind == Record.Kind.parameters.rawValue, record.request == begin.request else {
                return .refused(.notFastCGI)
            }
            if record.content.isEmpty { return examine(parameters: parameters, byteCount: records.offset) }
            parameters.append(contentsOf: bytes[record.content])
        }
        return records.isMalformed ? .refused(.notFastCGI) : isFull ? .refused(.tooLarge) : .incomplete
    }

    private static func examine(parameters bytes: [UInt8], byteCount: Int) -> RequestHead {
        var rest = bytes[...]
        var count = 0
        while !rest.isEmpty {
            count += 1
            guard count <= maximumParameterCount else { return .refused(.tooLarge) }
            guard let name = takeLength(&rest), let value = takeLength(&rest), name <= rest.count,
                value <= rest.count - name
            else { return .refused(.badParameters) }
            rest = rest.dropFirst(name + value)
        }
        return .complete(byteCount: byteCount)
    }

    /// Reads the length of a name or value (section 3.4); returns nil if it is incomplete.
    ///
    /// A length consists of one byte, or of four bytes if the top bit of the first byte is set.
    private static func takeLength(_ bytes: inout ArraySlice<UInt8>) -> Int? {
        guard let first = bytes.first else { return nil }
        if first < 0x80 {
            bytes = bytes.dropFirst()
            return Int(first)
        }
        guard bytes.count >= 4 else { return nil }
        let length = bytes.prefix(4).reduce(0) { $0 << 8 | Int($1) } & 0x7fff_ffff
        bytes = bytes.dropFirst(4)
        return length
    }
}

/// Iterates over the records in a buffer.
private struct RecordReader {
    struct Item {
        let kind: UInt8
        let request: UInt16
        let content: Range<Int>
        let padding: Int
    }

    let bytes: [UInt8]
    let end: Int
    var offset = 0
    /// Whether the next bytes are not a record of FastCGI version 1.
    var isMalformed = false

    init(bytes: [UInt8], end: Int) {
        self.bytes = bytes
        self.end = end
    }

    /// Returns the next record; nil if it is incomplete or malformed.
    mutating func next() -> Item? {
        guard offset < end else { return nil }
        guard bytes[offset] == 1 else {
            isMalformed = true
            return nil
        }
        let start = offset + Record.headerByteCount
        guard start <= end else { return nil }
        let byteCount = Int(bytes[offset + 4]) << 8 | Int(bytes[offset + 5])
        let content = start..<(start + byteCount)
        guard content.upperBound <= end else { return nil }
        let item = Item(
            kind: bytes[offset + 1], request: UInt16(bytes[offset + 2]) << 8 | UInt16(bytes[offset + 3]),
            content: content, padding: Int(bytes[offset + 6]))
        offset = content.upperBound + item.padding
        return item
    }
}
