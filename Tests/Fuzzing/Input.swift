/// An input of the fuzzer, from which a target takes values one after the other.
///
/// If the input is too short for a value, the missing bytes count as zero.
struct Input {
    private(set) var rest: ArraySlice<UInt8>

    init(_ bytes: some Collection<UInt8>) { rest = Array(bytes)[...] }

    var isEmpty: Bool { rest.isEmpty }

    /// The rest of the input.
    var bytes: [UInt8] { Array(rest) }

    /// The rest of the input as text.
    var text: String { String(decoding: rest, as: UTF8.self) }

    mutating func byte() -> UInt8 { rest.popFirst() ?? 0 }

    mutating func integer<Value: FixedWidthInteger>(_ type: Value.Type = Value.self) -> Value {
        (0..<(Value.bitWidth / 8)).reduce(0) { value, _ in value << 8 | Value(truncatingIfNeeded: byte()) }
    }

    /// Takes two bytes and converts them to a number in `range`.
    mutating func number(in range: ClosedRange<Int>) -> Int {
        range.lowerBound + Int(integer(UInt16.self)) % range.count
    }

    mutating func take(_ count: Int) -> [UInt8] {
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }

    /// Takes the text before the next line feed, and skips the line feed.
    mutating func line() -> String {
        let line = rest.prefix { $0 != 0x0a }
        rest = rest.dropFirst(line.count + 1)
        return String(decoding: line, as: UTF8.self)
    }
}

/// Splits bytes into slices with pseudo-random lengths, which depend on `seed`.
struct Slices: Sequence, IteratorProtocol {
    private var rest: ArraySlice<UInt8>
    private var state: UInt64
    private let maximumLength: UInt64

    /// Creates slices of 1 to `maximumLength` bytes.
    init(_ bytes: [UInt8], seed: UInt8, maximumLength: Int) {
        rest = bytes[...]
        state = UInt64(seed) &* 0x9e37_79b9_7f4a_7c15 | 1
        self.maximumLength = UInt64(Swift.max(1, maximumLength))
    }

    mutating func next() -> ArraySlice<UInt8>? {
        guard !rest.isEmpty else { return nil }
        // xorshift64 (G. Marsaglia, 2003).
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        let slice = rest.prefix(Int(state % maximumLength) + 1)
        rest = rest.dropFirst(slice.count)
        return slice
    }
}
