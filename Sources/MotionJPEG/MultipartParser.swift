/// Takes a multipart stream of JPEGs apart, whatever slices it comes in and however loosely it is made.
///
/// **When a picture leaves.** The markers of a JPEG say where it ends, so a picture is handed over at its own last
/// byte: not at the next boundary, which many servers send only with the next picture, and not where Content-Length
/// says, which may lie. What is handed over as a picture is therefore whole in any case: it begins with SOI, has its
/// headers and ends in EOI. The marker walk reads each byte once, in blocks, at several times the speed of the copy.
///
/// **What the length is for.** A boundary that comes before the picture's end means that the picture was cut, unless
/// a true length says that it is text within the picture. So with a length the parser waits whether the picture ends
/// exactly there; it waits no longer than until the bytes of that length are there. The first length that proves to
/// be false makes it ignore all later ones of the stream.
///
/// **Without a picture.** A part that is cut, or no JPEG, ends at the next boundary and is handed over with
/// `PartHeaders.picture == nil`, so that it can be counted and refused.
///
/// What is kept is bounded by the part limit, the header limit and 64 KiB. The parts do not depend on how the stream is
/// sliced. After an error of its own the parser must not be fed again.
public struct MultipartParser: Sendable {
    private enum State { case betweenParts, headers, body }

    private static let sliceByteCount = 64 * 1024

    private let delimiter: Delimiter
    private let maximumHeaderByteCount: Int
    private let maximumPartByteCount: Int

    private var buffer: [UInt8] = []
    private var state = State.betweenParts
    /// Bytes of `buffer` that are done with.
    private var consumed = 0
    /// Where the search for a delimiter goes on, counted from `consumed`.
    private var searched = 0
    /// Bytes passed since the last part, to give up when no boundary comes.
    private var skipped = 0
    /// How far behind the last picture its length pointed.
    private var lengthRemainder: Int?
    private var areLengthsTrusted = true
    private var headers = PartHeaders()
    private var headerByteCount = 0
    private var body = PartBody()

    /// - Parameters:
    ///   - contentType: The answer's Content-Type; it names the boundary.
    ///   - maximumHeaderByteCount: The most that the header block of one part may have.
    ///   - maximumPartByteCount: The most that one part, or what stands between two, may have.
    /// - Throws: `notMultipart` or `noBoundary`.
    public init(
        contentType: String, maximumHeaderByteCount: Int = 16 * 1024, maximumPartByteCount: Int = 16 * 1024 * 1024
    ) throws(MultipartError) {
        delimiter = try Delimiter(contentType: contentType)
        self.maximumHeaderByteCount = maximumHeaderByteCount
        self.maximumPartByteCount = maximumPartByteCount
    }

    /// Goes on with the next bytes of the stream and hands over the parts that end in them.
    ///
    /// - Parameters:
    ///   - bytes: The next slice, of any length.
    ///   - onPart: Gets each part; its bytes are only lent.
    /// - Throws: `MultipartError` when the stream cannot be read on; or what `onPart` throws.
    public mutating func feed(_ bytes: RawSpan, _ onPart: (PartHeaders, RawSpan) throws -> Void) throws {
        let bytes = Span<UInt8>(_bytes: bytes)
        // Taken out of `self`, so that spans of it may be read while the rest of `self` changes.
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

    /// Does what the bytes at hand allow; false when more are needed.
    private mutating func step(
        _ bytes: Span<UInt8>, _ onPart: (PartHeaders, RawSpan) throws -> Void
    ) throws -> Bool {
        switch state {
        case .betweenParts: try skipToDelimiter(bytes)
        case .headers: try readHeaderLine(bytes)
        case .body: try readBody(bytes, onPart)
        }
    }

    /// Passes over everything up to and with the next delimiter line.
    private mutating func skipToDelimiter(_ bytes: Span<UInt8>) throws(MultipartError) -> Bool {
        while let start = delimiter.firstIndex(in: bytes, from: searched) {
            switch delimiter.match(in: bytes, at: start) {
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
                consumed += next
                begin(.headers)
                return true
            }
        }
        searched = max(searched, bytes.count - delimiter.overlap)
        return try skip(max(0, searched - 1))
    }

    /// Drops bytes between parts, keeping one before where the search goes on.
    private mutating func skip(_ byteCount: Int) throws(MultipartError) -> Bool {
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
            if delimiter.isClosingLine(line) { begin(.betweenParts) }
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
            lengthRemainder = nil
        case .headers:
            headers = PartHeaders()
            headerByteCount = 0
        case .body:
            body = PartBody()
        }
    }
}
