import Glibc

/// A generator of random numbers (SplitMix64) that returns the same numbers in every run.
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var bits = state
        bits = (bits ^ (bits >> 30)) &* 0xbf58_476d_1ce4_e5b9
        bits = (bits ^ (bits >> 27)) &* 0x94d0_49bb_1331_11eb
        return bits ^ (bits >> 31)
    }

    mutating func uniform(_ range: ClosedRange<Double> = 0...1) -> Double {
        range.lowerBound + (range.upperBound - range.lowerBound) * Double(next() >> 11) / 9_007_199_254_740_992
    }

    mutating func happens(_ probability: Double) -> Bool { uniform() < probability }

    /// Returns a normally distributed number, which is computed with the Box-Muller method.
    mutating func normal(_ mean: Double, _ deviation: Double) -> Double {
        let radius = (-2 * log(max(uniform(), 1e-300))).squareRoot()
        return mean + deviation * radius * cos(2 * .pi * uniform())
    }
}
