/// A JSON value (RFC 8259).
public indirect enum JSON: Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    /// A number. It is written as null if it is not finite.
    case number(Double)
    /// A number that is already formatted as text. The parser never creates this case.
    case literal(String)
    case text(String)
    case array([JSON])
    /// The members in order. The parser keeps members with duplicate names.
    case object([(String, JSON)])

    /// Returns `value` as an integer, clamped to the range of `Int64`.
    public static func count(_ value: some BinaryInteger) -> JSON { .integer(Int64(clamping: value)) }

    /// Returns the transformed `value`; null if `value` is nil.
    public static func optional<Value>(_ value: Value?, _ transform: (Value) -> JSON) -> JSON {
        value.map(transform) ?? .null
    }

    /// Returns `value` as text; null if `value` is nil.
    public static func optional(_ value: String?) -> JSON { optional(value) { .text($0) } }

    /// The document as text, on one line.
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

    /// Writes `value` in quotation marks, with the escapes that RFC 8259, section 7, requires.
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

// MARK: Access to the contents

extension JSON {
    /// The value of the last member called `name`; nil if there is none, or if this is not an object.
    public subscript(name: String) -> JSON? { object?.last { $0.0 == name }?.1 }

    public var object: [(String, JSON)]? { if case .object(let members) = self { members } else { nil } }
    public var array: [JSON]? { if case .array(let values) = self { values } else { nil } }
    public var string: String? { if case .text(let value) = self { value } else { nil } }
    public var boolean: Bool? { if case .bool(let value) = self { value } else { nil } }
    /// The value of an `integer`; nil for any other value, including a `number`.
    public var integer: Int64? { if case .integer(let value) = self { value } else { nil } }
    public var isNull: Bool { if case .null = self { true } else { false } }

    /// The value of an `integer` or a `number`; nil for any other value.
    public var number: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }
}
