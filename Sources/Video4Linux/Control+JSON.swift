public import JSON

extension Control {
    /// Whether it holds a number that can be set and kept.
    public var isSetting: Bool { !isReadOnly && kind != .button && kind != .other }

    /// The value that a wish in JSON means, such as `140`, `true` or `"50 Hz"`.
    ///
    /// A whole number may be written in any way, such as `1e2`. One beyond the range means the range's end, as the kernel
    /// takes it (V4L2 API, VIDIOC_S_CTRL). Throws `invalidControl` with a sentence that says what would be right.
    public func value(of wish: JSON) throws(CameraError) -> Int64 {
        switch (kind, wish, wish.wholeNumber) {
        case (.integer, _, let number?), (.integer64, _, let number?):
            guard minimum <= maximum else { return number }
            return min(max(number, minimum), maximum)
        case (.boolean, .bool(let isOn), _): return isOn ? 1 : 0
        case (.boolean, _, let number?) where number == 0 || number == 1: return number
        case (.menu, _, let number?), (.integerMenu, _, let number?): return try value(of: "\(number)")
        case (.menu, .text(let words), _), (.integerMenu, .text(let words), _): return try value(of: words)
        case (.bitmask, _, let number?) where number >= 0: return number & maximum
        case (.button, .bool(true), _): return 1
        default: throw CameraError(.invalidControl, "the control '\(name)' takes \(taken), not \(wish.text)")
        }
    }

    /// What it can be set to, in words.
    var taken: String {
        switch kind {
        case .integer, .integer64: "a whole number from \(minimum) to \(maximum)"
        case .boolean: "true or false"
        case .menu, .integerMenu: "the number or the words of a choice"
        case .bitmask: "a whole number of bits within \(maximum)"
        case .button: "true"
        case .other: "nothing that could be set here"
        }
    }
}

extension JSON {
    /// The whole number that it is, however it is written; beyond 64 bits the nearest that has no more.
    public var wholeNumber: Int64? {
        switch self {
        case .integer(let number): number
        case .number(let number) where number == number.rounded():
            Int64(exactly: number) ?? (number < 0 ? .min : .max)
        default: nil
        }
    }
}
