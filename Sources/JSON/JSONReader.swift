extension JSON {
    /// The maximum nesting depth of values.
    static let maximumDepth = 16

    /// Parses a document; returns nil if `bytes` is not valid JSON, or if values are nested more deeply than 16 levels.
    ///
    /// A number without a fraction or an exponent is parsed as `integer` if it fits into 64 bits. Other finite numbers
    /// are parsed as `number`.
    public init?(_ bytes: [UInt8]) {
        var reader = JSONReader(bytes: bytes)
        guard let value = reader.value(depth: Self.maximumDepth), reader.isAtEnd() else { return nil }
        self = value
    }
}

/// A recursive descent parser for JSON.
private struct JSONReader {
    let bytes: [UInt8]
    var position = 0

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Parses the value at the current position; returns nil if it is invalid.
    mutating func value(depth: Int) -> JSON? {
        skipSpace()
        guard depth > 0, let byte = peek() else { return nil }
        switch byte {
        case UInt8(ascii: "{"): return object(depth: depth)
        case UInt8(ascii: "["): return array(depth: depth)
        case UInt8(ascii: "\""): return string().map(JSON.text)
        case UInt8(ascii: "t"): return take("true") ? .bool(true) : nil
        case UInt8(ascii: "f"): return take("false") ? .bool(false) : nil
        case UInt8(ascii: "n"): return take("null") ? .null : nil
        default: return number()
        }
    }

    mutating func isAtEnd() -> Bool {
        skipSpace()
        return position == bytes.count
    }

    private mutating func object(depth: Int) -> JSON? {
        position += 1
        var members: [(String, JSON)] = []
        skipSpace()
        if take("}") { return .object(members) }
        while true {
            skipSpace()
            guard let name = string() else { return nil }
            skipSpace()
            guard take(":"), let value = value(depth: depth - 1) else { return nil }
            members.append((name, value))
            skipSpace()
            if take("}") { return .object(members) }
            guard take(",") else { return nil }
        }
    }

    private mutating func array(depth: Int) -> JSON? {
        position += 1
        var values: [JSON] = []
        skipSpace()
        if take("]") { return .array(values) }
        while true {
            guard let value = value(depth: depth - 1) else { return nil }
            values.append(value)
            skipSpace()
            if take("]") { return .array(values) }
            guard take(",") else { return nil }
        }
    }

    /// Parses a number (RFC 8259, section 6).
    private mutating func number() -> JSON? {
        let start = position
        _ = take("-")
        // Leading zeros are not allowed.
        guard take("0") ? !skipDigits() : skipDigits() else { return nil }
        var isWhole = true
        if take(".") {
            isWhole = false
            guard skipDigits() else { return nil }
        }
        if take("e") || take("E") {
            isWhole = false
            if !take("+") { _ = take("-") }
            guard skipDigits() else { return nil }
        }
        let digits = String(decoding: bytes[start..<position], as: UTF8.self)
        if isWhole, let value = Int64(digits) { return .integer(value) }
        guard let value = Double(digits), value.isFinite else { return nil }
        return .number(value)
    }

    private mutating func skipDigits() -> Bool {
        let start = position
        while let byte = peek(), (0x30...0x39).contains(byte) { position += 1 }
        return position > start
    }

    private mutating func string() -> String? {
        guard take("\"") else { return nil }
        var text: [UInt8] = []
        while let byte = next() {
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"):
                guard let character = escaped() else { return nil }
                text += Array(String(character).utf8)
            case 0..<0x20: return nil
            default: text.append(byte)
            }
        }
        return nil
    }

    private mutating func escaped() -> Unicode.Scalar? {
        switch next() {
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{c}"
        case UInt8(ascii: "u"):
            guard let first = codeUnit() else { return nil }
            guard (0xd800..<0xdc00).contains(first) else { return Unicode.Scalar(first) ?? "\u{fffd}" }
            guard take("\\u"), let second = codeUnit(), (0xdc00..<0xe000).contains(second) else { return "\u{fffd}" }
            return Unicode.Scalar(0x10000 + (first - 0xd800) << 10 + (second - 0xdc00))
        case let byte? where "\"\\/".utf8.contains(byte): return Unicode.Scalar(byte)
        default: return nil
        }
    }

    private mutating func codeUnit() -> UInt32? {
        guard position + 4 <= bytes.count else { return nil }
        defer { position += 4 }
        var value: UInt32 = 0
        for byte in bytes[position..<(position + 4)] {
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { return nil }
            value = value << 4 | UInt32(digit)
        }
        return value
    }

    private mutating func skipSpace() {
        while let byte = peek(), byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { position += 1 }
    }

    /// Skips `text` if it is at the current position; returns whether it was there.
    private mutating func take(_ text: String) -> Bool {
        let wanted = text.utf8
        guard bytes.count - position >= wanted.count, bytes[position...].starts(with: wanted) else { return false }
        position += wanted.count
        return true
    }

    private func peek() -> UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func next() -> UInt8? {
        guard let byte = peek() else { return nil }
        position += 1
        return byte
    }
}
