/// A setting of a camera, such as its brightness.
public struct Control: Equatable, Sendable {
    public enum Kind: Sendable, CustomStringConvertible {
        case integer, boolean, menu, integerMenu, button, bitmask, integer64
        /// Text or a compound value, which can be shown but not set.
        case other

        public var description: String {
            switch self {
            case .integer, .integer64: "integer"
            case .boolean: "boolean"
            case .menu, .integerMenu: "menu"
            case .button: "button"
            case .bitmask: "bitmask"
            case .other: "other"
            }
        }
    }

    /// One choice of a menu.
    public struct Choice: Equatable, Sendable {
        public let value: Int64
        public let text: String
    }

    let identifier: UInt32
    /// The name for `--control`.
    ///
    /// It is the driver's name in lower case, with underscores in place of all characters other than letters and
    /// digits.
    public let name: String
    /// The driver's name for the control.
    public let text: String
    public let kind: Kind
    public let minimum: Int64
    public let maximum: Int64
    public let step: Int64
    /// The default value.
    public let standard: Int64
    /// The current value; nil for buttons, and if the driver does not report the value.
    public let value: Int64?
    /// The choices of a menu; empty for other kinds.
    public let choices: [Choice]
    /// Whether the control cannot be set.
    public let isReadOnly: Bool
    /// Whether another control, such as an automatic mode, overrides this control at the moment.
    public let isInactive: Bool

    /// Converts a driver's name for a control to the name that v4l2-ctl uses.
    ///
    /// For example, `White Balance, Automatic` becomes `white_balance_automatic`.
    public static func normalised(_ name: some StringProtocol) -> String {
        var result = ""
        for character in name.utf8 {
            switch character {
            case 0x30...0x39, 0x61...0x7a: result.unicodeScalars.append(Unicode.Scalar(character))
            case 0x41...0x5a: result.unicodeScalars.append(Unicode.Scalar(character + 0x20))
            default: if !result.isEmpty && result.last != "_" { result.append("_") }
            }
        }
        while result.last == "_" { result.removeLast() }
        return result
    }

    /// Parses a value of this control; throws `invalidControl` with a sentence that says what is valid.
    ///
    /// Numbers are decimal, or hexadecimal with the prefix `0x`. Booleans are `true`, `on`, `yes` and `1`, or `false`,
    /// `off`, `no` and `0`. A choice of a menu is written as its number or its text.
    public func value(of text: String) throws(CameraError) -> Int64 {
        let word = Self.normalised(text)
        let number = text.hasPrefix("0x") ? Int64(text.dropFirst(2), radix: 16) : Int64(text)
        switch kind {
        case .boolean:
            if let value: Int64 = ["true": 1, "on": 1, "yes": 1, "1": 1, "false": 0, "off": 0, "no": 0, "0": 0][word] {
                return value
            }
            throw CameraError(.invalidControl, "the control '\(name)' accepts \(validValues), not '\(text)'")
        case .menu, .integerMenu:
            let choice = choices.first { number == $0.value } ?? choices.first { Self.normalised($0.text) == word }
            if let choice { return choice.value }
            let all = choices.map { "\($0.value) (\($0.text))" }.joined(separator: ", ")
            throw CameraError(.invalidControl, "the control '\(name)' has no choice '\(text)': choose one of \(all)")
        case .integer, .integer64:
            guard let number, number >= minimum, number <= maximum else {
                throw CameraError(.invalidControl, "the control '\(name)' accepts \(validValues), not '\(text)'")
            }
            return number
        case .bitmask:
            guard let number, number & ~maximum == 0 else {
                throw CameraError(.invalidControl, "the control '\(name)' accepts \(validValues), not '\(text)'")
            }
            return number
        case .button: return number ?? 1
        case .other: throw CameraError(.invalidControl, "the control '\(name)' accepts \(validValues)")
        }
    }
}
