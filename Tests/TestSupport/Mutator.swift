import Linux

/// Changes bytes at random.
///
/// It prints its seed, so that a failure can be reproduced.
public struct Mutator {
    private var state: UInt64

    /// Uses the seed in `ORIEL_TEST_SEED`, or a random one, and prints the seed.
    public init(_ name: String) {
        let seed = Environment.value("ORIEL_TEST_SEED").flatMap { UInt64($0) } ?? .random(in: 0...(1 << 32))
        print("  \(name): ORIEL_TEST_SEED=\(seed)")
        state = seed
    }

    /// Returns a number below `limit`, which must not be 0.
    ///
    /// The numbers come from a linear congruential generator with the multiplier and the increment of PCG.
    public mutating func number(below limit: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(state >> 33) % limit
    }

    /// Returns a copy of `bytes` in which some bytes are changed, removed or duplicated, or the end is cut off.
    public mutating func mutate(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for _ in 0...number(below: 5) where !bytes.isEmpty {
            let place = number(below: bytes.count)
            let length = min(number(below: 40), bytes.count - place)
            switch number(below: 8) {
            case 0: bytes.removeSubrange(place..<(place + length))
            case 1: bytes.insert(contentsOf: bytes[place..<(place + length)], at: number(below: bytes.count))
            case 2 where number(below: 3) == 0: bytes.removeLast(bytes.count - place)
            case 3: bytes[place] = [0, 0xff, 0xd8, 0xd9, 0xda, 0x0d, 0x0a, 0x2d][number(below: 8)]
            default: bytes[place] = UInt8(number(below: 256))
            }
        }
        return bytes
    }
}
