/// The decoded query parameters of a request, in their original order.
public struct Query {
    private let items: [(name: String, value: String)]

    /// The names of parameters that web pages commonly add to bypass caches; such parameters are ignored.
    private static let cacheBusters: Set<String> = [
        "_", "t", "ts", "timestamp", "cb", "rand", "nocache", "bypassCache", "cacheBust",
    ]

    public init(_ text: String) {
        items = text.split(separator: "&").map { item in
            let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (Self.decode(parts[0]), parts.count > 1 ? Self.decode(parts[1]) : "")
        }
    }

    /// Returns the first value of the parameter `name`, or nil if it is missing.
    public func first(_ name: String) -> String? { items.first { $0.name == name }?.value }

    /// Checks the names of the parameters.
    ///
    /// Throws if a parameter occurs twice. Unless `ignoresUnknown` is true, also throws if a name is not in `known`.
    public func check(known: Set<String>, ignoresUnknown: Bool = false) throws(HTTPError) {
        var seen: Set<String> = []
        for (name, _) in items where !Self.cacheBusters.contains(name) {
            guard known.contains(name) else {
                if ignoresUnknown { continue }
                let list = known.subtracting(["action"]).sorted().joined(separator: ", ")
                let remedy = list.isEmpty ? "this address accepts no parameters" : "this address accepts \(list)"
                throw HTTPError(400, "bad_query", "Unknown query parameter '\(Excerpt(name))'; \(remedy).")
            }
            guard seen.insert(name).inserted else {
                throw HTTPError(400, "bad_query", "The query parameter '\(name)' occurs twice; send it once.")
            }
        }
    }

    /// Returns the value of the parameter `name`, or nil if the parameter is missing.
    ///
    /// Throws if the value is not a decimal number within `range`.
    public func number(_ name: String, in range: ClosedRange<Double>) throws(HTTPError) -> Double? {
        guard let text = first(name) else { return nil }
        let isPlain = text.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == 0x2e }
        guard isPlain, let value = Double(text), range.contains(value) else {
            let bounds = "\(Self.plain(range.lowerBound)) to \(Self.plain(range.upperBound))"
            let given = Excerpt(text)
            throw HTTPError(
                400, "bad_query", "The query parameter '\(name)' must be a number from \(bounds), not '\(given)'.")
        }
        return value
    }

    /// Returns the value of the parameter `name`, or nil if the parameter is missing.
    ///
    /// Throws if the value is not a whole number within `range`.
    public func integer(_ name: String, in range: ClosedRange<UInt64>) throws(HTTPError) -> UInt64? {
        guard let text = first(name) else { return nil }
        let isPlain = text.utf8.allSatisfy { (0x30...0x39).contains($0) }
        guard isPlain, let value = UInt64(text), range.contains(value) else {
            let bounds = "\(range.lowerBound) to \(range.upperBound)"
            let given = Excerpt(text)
            throw HTTPError(
                400, "bad_query",
                "The query parameter '\(name)' must be a whole number from \(bounds), not '\(given)'.")
        }
        return value
    }

    /// Returns the value of the parameter `name`, or nil if the parameter is missing.
    ///
    /// Throws if the value is not one of `choices`.
    public func choice(_ name: String, of choices: [String]) throws(HTTPError) -> String? {
        guard let text = first(name) else { return nil }
        guard choices.contains(text) else {
            let list = choices.joined(separator: " or ")
            throw HTTPError(400, "bad_query", "The query parameter '\(name)' must be \(list), not '\(Excerpt(text))'.")
        }
        return text
    }

    private static func plain(_ value: Double) -> String {
        value == value.rounded() ? "\(Int(value))" : "\(value)"
    }

    /// Decodes percent-encoding (RFC 3986, section 2.1), and replaces each `+` with a space.
    ///
    /// Invalid sequences remain unchanged.
    private static func decode(_ text: Substring) -> String {
        guard text.utf8.contains(where: { $0 == 0x25 || $0 == 0x2b }) else { return String(text) }
        let bytes = Array(text.utf8)
        var decoded: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if bytes[index] == 0x25, index + 2 < bytes.count, let high = digit(bytes[index + 1]),
                let low = digit(bytes[index + 2])
            {
                decoded.append(high << 4 | low)
                index += 3
            } else {
                decoded.append(bytes[index] == 0x2b ? 0x20 : bytes[index])
                index += 1
            }
        }
        return String(decoding: decoded, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }
}
