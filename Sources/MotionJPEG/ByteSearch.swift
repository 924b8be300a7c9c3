/// Searches for bytes and for pairs of adjacent bytes.
///
/// The search for pairs tests blocks of 64 bytes. The predicates return 0 or 1 without branching, so that the compiler
/// can vectorize the loop over a block.
extension Span where Element == UInt8 {
    /// Returns the first index at or after `start` where `matches` returns 1 for the byte there and the next byte.
    @inline(__always)
    private func firstPair(from start: Int, where matches: (UInt8, UInt8) -> UInt8) -> Int? {
        var index = start
        while index &+ 65 <= count {
            let block = extracting(index..<(index &+ 65))
            var hits: UInt8 = 0
            for offset in 0..<64 { hits |= matches(block[offset], block[offset &+ 1]) }
            if hits != 0 { break }
            index &+= 64
        }
        while index &+ 1 < count {
            if matches(self[index], self[index &+ 1]) != 0 { return index }
            index &+= 1
        }
        return nil
    }

    /// Returns the first index at or after `start` where `first` is directly followed by `second`.
    func firstIndex(ofPair first: UInt8, _ second: UInt8, from start: Int) -> Int? {
        firstPair(from: start) { byte, next in (byte == first ? 1 : 0) & (next == second ? 1 : 0) }
    }

    /// Returns the index of the first marker at or after `start` that can end or interrupt entropy-coded data.
    ///
    /// Stuffed zeros, restart markers and fill bytes are skipped, since they are part of the data (ITU-T T.81, B.1.1.2
    /// and B.1.1.5).
    func firstIndexOfMarkerInScan(from start: Int) -> Int? {
        firstPair(from: start) { byte, next in
            (byte == 0xFF ? 1 : 0) & (next > 0xBF ? 1 : 0) & (next & 0xF8 != 0xD0 ? 1 : 0) & (next != 0xFF ? 1 : 0)
        }
    }

    /// Returns the first index of `byte` at or after `start`.
    func firstIndex(of byte: UInt8, from start: Int) -> Int? {
        var index = start
        while index < count {
            if self[index] == byte { return index }
            index &+= 1
        }
        return nil
    }

    /// Returns the big-endian 16-bit number at `index`, which must not be the last byte.
    func bigEndian16(at index: Int) -> Int {
        Int(self[index]) << 8 | Int(self[index + 1])
    }
}

extension MutableRawSpan {
    /// Copies `bytes` to `offset`; the span must have room for them.
    mutating func copy(_ bytes: Span<UInt8>, to offset: Int) {
        precondition(offset >= 0 && bytes.count <= byteCount - offset)
        for index in 0..<bytes.count {
            storeBytes(of: bytes[index], toByteOffset: offset &+ index, as: UInt8.self)
        }
    }
}
