/// As much of JSON (RFC 8259) as the list of devices needs.
enum JSON {
    case object([(String, JSON)])
    case array([JSON])
    case string(String)
    /// Digits, written as they are.
    case number(String)
    case boolean(Bool)
    case null

    init(_ string: String?) {
        self = string.map { .string($0) } ?? .null
    }

    var text: String {
        switch self {
        case .object(let members):
            "{" + members.map { "\(Self.quoted($0.0)): \($0.1.text)" }.joined(separator: ", ") + "}"
        case .array(let elements): "[" + elements.map(\.text).joined(separator: ", ") + "]"
        case .string(let string): Self.quoted(string)
        case .number(let digits): digits
        case .boolean(let value): value ? "true" : "false"
        case .null: "null"
        }
    }

    /// `string` in quotes, with all that section 7 asks to be escaped.
    static func quoted(_ string: String) -> String {
        var result = "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
