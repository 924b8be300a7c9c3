/// Recognizes the line that separates the parts of a stream, and distinguishes it from the same text inside a picture.
///
/// The boundary in the Content-Type is only a hint, because many cameras declare a different boundary from the one that
/// they send. Within a part, any line that looks like a boundary is accepted until the declared boundary has been
/// found. Between parts, such a line is always accepted. An accepted line becomes the new delimiter.
struct Delimiter {
    /// The maximum length of a boundary in bytes, which is more than the 70 that RFC 2046 allows.
    static let maximumBoundaryByteCount = 200

    /// The maximum number of bytes that `match` examines, counted from the start of a delimiter.
    static let maximumLookahead = 512

    /// The maximum number of blanks after a boundary.
    private static let maximumBlankCount = 64

    /// Two dashes, followed by the boundary without its own leading dashes.
    ///
    /// This is nil if no boundary is known.
    ///
    /// Some cameras include dashes in the declared boundary and some do not. In both cases, the line that they send
    /// ends with the bytes of the pattern.
    private var pattern: [UInt8]?

    /// Whether the pattern is known to be right, because a part was found after a line that contains it.
    private(set) var isConfirmed = false

    /// What was found at a position.
    enum Match: Equatable {
        /// There is no delimiter at this position.
        case none
        /// More bytes are needed to decide.
        case undecided
        /// There is a delimiter, and the part's headers begin at `next`.
        case found(next: Int)
        /// The closing delimiter of the stream is at this position, and ends at `next`.
        case closing(next: Int)
    }

    /// Parses the boundary from a Content-Type such as `multipart/x-mixed-replace; boundary="frame"`.
    init(contentType: String) throws(MultipartError) {
        let fields = Self.fields(of: contentType)
        guard fields[0].lowercased().hasPrefix("multipart/") else { throw .notMultipart(contentType) }
        pattern = Self.boundary(in: fields.dropFirst()).flatMap { Self.pattern(Array($0.utf8)[...]) }
    }

    /// Creates a delimiter for a stream whose boundary is unknown.
    init() {}

    /// Splits a Content-Type at semicolons that are not quoted (RFC 9110, 5.6.6), and removes the quotes.
    private static func fields(of contentType: String) -> [String] {
        var fields: [String] = [""]
        var isQuoted = false
        var isEscaped = false
        for character in contentType {
            if isEscaped {
                fields[fields.count - 1].append(character)
                isEscaped = false
            } else if isQuoted, character == "\\" {
                isEscaped = true
            } else if character == "\"" {
                isQuoted.toggle()
            } else if character == ";", !isQuoted {
                fields.append("")
            } else {
                fields[fields.count - 1].append(character)
            }
        }
        return fields.map { String($0.trimmed) }
    }

    /// Returns the value of the parameter `boundary` without surrounding white space, or nil if there is none.
    private static func boundary(in fields: ArraySlice<String>) -> String? {
        for field in fields {
            guard let sign = field.firstIndex(of: "=") else { continue }
            if field[..<sign].trimmed.lowercased() == "boundary" {
                return String(field[field.index(after: sign)...].trimmed)
            }
        }
        return nil
    }

    /// Returns two dashes and `boundary` without its leading dashes, or nil if the boundary is empty or too long.
    private static func pattern(_ boundary: ArraySlice<UInt8>) -> [UInt8]? {
        let bare = boundary.drop { $0 == UInt8(ascii: "-") }
        let pattern = Array("--".utf8) + (bare.isEmpty ? boundary : bare)
        return (3...(maximumBoundaryByteCount + 2)).contains(pattern.count) ? pattern : nil
    }

    /// Records that the pattern is right, because a part was found after it.
    mutating func confirm() { isConfirmed = true }

    /// Replaces the pattern with the boundary line at `start`, which separates parts although the Content-Type declares
    /// a different boundary.
    mutating func adopt(_ bytes: Span<UInt8>, at start: Int) {
        guard start < bytes.count, bytes[start] == UInt8(ascii: "-") else { return }
        var line: [UInt8] = []
        var index = start
        while index < bytes.count, !bytes[index].isLineBreak, line.count <= Self.maximumBoundaryByteCount + 2 {
            line.append(bytes[index])
            index += 1
        }
        while line.last?.isBlank == true { line.removeLast() }
        guard let pattern = Self.pattern(line[...]) else { return }
        self.pattern = pattern
        isConfirmed = true
    }

    /// How many bytes at the end of the searched data the next search must examine again, because they may be the
    /// beginning of a delimiter.
    var overlap: Int { pattern?.count ?? 2 }

    // MARK: The known boundary

