/// Parses a multipart stream of JPEGs, including streams that do not quite follow the standard.
///
/// **Delivery.** The parser finds the end of a picture by its JPEG markers and delivers the picture as soon as its last
/// byte has arrived. It does not wait for the next boundary, which many servers send only with the next picture, and it
/// does not rely on the Content-Length, which may be wrong. A delivered picture is therefore always whole: it begins
/// with SOI, has its headers and ends in EOI. The marker walk reads each byte once, in blocks, which is several times
/// faster than copying the bytes.
///
/// **Content-Length.** If a boundary comes before the picture's end, the picture was probably truncated, but the same
/// bytes may also be part of the picture. If the part has a Content-Length, the parser therefore waits for that many
/// bytes and checks whether the picture ends exactly there. After the first wrong length, it ignores the lengths of all
/// later parts of the stream.
///
/// **Boundaries.** The declared boundary is only a hint. The parser finds the separator of the parts in the stream
/// itself, so the boundary in the Content-Type may be wrong, missing or badly quoted. A stream may also begin with the
/// headers of a part, or consist of JPEGs without any boundaries.
///
/// **Other parts.** A part that is truncated or is not a JPEG ends at the next boundary. It is delivered with
/// `PartHeaders.picture == nil`, so that the caller can count and reject it.
///
/// The buffer never grows beyond the limits on parts and headers, plus 64 KiB. The delivered parts do not depend on how
/// the stream is divided into calls of `feed`. After `feed` has thrown an error, it must not be called again.
public struct MultipartParser: Sendable {
    private enum State { case betweenParts, headers, body }

    private static let sliceByteCount = 64 * 1024

    private var delimiter: Delimiter
    private let maximumHeaderByteCount: Int
    private let maximumPartByteCount: Int

    private var buffer: [UInt8] = []
    private var state = State.betweenParts
    /// The number of processed bytes of `buffer`.
    private var consumed = 0
    /// The offset at which the search for a delimiter continues, relative to `consumed`.
    private var searched = 0
    /// The number of bytes skipped since the last part.
    ///
    /// Parsing fails if this exceeds the maximum size of a part.
    private var skipped = 0
    /// Whether the first byte that is not consumed is the first byte of a line.
    private var isLineStart = true
    /// Whether the stream consists of JPEGs without boundaries.
    private var isUnframed = false
    /// How many bytes after the end of the last picture are still part of its body according to its Content-Length.
    private var lengthRemainder: Int?
    private var areLengthsTrusted = true
    private var headers = PartHeaders()
    private var headerByteCount = 0
    private var body = PartBody()

    /// Creates a parser for a response.
    ///
    /// - Parameters:
    ///   - contentType: The response's Content-Type, which contains the boundary.
    ///   - maximumHeaderByteCount: The maximum size of a part's header block.
    ///   - maximumPartByteCount: The maximum size of a part, and the maximum number of bytes between two parts.
    /// - Throws: `notMultipart` if `contentType` is not a multipart type.
    public init(
        contentType: String, maximumHeaderByteCount: Int = 16 * 1024, maximumPartByteCount: Int = 16 * 1024 * 1024
    ) throws(MultipartError) {
        delimiter = try Delimiter(contentType: contentType)
        self.maximumHeaderByteCount = maximumHeaderByteCount
        self.maximumPartByteCount = maximumPartByteCount
    }

    /// Creates a parser for a stream whose boundary is unknown.
    public init(maximumPartByteCount: Int) {
        delimiter = Delimiter()
        maximumHeaderByteCount = 16 * 1024
        self.maximumPartByteCount = maximumPartByteCount
    }

    /// Whether a part has begun; the stream is then known to be multipart or to consist of JPEGs.
    public private(set) var hasFoundPart = false

    /// Parses the next bytes of the stream and delivers the parts that end within them.
    ///
    /// - Parameters:
    ///   - bytes: The next bytes of the stream; any number of them.
    ///   - onPart: A callback for each part. The part's bytes are valid only during the call.
    /// - Throws: `MultipartError` if the stream cannot be parsed, or an error that `onPart` has thrown.
    public mutating func feed(_ bytes: RawSpan, _ onPart: (PartHeaders, RawSpan) throws -> Void) throws {
        let bytes = Span<UInt8>(_bytes: bytes)
        // The buffer is moved out of `self`, so that spans of it can be read while other properties of `self` change.
        var store = buffer
        buffer = []
        defer { buffer = store }
        var start = 0
        while start < bytes.count {
            let slice = bytes.extracting(start..<min(start + Self.sliceByteCount, bytes.count))
            start += slice.count
            store.append(addingCapacity: slice.count) { output in
                for index in 0..<slice.count { output.append(slice[index]) }
            }
            while try step(store.span.extracting(consumed..<store.count), onPart) {}
            store.removeFirst(consumed)
            consumed = 0
        }
    }

    /// Performs one step of parsing, depending on the current state; returns false if more bytes are needed.
    private mutating func step(
        _ bytes: Span<UInt8>, _ onPart: (PartHeaders, RawSpan) throws -> Void
    ) throws -> Bool {
        switch state {
        case .betweenParts: try skipToDelimiter(bytes)
        case .headers: try readHeaderLine(bytes)
        case .body: try readBody(bytes, onPart)
        }
    }

