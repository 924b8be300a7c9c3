/// The line that separates the parts of a stream; distinguishes it from the same text inside a picture.
///
/// The boundary in the Content-Type is a hint: many cameras declare another one than they send. So until the declared
/// boundary has been found, and between parts always, any line that looks like a boundary is accepted, and becomes the
/// delimiter.
struct Delimiter {
    /// The maximum length of a boundary; RFC 2046 allows 70.
    static let maximumBoundaryByteCount = 200

    /// The maximum number of bytes from the start of a delimiter that `match` examines.
    static let maximumLookahead = 512

    /// The maximum number of blanks after a boundary.
    private static let maximumBlankCount = 64

    /// Two dashes and the boundary without its own leading dashes, or nil if no boundary is known.
    ///
    /// Cameras declare their boundary with or without the dashes; what they send always ends in these bytes.
    private var pattern: [UInt8]?

    /// Whether a part was found after a boundary line, so that the pattern is known to be right.
    private(set) var isConfirmed = false

    /// What was found at a position.
    enum Match: Equatable {
        /// No delimiter.
        case none
        /// More bytes are needed.
        case undecided
        /// A delimiter; the part's headers begin at `next`.
        case found(next: Int)
        /// The closing delimiter of the stream; it ends at `next`.
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

    /// Returns the value of the parameter `boundary`; blanks inside it are part of it.
    private static func boundary(in fields: ArraySlice<String>) -> String? {
        for field in fields {
            guard let sign = field.firstIndex(of: "=") else { continue }
            if field[..<sign].trimmed.lowercased() == "boundary" {
                return String(field[field.index(after: sign)...].trimmed)
            }
        }
        return nil
    }

    /// Returns two dashes and `boundary` without its leading dashes, or nil if it cannot be searched for.
    private static func pattern(_ boundary: ArraySlice<UInt8>) -> [UInt8]? {
        let bare = boundary.drop { $0 == UInt8(ascii: "-") }
        let pattern = Array("--".utf8) + (bare.isEmpty ? boundary : bare)
        return (3...(maximumBoundaryByteCount + 2)).contains(pattern.count) ? pattern : nil
    }

    /// Accepts the pattern, after a part was found behind it.
    mutating func confirm() { isConfirmed = true }

    /// Takes the boundary from the line at `start`, which separates parts though the Content-Type has another one.
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

    /// The number of bytes at the end of a search that may be the beginning of a delimiter.
    var overlap: Int { pattern?.count ?? 2 }

    // MARK: The known boundary

    /// Returns the index of the delimiter's text at or after `start`; `match` decides whether it is a delimiter.
    func firstIndex(in bytes: Span<UInt8>, from start: Int) -> Int? {
        guard let pattern else { return nil }
        // Searches for the second dash and the letter after it, which is rarer than two dashes.
        var index = start + 1
        while let hit = bytes.firstIndex(ofPair: pattern[1], pattern[2], from: index) {
            if isPrefix(of: bytes, at: hit - 1) != false { return hit - 1 }
            index = hit + 1
        }
        return nil
    }

    /// Returns whether the delimiter's text is at `start`, or nil if the bytes end within it.
    private func isPrefix(of bytes: Span<UInt8>, at start: Int) -> Bool? {
        guard let pattern else { return false }
        for offset in 0..<pattern.count {
            guard start + offset < bytes.count else { return nil }
            if bytes[start + offset] != pattern[offset] { return false }
        }
        return true
    }

    /// Returns whether the text at `start` is a delimiter.
    ///
    /// It is one if its line ends there and is followed by a header field, an empty line, or the delimiter again (some
    /// cameras send it twice). No line break is required before it, because some servers send none. The closing form
    /// has nothing after it, so it must be at the start of a line or directly after a picture.
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

    /// Returns the index after the line break that follows `start` and blanks: nil if something else follows, and a
    /// nested nil if more bytes are needed.
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

    /// Returns whether the delimiter at `start`, which is followed by a dash, is the closing one.
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

    /// Returns whether a header line is the delimiter again; extra leading dashes are ignored.
    func isLine(_ line: Span<UInt8>, at start: Int = 0) -> Bool? {
        guard pattern != nil else { return false }
        var index = start
        while index + 2 < line.count, line[index] == UInt8(ascii: "-"), line[index + 2] == UInt8(ascii: "-") {
            index += 1
        }
        return isPrefix(of: line, at: index)
    }

    /// Returns whether a line for which `isLine` is true closes the stream.
    func isClosingLine(_ line: Span<UInt8>) -> Bool {
        guard let pattern else { return false }
        return line.count >= pattern.count + 2 && line[line.count - 1] == UInt8(ascii: "-")
            && line[line.count - 2] == UInt8(ascii: "-")
    }

    // MARK: Unknown boundaries

    /// Returns the first start of a line at or after `start` where a part may begin; `matchLine` decides whether it
    /// does.
    ///
    /// The line at `start` counts as one if `isLineStart`; every other one follows a line feed.
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

    /// Returns whether a part begins at the line at `start`, whatever the boundary is: the line begins with two
    /// dashes and is followed by a header field, or by an empty line and a JPEG; or it is one of the usual header
    /// fields itself.
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

    /// Returns whether an empty line and a JPEG are at `start`.
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

    /// Whether a boundary may contain this byte.
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

/// Returns the lower one of two indices, either of which may be missing.
func earlier(_ first: Int?, _ second: Int?) -> Int? {
    guard let first else { return second }
    return second.map { min(first, $0) } ?? first
}
