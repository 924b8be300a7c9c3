/// Finds the end of the part that is being received.
struct PartBody {
    /// A complete part.
    ///
    /// All offsets are relative to the start of the body.
    struct Part {
        var bytes: Range<Int>
        var picture: JPEGInfo?
        /// The offset at which the search for the next part begins.
        var next: Int
        /// Whether the Content-Length is wrong.
        var isLengthFalse: Bool
    }

    /// The maximum number of bytes before a picture.
    ///
    /// Some servers send the empty line after the headers twice, or put other data before the picture.
    private static let maximumLeadingByteCount = 1024

    /// The offset of the picture in the body.
    ///
    /// Until the picture is found, this is the number of line breaks and blanks at the start of the body.
    private var leading = 0
    private var hasStart = false
    private var walk = JPEGWalk()
    private var isPicture = true
    private var pictureEnd: Int?
    private var searched = 0
    private var delimiterStart: Int?

    /// Examines the body that has been received so far.
    ///
    /// Each call must pass all bytes of the previous call, followed by new ones.
    ///
    /// - Parameters:
    ///   - bytes: The bytes of the body received so far, and any bytes after its end.
    ///   - delimiter: The delimiter between parts.
    ///   - length: The Content-Length, or nil if there is none or the stream's lengths are known to be wrong.
    ///   - limit: The maximum size of a part; bytes beyond it are not examined.
    /// - Returns: The part, or nil if more bytes are needed.
    mutating func advance(_ bytes: Span<UInt8>, _ delimiter: Delimiter, length: Int?, limit: Int) -> Part? {
        let bytes = bytes.extracting(0..<min(bytes.count, limit + Delimiter.maximumLookahead))
        guard findStart(bytes, delimiter) else { return nil }
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
        // The picture may contain the delimiter's text and end exactly at the Content-Length, so wait for more bytes.
        if let length, start < length, bytes.count < length, isPicture, length <= limit { return nil }
        return cutPart(bytes, before: start, length: length)
    }

    /// Finds the start of the picture, which is the first byte of the body for nearly all cameras.
    ///
    /// Returns false if more bytes are needed.
    private mutating func findStart(_ bytes: Span<UInt8>, _ delimiter: Delimiter) -> Bool {
        if hasStart || !isPicture { return true }
        let window = bytes.extracting(0..<min(bytes.count, Self.maximumLeadingByteCount + 2))
        while leading < window.count, window[leading].isLineBreak || window[leading].isBlank { leading += 1 }
        if leading + 1 < window.count, window[leading] == 0xFF, window[leading + 1] == 0xD8 {
            hasStart = true
            return true
        }
        // The body begins with something else. A picture may still follow, if it begins before the next delimiter.
        findDelimiter(bytes, delimiter)
        let limit = delimiterStart ?? searched
        if let start = window.firstIndex(ofPair: 0xFF, 0xD8, from: leading), start < limit {
            leading = start
            hasStart = true
            return true
        }
        guard delimiterStart != nil || window.count == Self.maximumLeadingByteCount + 2 else { return false }
        if delimiterStart == nil, limit < window.count { return false }
        isPicture = false
        return true
    }

    private mutating func findPictureEnd(_ bytes: Span<UInt8>) {
        guard isPicture, pictureEnd == nil else { return }
        do throws(JPEGDefect) {
            pictureEnd = try walk.advance(bytes.extracting(leading..<bytes.count)).map { $0 + leading }
            // The search for the picture's start may have found a delimiter beyond the picture's end.
            if let end = pictureEnd, let start = delimiterStart, start >= end { delimiterStart = nil }
        } catch {
            isPicture = false
        }
    }

    /// Finds the delimiter after the body.
    ///
    /// Until the known delimiter is confirmed, any line that looks like a delimiter is accepted too.
    private mutating func findDelimiter(_ bytes: Span<UInt8>, _ delimiter: Delimiter) {
        guard delimiterStart == nil else { return }
        var declared = delimiter.firstIndex(in: bytes, from: searched)
        while true {
            if let index = declared, index < searched { declared = delimiter.firstIndex(in: bytes, from: searched) }
            let line =
                delimiter.isConfirmed
                ? nil : delimiter.firstLine(in: bytes, from: searched, isLineStart: searched == 0)
            guard let start = earlier(declared, line) else { break }
            var match = start == declared ? delimiter.match(in: bytes, at: start) : .none
            if match == .none, start == line {
                match = delimiter.matchLine(in: bytes, at: start, acceptsFields: false)
            }
            switch match {
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

    /// Returns the part that ends before the delimiter at `start`.
    ///
    /// The line break before the delimiter, and any dashes between the two, do not belong to the part.
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