    /// Skips everything up to and including the next delimiter line.
    private mutating func skipToDelimiter(_ bytes: Span<UInt8>) throws(MultipartError) -> Bool {
        if isUnframed { return try skipToPicture(bytes) }
        if !hasFoundPart, isLineStart, searched == 0 {
            guard bytes.count > 1 else { return false }
            if bytes[0] == 0xFF, bytes[1] == 0xD8 {
                isUnframed = true
                begin(.body)
                return true
            }
        }
        var declared = delimiter.firstIndex(in: bytes, from: searched)
        while true {
            if let index = declared, index < searched { declared = delimiter.firstIndex(in: bytes, from: searched) }
            let line = delimiter.firstLine(in: bytes, from: searched, isLineStart: isLineStart && searched == 0)
            guard let start = earlier(declared, line) else { break }
            var match = start == declared ? delimiter.match(in: bytes, at: start) : .none
            let isDeclared = match != .none
            if !isDeclared, start == line { match = delimiter.matchLine(in: bytes, at: start, acceptsFields: true) }
            switch match {
            case .none:
                searched = start + 1
            case .undecided:
                searched = start
                return try skip(max(0, start - 1))
            case .closing(let next):
                _ = try skip(next)
                return true
            case .found(let next):
                if skipped + start > maximumPartByteCount {
                    throw .boundaryMissing(byteCount: maximumPartByteCount)
                }
                if let remainder = lengthRemainder, skipped + start < remainder { areLengthsTrusted = false }
                if isDeclared { delimiter.confirm() } else { delimiter.adopt(bytes, at: start) }
                consumed += next
                begin(.headers)
                return true
            }
        }
        searched = max(searched, bytes.count - delimiter.overlap)
        return try skip(max(0, searched - 1))
    }

    /// Skips everything before the next JPEG of a stream without boundaries.
    private mutating func skipToPicture(_ bytes: Span<UInt8>) throws(MultipartError) -> Bool {
        guard let start = bytes.firstIndex(ofPair: 0xFF, 0xD8, from: 0) else {
            return try skip(max(0, bytes.count - 1))
        }
        _ = try skip(start)
        begin(.body)
        return true
    }

    /// Drops bytes between parts; always returns false, because more bytes are needed afterwards.
    private mutating func skip(_ byteCount: Int) throws(MultipartError) -> Bool {
        if byteCount > 0 { isLineStart = false }
        consumed += byteCount
        searched = max(0, searched - byteCount)
        skipped += byteCount
        if skipped > maximumPartByteCount { throw .boundaryMissing(byteCount: maximumPartByteCount) }
        return false
    }

    private mutating func readHeaderLine(_ bytes: Span<UInt8>) throws(MultipartError) -> Bool {
        guard let lineFeed = bytes.firstIndex(of: 0x0A, from: searched) else {
            searched = bytes.count
            if headerByteCount + bytes.count > maximumHeaderByteCount {
                throw .headersTooLarge(limit: maximumHeaderByteCount)
            }
            return false
        }
        consumed += lineFeed + 1
        searched = 0
        headerByteCount += lineFeed + 1
        if headerByteCount > maximumHeaderByteCount { throw .headersTooLarge(limit: maximumHeaderByteCount) }
        let length = lineFeed > 0 && bytes[lineFeed - 1] == 0x0D ? lineFeed - 1 : lineFeed
        let line = bytes.extracting(0..<length)
        if line.isEmpty {
            begin(.body)
        } else if delimiter.isLine(line) == true {
            headers = PartHeaders()
            if delimiter.isClosingLine(line) {
                // No part was found, so these bytes still count as skipped. Otherwise, a server could send closing
                // delimiters forever without reaching the limit.
                let byteCount = skipped + headerByteCount
                begin(.betweenParts)
                skipped = byteCount
            }
        } else {
            headers.take(line)
        }
        return true
    }

    private mutating func readBody(
        _ bytes: Span<UInt8>, _ onPart: (PartHeaders, RawSpan) throws -> Void
    ) throws -> Bool {
        let length = areLengthsTrusted ? headers.contentLength : nil
        guard let part = body.advance(bytes, delimiter, length: length, limit: maximumPartByteCount) else {
            if bytes.count > maximumPartByteCount + Delimiter.maximumLookahead {
                throw MultipartError.partTooLarge(limit: maximumPartByteCount)
            }
            return false
        }
        if part.bytes.count > maximumPartByteCount { throw MultipartError.partTooLarge(limit: maximumPartByteCount) }
        if part.isLengthFalse { areLengthsTrusted = false }
        headers.picture = part.picture
        consumed += part.next
        let finished = headers
        begin(.betweenParts)
        lengthRemainder = finished.contentLength.map { $0 - part.next }
        try onPart(finished, RawSpan(_elements: bytes.extracting(part.bytes)))
        return true
    }

    private mutating func begin(_ next: State) {
        state = next
        searched = 0
        switch next {
        case .betweenParts:
            skipped = 0
            isLineStart = true
            lengthRemainder = nil
        case .headers:
            headers = PartHeaders()
            headerByteCount = 0
        case .body:
            hasFoundPart = true
            body = PartBody()
        }
    }
}
