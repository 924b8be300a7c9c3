/// FastCGI records (FastCGI specification 1.0, sections 3.3 and 8).
public enum Record {
    /// The size of a record's header in bytes.
    public static let headerByteCount = 8

    /// The maximum content size of the records that Oriel writes, which is the largest size that needs no padding.
    public static let maximumContentByteCount = 65528

    /// The type of a record (`FCGI_BEGIN_REQUEST` and so on).
    public enum Kind: UInt8, Sendable {
        case beginRequest = 1
        case abortRequest = 2
        case endRequest = 3
        case parameters = 4
        case input = 5
        case output = 6
    }

    /// The reason why a request has ended (`protocolStatus` of `FCGI_EndRequestBody`).
    public enum Ending: UInt8, Sendable {
        case complete = 0
        case overloaded = 2
    }

    /// Appends the header of a record.
    ///
    /// The record has `byteCount` bytes of content, at most 65535, followed by `padding` bytes, at most 255.
    public static func appendHeader(
        _ kind: Kind, request: UInt16, byteCount: Int, padding: Int = 0, to bytes: inout [UInt8]
    ) {
        bytes.append(1)
        bytes.append(kind.rawValue)
        bytes.append(UInt8(truncatingIfNeeded: request >> 8))
        bytes.append(UInt8(truncatingIfNeeded: request))
        bytes.append(UInt8(truncatingIfNeeded: byteCount >> 8))
        bytes.append(UInt8(truncatingIfNeeded: byteCount))
        bytes.append(UInt8(truncatingIfNeeded: padding))
        bytes.append(0)
    }

    /// Appends `content` as output records; appends nothing if `content` is empty.
    public static func appendOutput(_ content: some Collection<UInt8>, request: UInt16, to bytes: inout [UInt8]) {
        var rest = content[...]
        while !rest.isEmpty {
            let part = rest.prefix(maximumContentByteCount)
            appendHeader(.output, request: request, byteCount: part.count, to: &bytes)
            bytes.append(contentsOf: part)
            rest = rest.dropFirst(part.count)
        }
    }

    /// Returns `content` as output records.
    public static func output(_ content: some Collection<UInt8>, request: UInt16) -> [UInt8] {
        var records: [UInt8] = []
        appendOutput(content, request: request, to: &records)
        return records
    }

    /// Appends the records that end the output and the request (24 bytes).
    public static func appendEnd(request: UInt16, _ ending: Ending = .complete, to bytes: inout [UInt8]) {
        appendHeader(.output, request: request, byteCount: 0, to: &bytes)
        appendHeader(.endRequest, request: request, byteCount: 8, to: &bytes)
        bytes.append(contentsOf: [0, 0, 0, 0, ending.rawValue, 0, 0, 0])
    }

    /// Sets the request ID of all records in `bytes`.
    public static func readdress(_ bytes: inout [UInt8], to request: UInt16) {
        var offset = 0
        while offset + headerByteCount <= bytes.count {
            bytes[offset + 2] = UInt8(truncatingIfNeeded: request >> 8)
            bytes[offset + 3] = UInt8(truncatingIfNeeded: request)
            let byteCount = Int(bytes[offset + 4]) << 8 | Int(bytes[offset + 5])
            offset += headerByteCount + byteCount + Int(bytes[offset + 6])
        }
    }
}
