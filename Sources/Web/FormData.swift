/// The parsed body of a form with the type multipart/form-data (RFC 7578).
public struct FormData {
    /// The error for an invalid body.
    public struct Defect: Error, Equatable {
        /// One sentence that says what is wrong with the body.
        public let message: String
    }

    /// A field of the form.
    public struct Field: Equatable {
        public let name: String
        /// The position of the content in the body.
        public let content: Range<Int>
    }

    public static let maximumFieldCount = 32
    /// The maximum size in bytes of all header lines of a field together.
    static let maximumHeadByteCount = 4096

    public let fields: [Field]

    /// Returns the boundary in a Content-Type, or nil if the type is not multipart/form-data with a valid boundary.
    public static func boundary(in contentType: String) -> [UInt8]? {
        let parts = contentType.split(separator: ";", omittingEmptySubsequences: false)
        guard parts.first?.trimmed.lowercased() == "multipart/form-data" else { return nil }
        for part in parts.dropFirst() {
            let pair = part.split(separator: "=", maxSplits: 1)
            guard pair.count == 2, pair[0].trimmed.lowercased() == "boundary" else { continue }
            var value = pair[1].trimmed
            if value.count >= 2, value.hasPrefix("\""), value.hasSuffix("\"") {
                value = String(value.dropFirst().dropLast())
            }
            // A boundary has up to 70 characters (RFC 2046, section 5.1.1).
            guard (1...70).contains(value.utf8.count) else { return nil }
            return Array(value.utf8)
        }
        return nil
    }

    /// Parses a body; throws if it is truncated or otherwise invalid.
    public init(_ body: [UInt8], boundary: [UInt8]) throws(Defect) {
        let delimiter = Array("--".utf8) + boundary
        let inner = Array("\r\n".utf8) + delimiter
        // Bytes before the first delimiter are ignored.
        guard var position = body.starts(with: delimiter) ? 0 : body.first(inner, from: 0).map({ $0 + 2 }) else {
            throw Defect(message: "The form does not begin with its boundary.")
        }
        var fields: [Field] = []
        while true {
            position += delimiter.count
            if body.hasBytes([0x2d, 0x2d], at: position) { break }
            // Spaces may follow the boundary.
            while position < body.count, body[position] == 0x20 || body[position] == 0x09 { position += 1 }
            guard body.hasBytes([0x0d, 0x0a], at: position) else {
                throw Defect(message: "The form is truncated, or a boundary in it is not on a line of its own.")
            }
            guard fields.count < Self.maximumFieldCount else {
                throw Defect(message: "The form has more than \(Self.maximumFieldCount) fields.")
            }
            // Find the empty line after the header lines. There may be no header lines.
            guard let blank = body.first([0x0d, 0x0a, 0x0d, 0x0a], from: position, limit: Self.maximumHeadByteCount)
            else {
                throw Defect(message: "The header of a form field is too long, or the empty line after it is missing.")
            }
            let start = blank + 4
            guard let end = body.first(inner, from: start - 2) else {
                throw Defect(message: "The form is truncated: the boundary after a field is missing.")
            }
            if blank > position {
                let head = String(decoding: body[(position + 2)..<blank], as: UTF8.self)
                if let name = Self.name(in: head) { fields.append(Field(name: name, content: start..<max(start, end))) }
            }
            position = end + 2
        }
        self.fields = fields
    }

    /// Returns the content of the first field called `name`.
    public func first(_ name: String) -> Range<Int>? { fields.first { $0.name == name }?.content }

    /// Finds the name of a field in its header lines, such as `Content-Disposition: form-data; name="image"`.
    ///
    /// Returns nil if the lines contain no name.
    private static func name(in head: String) -> String? {
        for line in head.split(separator: "\r\n") {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, parts[0].trimmed.lowercased() == "content-disposition" else { continue }
            for item in parts[1].split(separator: ";").dropFirst() {
                let pair = item.split(separator: "=", maxSplits: 1)
                guard pair.count == 2, pair[0].trimmed.lowercased() == "name" else { continue }
                return pair[1].trimmed.filter { $0 != "\"" }
            }
        }
        return nil
    }
}

extension StringProtocol {
    /// The text without leading and trailing spaces and tabs.
    public var trimmed: String {
        var rest = self[...]
        while let first = rest.first, first == " " || first == "\t" { rest = rest.dropFirst() }
        while let last = rest.last, last == " " || last == "\t" { rest = rest.dropLast() }
        return String(rest)
    }
}

extension [UInt8] {
    /// Returns whether the array contains `bytes` at `position`.
    fileprivate func hasBytes(_ bytes: [UInt8], at position: Int) -> Bool {
        position >= 0 && position + bytes.count <= count
            && self[position..<(position + bytes.count)].elementsEqual(bytes)
    }

    /// Returns the first position from `start` to `start + limit` at which the array contains `bytes`; nil if there is
    /// none.
    fileprivate func first(_ bytes: [UInt8], from start: Int, limit: Int = .max) -> Int? {
        let haystack = span
        let end = Swift.min(count - bytes.count, limit > count ? count : start + limit)
        guard let first = bytes.first, start >= 0, start <= end else { return nil }
        var index = start
        while index <= end {
            if haystack[index] == first {
                var matched = 1
                while matched < bytes.count, haystack[index + matched] == bytes[matched] { matched += 1 }
                if matched == bytes.count { return index }
            }
            index += 1
        }
        return nil
    }
}
