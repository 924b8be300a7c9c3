/// A deterministic random number generator (Marsaglia's xorshift).
struct Xorshift: RandomNumberGenerator {
    private var state: UInt64

    init(seed: Int) { state = UInt64(truncatingIfNeeded: seed) &* 0x9E37_79B9_7F4A_7C15 | 1 }

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}

/// A picture with valid JPEG markers and meaningless data.
struct SampleJPEG {
    var width = 640
    var height = 480
    var frameHeader: UInt8 = 0xC0
    var hasHuffmanTables = true
    /// Segments to insert after the start marker.
    var segments: [UInt8] = []
    /// Bytes to insert directly before the frame header.
    var fill: [UInt8] = []
    var dataByteCount = 200
    var seed = 1
    /// Bytes to insert in the middle of the data.
    var insertion: [UInt8] = []
    var end: [UInt8] = [0xFF, 0xD9]

    static func segment(_ marker: UInt8, _ body: [UInt8]) -> [UInt8] {
        [0xFF, marker, UInt8((body.count + 2) >> 8), UInt8((body.count + 2) & 0xFF)] + body
    }

    var frameHeaderSegment: [UInt8] {
        let size = [UInt8(height >> 8), UInt8(height & 0xFF), UInt8(width >> 8), UInt8(width & 0xFF)]
        return Self.segment(frameHeader, [8] + size + [3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1])
    }

    var head: [UInt8] {
        [0xFF, 0xD8] + segments + Self.segment(0xDB, [0] + [UInt8](repeating: 16, count: 64)) + fill
            + frameHeaderSegment
            + (hasHuffmanTables ? Self.segment(0xC4, [0x00] + [UInt8](repeating: 0, count: 16)) : [])
            + Self.segment(0xDA, [3, 1, 0, 2, 0x11, 3, 0x11, 0, 63, 0])
    }

    /// Random bytes in the form of entropy-coded data.
    ///
    /// A zero follows each byte 0xFF, unless the byte is the beginning of a restart marker.
    var data: [UInt8] {
        var random = Xorshift(seed: seed)
        var data: [UInt8] = []
        while data.count < dataByteCount {
            let byte = UInt8.random(in: 0...255, using: &random)
            data.append(byte)
            if byte == 0xFF {
                data.append(Bool.random(using: &random) ? 0 : 0xD0 + UInt8.random(in: 0...7, using: &random))
            }
        }
        data.insert(contentsOf: insertion, at: insertion.isEmpty ? 0 : safeMiddle(of: data))
        return data
    }

    private func safeMiddle(of data: [UInt8]) -> Int {
        let middle = data.count / 2
        return data[middle - 1] == 0xFF ? middle + 1 : middle
    }

    var bytes: [UInt8] { head + data + end }
}
