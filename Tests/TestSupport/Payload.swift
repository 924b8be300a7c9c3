/// The content of a frame in tests: each 8-byte word identifies its frame and position, so that a mix of two frames is
/// detected.
public enum Payload {
    public static func fill(_ bytes: inout MutableRawSpan, number: UInt64) {
        unsafe bytes.withUnsafeMutableBytes { buffer in
            let words = unsafe buffer.bindMemory(to: UInt64.self)
            for index in 0..<words.count { unsafe words[index] = word(number, index) }
        }
    }

    /// Whether all of `bytes` belong to frame `number`.
    public static func isIntact(_ bytes: RawSpan, number: UInt64) -> Bool {
        unsafe bytes.withUnsafeBytes { buffer in
            let words = unsafe buffer.bindMemory(to: UInt64.self)
            var difference: UInt64 = 0
            for index in 0..<words.count { unsafe difference |= words[index] ^ word(number, index) }
            return difference == 0
        }
    }

    private static func word(_ number: UInt64, _ index: Int) -> UInt64 {
        number &* 0x9e37_79b9_7f4a_7c15 &+ UInt64(truncatingIfNeeded: index)
    }
}
