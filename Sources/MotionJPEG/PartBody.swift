/// Finds the end of the part that is being received.
struct PartBody {
    /// A complete part; offsets are relative to the start of the body.
    struct Part {
        var bytes: Range<Int>
        var picture: JPEGInfo?
        /// Where the search for the next part begins.
        var next: Int
        /// Whether the Content-Length is wrong.
        var isLengthFalse: Bool
    }

    /// The maximum number of line break bytes to skip before a picture: some servers end their headers twice.
    private static let maximumLeadingByteCount = 4

    private var leading = 0
    private var walk = JPEGWalk()
    private var isPicture = true
    private var pictureEnd: Int?
    private var searched = 0
    private var delimiterStart: Int?

    /// Examines the body received so far; each call receives the same bytes and more after them.
    ///
    /// - Parameters:
    ///   - bytes: The body so far, and whatever follows it.
    ///   - delimiter: The delimiter between parts.
    ///   - length: The Content-Length, unless lengths are known to be wrong.
    ///   - limit: The maximum size of a part; bytes beyond it are not examined.
    /// - Returns: The part, or nil if more bytes are needed.
    mutating func advance(_ bytes: Span<UInt8>, _ delimiter: Delimiter, length: Int?, limit: Int) -> Part? {
        let bytes = bytes.extracting(0..<min(bytes.count, limit + Delimiter.maximumLookahead))
        findPictureEnd(bytes)
        findDelimiter(bytes.extracting(0..<(pictureEnd ?? bytes.count)), delimiter)
        if let end = pictureEnd {
            let picture = leading..<end
            guard let start = delimiterStart, length != end, length != picture.count else {
                return Part(
                    bytes: picture, picture: walk.info(byteCount: picture.count), next: end,
                    isLengthFalse: length.map { $0 < picture.count } ?? false)
            }
            return cutPart(bytes, before: start, length: length)
        }
        guard let start = delimiterStart else { return nil }
        // With a length, the delimiter may still turn out to be part of a picture that ends exactly there.
        if let length, start < length, bytes.count < length, isPicture, length <= limit { return nil }
        return cutPart(bytes, before: start, length: length)
    }

    private mutating func findPictureEnd(_ bytes: Span<UInt8>) {
        guard isPicture, pictureEnd == nil else { return }
        if walk.position == 0 {
            while leading < min(bytes.count, Self.maximumLeadingByteCount), bytes[leading].isLineBreak { leading += 1 }
        }
        do throws(JPEGDefect) {
            pictureEnd = try walk.advance(bytes.extracting(leading..<bytes.count)).map { $0 + leading }
        } catch {
            isPicture = false
        }
    }

    private mutating func findDelimiter(_ bytes: Span<UInt8>, _ delimiter: Delimiter) {
        while delimiterStart == nil, let start = delimiter.firstIndex(in: bytes, from: searched) {
            switch delimiter.match(in: bytes, at: start) {
            case .none:
                searched = start + 1
            case .undecided:
                searched = start
                return
            case .found, .closing:
                delimiterStart = start
                return
            }
        }
        searched = max(searched, bytes.count - delimiter.overlap)
    }

    /// Returns the part that ends at the delimiter, without the delimiter's line break and dashes.
    private func cutPart(_ bytes: Span<UInt8>, before start: Int, length: Int?) -> Part {
        var end = start
        while end > 0, bytes[end - 1] == UInt8(ascii: "-") { end -= 1 }
        if end > 0, bytes[end - 1] == 0x0A { end -= 1 }
        if end > 0, bytes[end - 1] == 0x0D { end -= 1 }
        return Part(
            bytes: min(leading, end)..<end, picture: nil, next: start,
            isLengthFalse: length.map { !(end...start).contains($0) } ?? false)
    }
}
