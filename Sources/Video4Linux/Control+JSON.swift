public import JSON

extension Control {
    /// Whether it has a value that can be set and saved.
    public var isSetting: Bool { !isReadOnly && kind != .button && kind != .other }

    /// Parses a value given in JSON, such as `140`, `true` or `"50 Hz"`.
    ///
    /// A whole number may be written in any way, such as `1e2`. A number beyond the range is clamped to it, as the
    /// kernel does (V4L2 API, VIDIOC_S_CTRL). Throws `invalidControl` with a sentence that says what would be valid.
    public func value(of json: JSON) throws(CameraError) -> Int64 {
        switch (kind, json, json.wholeNumber) {
        case (.integer, _, let number?), (.integer64, _, let number?):
            guard minimum <= maximum else { return number }
            return min(max(number, minimum), maximum)
        case (.boolean, .bool(let isOn), _): return isOn ? 1 : 0
        case (.boolean, _, let number?) where number == 0 || number == 1: return number
        case (.menu, _, let number?), (.integerMenu, _, let number?): return try value(of: "\(number)")
        case (.menu, .text(let words), _), (.integerMenu, .text(let words), _): return try value(of: words)
        case (.bitmask, _, let number?) where number >= 0: return number & maximum
        case (.button, .bool(true), _): return 1
        default: throw CameraError(.invalidControl, "the control '\(name)' takes \(validValues), not \(json.text)")
        }
    }

    /// Describes the valid values.
    var validValues: String {
        switch kind {
        case .integer, .integer64: "a whole number from \(minimum) to \(maximum)"
        case .boolean: "true or false"
        case .menu, .integerMenu: "the number or the words of a choice"
        case .bitmask: "a whole number of bits within \(maximum)"
        case .button: "true"
        case .other: "no value that can be set here"
        }
    }
}

extension JSON {
    /// The value as a whole number, however it is written; clamped to 64 bits.
    public var wholeNumber: Int64? {
        switch self {
        case .integer(let number): number
        case .number(let number) where number == number.rounded():
            Int64(exactly: number) ?? (number < 0 ? .min : .max)
        default: nil
        }
    }
}
