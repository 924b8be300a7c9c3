/// Parses a multipart stream of JPEGs, however it is sliced and however loosely it follows the standard.
///
/// **Delivery.** The markers of a JPEG determine where it ends, so a picture is delivered at its last byte: not at the
/// next boundary, which many servers send only with the next picture, and not at its Content-Length, which may be
/// wrong. Therefore a delivered picture is always whole: it begins with SOI, has its headers and ends in EOI. The
/// marker walk reads each byte once, in blocks, several times faster than copying.
///
/// **Content-Length.** A boundary before the picture's end means that the picture was truncated, unless the length
/// shows that the boundary is part of the picture. So if there is a length, the parser waits for that many bytes to see
/// whether the picture ends exactly there. After the first wrong length it ignores all later ones of the stream.
///
/// **Boundaries.** The declared boundary is a hint: what separates the parts is found in the stream, so that a wrong,
/// missing or badly quoted declaration makes no difference. A stream may also begin with a part's headers, or consist
/// of JPEGs alone.
///
/// **Other parts.** A part that is truncated or not a JPEG ends at the next boundary and is delivered with
/// `PartHeaders.picture == nil`, so that it can be counted and rejected.
///
/// The buffer is bounded by the part limit, the header limit and 64 KiB. The parts do not depend on how the stream is
/// sliced. After the parser has thrown an error it must not be fed again.
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
    /// Where the search for a delimiter continues, relative to `consumed`.
    private var searched = 0
    /// The number of bytes skipped since the last part, to give up if there is no boundary.
    private var skipped = 0
    /// Whether the first byte of the search is the first one of a line.
    private var isLineStart = true
    /// Whether the stream consists of JPEGs without boundaries.
    private var isUnframed = false
    /// How far beyond the last picture its Content-Length points.
    private var lengthRemainder: Int?
    private var areLengthsTrusted = true
    private var headers = PartHeaders()
    private var headerByteCount = 0
    private var body = PartBody()

    /// - Parameters:
    ///   - contentType: The response's Content-Type, which contains the boundary.
    ///   - maximumHeaderByteCount: The maximum size of a part's header block.
    ///   - maximumPartByteCount: The maximum size of a part, and of the bytes between two parts.
    /// - Throws: `notMultipart`.
    public init(
        contentType: String, maximumHeaderByteCount: Int = 16 * 1024, maximumPartByteCount: Int = 16 * 1024 * 1024
    ) throws(MultipartError) {
        delimiter = try Delimiter(contentType: contentType)
        self.maximumHeaderByteCount = maximumHeaderByteCount
        self.maximumPartByteCount = maximumPartByteCount
    }

    /// Creates a parser for a stream without a Content-Type that declares a boundary.
    public init(maximumPartByteCount: Int) {
        delimiter = Delimiter()
        maximumHeaderByteCount = 16 * 1024
        self.maximumPartByteCount = maximumPartByteCount
    }

    /// Whether a part has begun: the stream is multipart, or consists of JPEGs.
    public private(set) var hasFoundPart = false

    /// Parses the next bytes of the stream and delivers the parts that end in them.
    ///
    /// - Parameters:
    ///   - bytes: The next slice, of any length.
    ///   - onPart: Receives each part; its bytes are valid only during the call.
    /// - Throws: `MultipartError` if the stream cannot be parsed, or any error of `onPart`.
    public mutating func feed(_ bytes: RawSpan, _ onPart: (PartHeaders, RawSpan) throws -> Void) throws {
        let bytes = Span<UInt8>(_bytes: bytes)
        // Moved out of `self`, so that spans of it can be read while the rest of `self` changes.
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

    /// Makes one step; returns false if more bytes are needed.
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

    /// Drops bytes between parts.
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
                // Without a part the bytes still count, or a flood of closing delimiters would never end.
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