    /// Returns the first index at or after `start` where the pattern is found or may begin.
    ///
    /// The caller must then call ``match(in:at:)``, which decides whether this is a delimiter.
    func firstIndex(in bytes: Span<UInt8>, from start: Int) -> Int? {
        guard let pattern else { return nil }
        // Search for the second dash and the character after it, because this pair is rarer than two dashes.
        var index = start + 1
        while let hit = bytes.firstIndex(ofPair: pattern[1], pattern[2], from: index) {
            if isPrefix(of: bytes, at: hit - 1) != false { return hit - 1 }
            index = hit + 1
        }
        return nil
    }

    /// Returns whether the pattern is at `start`, or nil if the bytes end before this is decided.
    private func isPrefix(of bytes: Span<UInt8>, at start: Int) -> Bool? {
        guard let pattern else { return false }
        for offset in 0..<pattern.count {
            guard start + offset < bytes.count else { return nil }
            if bytes[start + offset] != pattern[offset] { return false }
        }
        return true
    }

    /// Returns whether there is a delimiter at `start`.
    ///
    /// The line must end after the pattern, and the next line must be a header field, an empty line, or the delimiter
    /// again (some cameras send it twice). No line break is required before the delimiter, because some servers send
    /// none. The closing delimiter has no line after it that could be checked, so it must be at the start of a line or
    /// directly after a picture.
    func match(in bytes: Span<UInt8>, at start: Int) -> Match {
        guard let isHere = isPrefix(of: bytes, at: start) else { return .undecided }
        guard isHere, let pattern else { return .none }
        let end = start + pattern.count
        guard end < bytes.count else { return .undecided }
        if bytes[end] == UInt8(ascii: "-") { return closes(bytes, at: start, end: end) }
        switch lineEnd(in: bytes, from: end) {
        case nil: return .none
        case .some(nil): return .undecided
        case .some(let next?): return followsDelimiter(bytes, at: next)
        }
    }

    /// Skips blanks from `start` and returns the index after the line break that follows them.
    ///
    /// Returns nil if no line break follows, and a nested nil (`.some(nil)`) if more bytes are needed.
    private func lineEnd(in bytes: Span<UInt8>, from start: Int) -> Int?? {
        var index = start
        while index < bytes.count, index - start < Self.maximumBlankCount, bytes[index].isBlank { index += 1 }
        guard index < bytes.count else { return .some(nil) }
        if bytes[index] == 0x0D {
            index += 1
            guard index < bytes.count else { return .some(nil) }
        }
        guard bytes[index] == 0x0A else { return Optional<Int?>.none }
        return .some(index + 1)
    }

    /// Returns whether the pattern at `start`, which is followed by a dash, is the closing delimiter.
    private func closes(_ bytes: Span<UInt8>, at start: Int, end: Int) -> Match {
        let isAtEdge = start == 0 || bytes[start - 1] == 0x0A || bytes[start - 1] == 0xD9
        guard isAtEdge else { return .none }
        guard end + 1 < bytes.count else { return .undecided }
        guard bytes[end + 1] == UInt8(ascii: "-") else { return .none }
        guard end + 2 < bytes.count else { return .undecided }
        return bytes[end + 2].isLineBreak ? .closing(next: end + 2) : .none
    }

    /// Returns whether the line at `start` can follow a delimiter.
    private func followsDelimiter(_ bytes: Span<UInt8>, at start: Int) -> Match {
        guard start < bytes.count else { return .undecided }
        switch bytes[start] {
        case 0x0A:
            return .found(next: start)
        case 0x0D:
            guard start + 1 < bytes.count else { return .undecided }
            return bytes[start + 1] == 0x0A ? .found(next: start) : .none
        default:
            break
        }
        if let isField = isHeaderField(bytes, at: start), isField { return .found(next: start) }
        switch isLine(bytes, at: start) {
        case true?: return .found(next: start)
        case false?: return isHeaderField(bytes, at: start) == nil ? .undecided : .none
        case nil: return .undecided
        }
    }

    /// Returns whether a header field begins at `start`, or nil if more bytes are needed.
    private func isHeaderField(_ bytes: Span<UInt8>, at start: Int) -> Bool? {
        var index = start
        while index < bytes.count, index - start < 64, bytes[index].isTokenCharacter { index += 1 }
        let nameEnd = index
        while index < bytes.count, index - nameEnd < Self.maximumBlankCount, bytes[index].isBlank { index += 1 }
        guard index < bytes.count else { return nil }
        return nameEnd > start && bytes[index] == UInt8(ascii: ":")
    }

