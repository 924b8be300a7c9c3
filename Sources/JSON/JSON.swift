/// A JSON document (RFC 8259), to be written or as it was read.
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
    /// In the order given; when read, a name that comes twice is there twice.
    case object([(String, JSON)])

    /// A count; beyond what a signed number holds, the largest that it does.
    public static func count(_ value: some BinaryInteger) -> JSON { .integer(Int64(clamping: value)) }

    /// `value` or null.
    public static func optional<Value>(_ value: Value?, _ transform: (Value) -> JSON) -> JSON {
        value.map(transform) ?? .null
    }

    /// `value` or null.
    public static func optional(_ value: String?) -> JSON { optional(value) { .text($0) } }

    /// The document, in one line.
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

    /// `value` in quotes, with all that section 7 asks to be escaped.
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

/// What a document that was read holds.
extension JSON {
    /// The last member of that name of an object; nil when there is none.
    public subscript(name: String) -> JSON? { object?.last { $0.0 == name }?.1 }

    public var object: [(String, JSON)]? { if case .object(let members) = self { members } else { nil } }
    public var array: [JSON]? { if case .array(let values) = self { values } else { nil } }
    public var string: String? { if case .text(let value) = self { value } else { nil } }
    public var boolean: Bool? { if case .bool(let value) = self { value } else { nil } }
    /// A number without a fraction.
    public var integer: Int64? { if case .integer(let value) = self { value } else { nil } }
    public var isNull: Bool { if case .null = self { true } else { false } }

    /// A number of either kind.
    public var number: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }
}
