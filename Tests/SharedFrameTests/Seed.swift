import Glibc

/// Whether ORIEL_TEST_FULL requests the long variants of the tests.
let isFull = unsafe getenv("ORIEL_TEST_FULL") != nil

/// The seed of a test's random numbers.
///
/// Each run uses a new seed, which is printed if the test fails. To repeat a run, set `ORIEL_TEST_SEED` to its seed.
struct Seed: CustomStringConvertible {
    private let value: UInt64

    init() {
        let given = unsafe getenv("ORIEL_TEST_SEED").flatMap { unsafe UInt64(String(cString: $0)) }
        value = given ?? UInt64.random(in: 1...UInt64(UInt32.max))
    }

    var description: String { "ORIEL_TEST_SEED=\(value)" }

    var generator: SeededGenerator { SeededGenerator(state: value | 1) }
}

/// The random number generator xorshift64*, by Marsaglia (2003) and Vigna (2016).
struct SeededGenerator: RandomNumberGenerator {
    fileprivate var state: UInt64

    mutating func next() -> UInt64 {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return state &* 0x2545_f491_4f6c_dd1d
    }
}
