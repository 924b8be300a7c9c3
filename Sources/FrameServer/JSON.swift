/// A JSON document (RFC 8259), to be written.
public indirect enum JSON: Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    /// Not finite: written as null.
    case number(Double)
    /// A number that is written already.
    case literal(String)
    case text(String)
    case array([JSON])
    /// In the order given.
    case object([(String, JSON)])

    /// A count; beyond what a signed number holds, the largest that it does.
    public static func count(_ value: some BinaryInteger) -> JSON { .integer(Int64(clamping: value)) }

    /// `value` or null.
    public static func optional<Value>(_ value: Value?, _ transform: (Value) -> JSON) -> JSON {
        value.map(transform) ?? .null
    }

    /// The document.
    public var text: String {
        var text = ""
        write(to: &text)
        return text
    }

    private func write(to text: inout String) {
        switch self {
        case .null: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .integer(let value): text += "\(value)"
        case .number(let value): text += value.isFinite ? "\(value)" : "null"
        case .literal(let value): text += value
        case .text(let value): Self.write(value, to: &text)
        case .array(let values):
            text += "["
            for (index, value) in values.enumerated() {
                if index > 0 { text += "," }
                value.write(to: &text)
            }
            text += "]"
        case .object(let fields):
            text += "{"
            for (index, (name, value)) in fields.enumerated() {
                if index > 0 { text += "," }
                Self.write(name, to: &text)
                text += ":"
                value.write(to: &text)
            }
            text += "}"
        }
    }

    private static func write(_ value: String, to text: inout String) {
        text += "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\u{0}"..<" ", "\u{7f}":
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}
