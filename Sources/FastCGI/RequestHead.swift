/// What has arrived on a connection: enough for libfcgi, or not.
///
/// libfcgi waits without limit for the rest of a record, and Debian's version ends the whole process when lengths add up to
/// more than `Int32.max` or a server asks for its values more than three times at once. So a request is handed to it
/// only when its head, from FCGI_BEGIN_REQUEST to the empty FCGI_PARAMS, is there whole and in order.
public enum RequestHead: Equatable, Sendable {
    /// Valid so far: examine it again when more has come.
    case incomplete
    /// The head's length; the padding at its end counts, and may still be on its way.
    case complete(byteCount: Int)
    case refused(Defect)

    /// Why a connection is closed without an answer.
    public enum Defect: Error, Equatable, Sendable, CaseIterable {
        /// Not a FastCGI request of version 1, or its records are not in order.
        case notFastCGI
        /// A role other than Responder.
        case wrongRole
        /// More than ``byteCountLimit`` bytes or ``parameterCountLimit`` parameters.
        case tooLarge
        /// Lengths of names and values that contradict their record.
        case badParameters
    }

    /// The most bytes that a head may have.
    public static let byteCountLimit = 65536

    /// The most parameters that a request may have.
    public static let parameterCountLimit = 512

    /// Examines the first `count` bytes of `bytes`.
    public static func examine(_ bytes: [UInt8], count: Int) -> RequestHead {
        var records = RecordReader(bytes: bytes, end: min(count, bytes.count))
        let isFull = count >= byteCountLimit
        guard let begin = records.next() else {
            return records.isMalformed ? .refused(.notFastCGI) : isFull ? .refused(.tooLarge) : .incomplete
        }
        // libfcgi takes padding behind this record for further records, which nobody would have looked at.
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
            guard count <= parameterCountLimit else { return .refused(.tooLarge) }
            guard let name = takeLength(&rest), let value = takeLength(&rest), name <= rest.count,
                value <= rest.count - name
            else { return .refused(.badParameters) }
            rest = rest.dropFirst(name + value)
        }
        return .complete(byteCount: byteCount)
    }

    /// One length of a name-value pair: a byte, or four of which the first has its top bit set (section 3.4).
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

/// Walks over the records in a buffer.
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
    /// What follows does not begin like a record of version 1.
    var isMalformed = false

    init(bytes: [UInt8], end: Int) {
        self.bytes = bytes
        self.end = end
    }

    /// The next record that is there with all its content.
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
