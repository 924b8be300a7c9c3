/// The line that separates the parts of a stream; distinguishes it from the same text inside a picture.
struct Delimiter {
    /// The maximum length of a boundary; RFC 2046 allows 70.
    static let maximumBoundaryByteCount = 200

    /// The maximum number of bytes from the start of a delimiter that `match` examines.
    static let maximumLookahead = 512

    /// Two dashes and the boundary without its own leading dashes.
    ///
    /// Cameras declare their boundary with or without the dashes; what they send always ends in these bytes.
    private let pattern: [UInt8]

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
        guard let boundary = try Self.boundary(of: contentType) else { throw .noBoundary(contentType) }
        let bare = boundary.drop(while: { $0 == "-" })
        pattern = Array("--".utf8) + Array((bare.isEmpty ? boundary[...] : bare).utf8)
        guard pattern.count > 2, pattern.count <= Self.maximumBoundaryByteCount + 2 else {
            throw .noBoundary(contentType)
        }
    }

    /// Returns the value of the parameter `boundary`, quoted or not (RFC 9110, 5.6.6).
    private static func boundary(of contentType: String) throws(MultipartError) -> String? {
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
            } else if isQuoted || !character.isWhitespace {
                fields[fields.count - 1].append(character)
            }
        }
        guard fields[0].lowercased().hasPrefix("multipart/") else { throw .notMultipart(contentType) }
        for field in fields.dropFirst() where field.lowercased().hasPrefix("boundary=") {
            let value = String(field.dropFirst("boundary=".count))
            return value.isEmpty ? nil : value
        }
        return nil
    }

    /// The number of bytes at the end of a search that may be the beginning of a delimiter.
    var overlap: Int { pattern.count }

    /// Returns the index of the delimiter's text at or after `start`; `match` decides whether it is a delimiter.
    func firstIndex(in bytes: Span<UInt8>, from start: Int) -> Int? {
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
        guard isHere else { return .none }
        let end = start + pattern.count
        guard end < bytes.count else { return .undecided }
        if bytes[end] == UInt8(ascii: "-") { return closes(bytes, at: start, end: end) }
        var index = end
        while index < bytes.count, index - end < 64, bytes[index].isBlank { index += 1 }
        guard index < bytes.count else { return .undecided }
        if bytes[index] == 0x0D {
            index += 1
            guard index < bytes.count else { return .undecided }
        }
        guard bytes[index] == 0x0A else { return .none }
        return followsDelimiter(bytes, at: index + 1)
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
        var index = start
        while index < bytes.count, index - start < 64, bytes[index].isTokenCharacter { index += 1 }
        let nameEnd = index
        while index < bytes.count, index - nameEnd < 64, bytes[index].isBlank { index += 1 }
        if index < bytes.count, nameEnd > start, bytes[index] == UInt8(ascii: ":") { return .found(next: start) }
        switch isLine(bytes, at: start) {
        case true?: return .found(next: start)
        case false?: return index < bytes.count ? .none : .undecided
        case nil: return .undecided
        }
    }

    /// Returns whether a header line is the delimiter again; extra leading dashes are ignored.
    func isLine(_ line: Span<UInt8>, at start: Int = 0) -> Bool? {
        var index = start
        while index + 2 < line.count, line[index] == UInt8(ascii: "-"), line[index + 2] == UInt8(ascii: "-") {
            index += 1
        }
        return isPrefix(of: line, at: index)
    }

    /// Returns whether a line for which `isLine` is true closes the stream.
    func isClosingLine(_ line: Span<UInt8>) -> Bool {
        line.count >= pattern.count + 2 && line[line.count - 1] == UInt8(ascii: "-")
            && line[line.count - 2] == UInt8(ascii: "-")
    }
}
