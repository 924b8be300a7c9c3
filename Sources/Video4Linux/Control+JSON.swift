public import JSON

extension Control {
    /// Whether the control has a value that can be set and saved.
    public var isSetting: Bool { !isReadOnly && kind != .button && kind != .other }

    /// Converts a JSON value such as `140`, `true` or `"50 Hz"` to a value of this control.
    ///
    /// A whole number may be written in any way, such as `1e2`. A number outside the control's range is clamped to the
    /// range, as in the kernel (V4L2 API, VIDIOC_S_CTRL). If the value is invalid, throws `invalidControl` with a
    /// sentence that says what is valid.
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
        case (.other, _, _): throw CameraError(.invalidControl, "the control '\(name)' accepts \(validValues)")
        default: throw CameraError(.invalidControl, "the control '\(name)' accepts \(validValues), not \(json.text)")
        }
    }

    /// A description of the valid values, which completes a sentence that begins with "the control accepts".
    var validValues: String {
        switch kind {
        case .integer, .integer64: "a whole number from \(minimum) to \(maximum)"
        case .boolean: "true or false"
        case .menu, .integerMenu: "the number or the text of a choice"
        case .bitmask: "a whole number whose bits are all set in \(maximum)"
        case .button: "true"
        case .other: "no value here"
        }
    }
}

extension JSON {
    /// The value as a whole number, clamped to 64 bits; nil if it is not a whole number.
    ///
    /// `100` and `1e2` are the same whole number.
    public var wholeNumber: Int64? {
        switch self {
        case .integer(let number): number
        case .number(let number) where number == number.rounded():
            Int64(exactly: number) ?? (number < 0 ? .min : .max)
        default: nil
        }
    }
}