    /// Returns whether the line at `start`, where a header is expected, repeats the delimiter; nil if more bytes are
    /// needed.
    ///
    /// Extra leading dashes are ignored.
    func isLine(_ line: Span<UInt8>, at start: Int = 0) -> Bool? {
        guard pattern != nil else { return false }
        var index = start
        while index + 2 < line.count, line[index] == UInt8(ascii: "-"), line[index + 2] == UInt8(ascii: "-") {
            index += 1
        }
        return isPrefix(of: line, at: index)
    }

    /// Returns whether `line` is the closing delimiter; ``isLine(_:at:)`` must have returned true for it.
    func isClosingLine(_ line: Span<UInt8>) -> Bool {
        guard let pattern else { return false }
        return line.count >= pattern.count + 2 && line[line.count - 1] == UInt8(ascii: "-")
            && line[line.count - 2] == UInt8(ascii: "-")
    }

    // MARK: Unknown boundaries

    /// Returns the index of the first line at or after `start` where a part may begin.
    ///
    /// The caller must then call ``matchLine(in:at:acceptsFields:)``, which decides whether a part begins there. A line
    /// begins after a line feed, and also at `start` if `isLineStart` is true.
    func firstLine(in bytes: Span<UInt8>, from start: Int, isLineStart: Bool) -> Int? {
        if isLineStart, start < bytes.count, bytes[start].beginsPart { return start }
        var index = max(0, start - 1)
        while let lineFeed = bytes.firstIndex(of: 0x0A, from: index) {
            let next = lineFeed + 1
            if next >= start, next < bytes.count, bytes[next].beginsPart { return next }
            index = next
        }
        return nil
    }

    /// Returns whether a part begins with the line at `start`, whatever the boundary is.
    ///
    /// A part begins there if the line starts with two dashes, and is followed either by a header field, or by an empty
    /// line and a JPEG. If `acceptsFields` is true, a Content-Type or Content-Length field also begins a part.
    func matchLine(in bytes: Span<UInt8>, at start: Int, acceptsFields: Bool) -> Match {
        guard bytes[start] == UInt8(ascii: "-") else {
            guard acceptsFields else { return .none }
            return matchField(in: bytes, at: start)
        }
        guard start + 1 < bytes.count else { return .undecided }
        guard bytes[start + 1] == UInt8(ascii: "-") else { return .none }
        var index = start + 2
        let limit = start + Self.maximumBoundaryByteCount + Self.maximumBlankCount
        while index < bytes.count, index < limit, bytes[index] != 0x0A {
            guard bytes[index].isTextCharacter || bytes[index] == 0x0D else { return .none }
            index += 1
        }
        guard index < limit else { return .none }
        guard index < bytes.count else { return .undecided }
        let next = index + 1
        if let isField = isHeaderField(bytes, at: next) {
            if isField { return .found(next: next) }
            return startsPicture(bytes, at: next)
        }
        return .undecided
    }

    /// Returns whether there is an empty line at `start` that is followed by a JPEG.
    private func startsPicture(_ bytes: Span<UInt8>, at start: Int) -> Match {
        var index = start
        if bytes[index] == 0x0D { index += 1 }
        guard index < bytes.count else { return .undecided }
        guard bytes[index] == 0x0A else { return .none }
        index += 1
        guard index + 1 < bytes.count else { return .undecided }
        return bytes[index] == 0xFF && bytes[index + 1] == 0xD8 ? .found(next: start) : .none
    }

    private static let partFields = [Array("content-type:".utf8), Array("content-length:".utf8)]

    /// Returns whether a Content-Type or Content-Length field begins at `start`.
    private func matchField(in bytes: Span<UInt8>, at start: Int) -> Match {
        var isUndecided = false
        for field in Self.partFields {
            var offset = 0
            while offset < field.count, start + offset < bytes.count,
                bytes[start + offset] | 0x20 == field[offset] | 0x20
            {
                offset += 1
            }
            if offset == field.count { return .found(next: start) }
            if start + offset == bytes.count { isUndecided = true }
        }
        return isUndecided ? .undecided : .none
    }
}

extension UInt8 {
    /// Whether a line that begins with this byte may begin a part.
    fileprivate var beginsPart: Bool { self == UInt8(ascii: "-") || self | 0x20 == UInt8(ascii: "c") }

    /// Whether a boundary line may contain this byte; a tab is the only control character that it may contain.
    fileprivate var isTextCharacter: Bool { self >= 0x20 && self != 0x7F || self == 0x09 }
}

extension StringProtocol {
    /// The text without leading and trailing white space.
    fileprivate var trimmed: SubSequence {
        var rest = self[...]
        while rest.first?.isWhitespace == true { rest.removeFirst() }
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return rest
    }
}

/// Returns the lower of two indices; if one is nil, returns the other.
func earlier(_ first: Int?, _ second: Int?) -> Int? {
    guard let first else { return second }
    return second.map { min(first, $0) } ?? first
}
