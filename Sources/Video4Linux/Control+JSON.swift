public import JSON

extension Control {
    /// Whether it holds a number that can be set and kept.
    public var isSetting: Bool { !isReadOnly && kind != .button && kind != .other }

    /// The value that a wish in JSON means, such as `140`, `true` or `"50 Hz"`.
    ///
    /// A number beyond the range means the range's end, as the kernel takes it (V4L2 API, VIDIOC_S_CTRL). Throws
    /// `invalidControl` with a sentence that says what would be right.
    public func value(of wish: JSON) throws(CameraError) -> Int64 {
        switch (kind, wish) {
        case (.integer, .integer(let number)), (.integer64, .integer(let number)):
            guard minimum <= maximum else { return number }
            return min(max(number, minimum), maximum)
        case (.boolean, .bool(let isOn)): return isOn ? 1 : 0
        case (.boolean, .integer(let number)) where number == 0 || number == 1: return number
        case (.menu, .integer), (.integerMenu, .integer): return try value(of: wish.text)
        case (.menu, .text(let words)), (.integerMenu, .text(let words)): return try value(of: words)
        case (.bitmask, .integer(let number)) where number >= 0: return number & maximum
        case (.button, .bool(true)): return 1
        default: throw CameraError(.invalidControl, "control \(name) takes \(taken), not \(wish.text)")
        }
    }

    /// What it can be set to, in words.
    private var taken: String {
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
