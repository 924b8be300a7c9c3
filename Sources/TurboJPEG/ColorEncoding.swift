/// How the Y'CbCr samples of a picture were computed from red, green and blue.
public enum ColorEncoding: Sendable, CaseIterable {
    /// ITU-R BT.601, section 2.5.1. JPEGs have this encoding (JFIF, ITU-T T.871, section 7).
    case bt601
    /// ITU-R BT.709, section 3.2.
    case bt709
    /// ITU-R BT.2020, table 4, with non-constant luminance.
    case bt2020

    /// The weights of red and blue in luma.
    ///
    /// The weight of green follows from them, because all three add up to 1.
    var weights: (red: Double, blue: Double) {
        switch self {
        case .bt601: (0.299, 0.114)
        case .bt709: (0.2126, 0.0722)
        case .bt2020: (0.2627, 0.0593)
        }
    }
}

/// Converts full-range samples from another encoding to the encoding of JPEGs.
///
/// The computation uses fixed-point numbers with nine fractional bits, so a result may differ by one from the exact
/// value. Results are clamped to 0…255.
@safe
struct ColorConversion {
    /// How much luma changes for each step of Cb and for each step of Cr, multiplied by 512.
    private let luma: (blue: Int16, red: Int16)
    /// How much Cb changes for each step of Cb and for each step of Cr, multiplied by 512.
    private let blue: (blue: Int16, red: Int16)
    /// How much Cr changes for each step of Cb and for each step of Cr, multiplied by 512.
    private let red: (blue: Int16, red: Int16)

    /// Returns nil if `encoding` is already the encoding of JPEGs.
    init?(from encoding: ColorEncoding) {
        guard encoding != .bt601 else { return nil }
        let (from, to) = (encoding.weights, ColorEncoding.bt601.weights)
        let (green, newGreen) = (1 - from.red - from.blue, 1 - to.red - to.blue)
        // The difference between blue and luma is `blueStep` times Cb. The difference between red and luma is `redStep`
        // times Cr. Green follows from luma, blue and red.
        let (blueStep, redStep) = (2 * (1 - from.blue), 2 * (1 - from.red))
        let lumaOfBlue = blueStep * (to.blue - newGreen * from.blue / green)
        let lumaOfRed = redStep * (to.red - newGreen * from.red / green)
        let (newBlueStep, newRedStep) = (2 * (1 - to.blue), 2 * (1 - to.red))
        func fixed(_ value: Double) -> Int16 { Int16((value * 512).rounded()) }
        luma = (fixed(lumaOfBlue), fixed(lumaOfRed))
        blue = (fixed((blueStep - lumaOfBlue) / newBlueStep - 1), fixed(-lumaOfRed / newBlueStep))
        red = (fixed(-lumaOfBlue / newRedStep), fixed((redStep - lumaOfRed) / newRedStep - 1))
    }

    /// Converts, in place, `count` samples of Cb, as many samples of Cr, and the lines of luma to which they belong.
    ///
    /// There are `lumaLines` lines of luma, each of which has 2 x `count` samples.
    func convert(
        blue blueLine: UnsafeMutablePointer<UInt8>, red redLine: UnsafeMutablePointer<UInt8>, count: Int,
        luma lumaLine: UnsafeMutablePointer<UInt8>, lumaLines: Int, lumaStride: Int
    ) {
        var index = 0
        while index &+ 16 <= count {
            let from = unsafe (UnsafeMutableRawPointer(blueLine + index), UnsafeMutableRawPointer(redLine + index))
            let cb = unsafe Self.steps(from.0.loadUnaligned(as: SIMD16<UInt8>.self))
            let cr = unsafe Self.steps(from.1.loadUnaligned(as: SIMD16<UInt8>.self))
            unsafe from.0.storeBytes(
                of: Self.samples(cb &+ Self.sum(cb, cr, blue) &+ 128), as: SIMD16<UInt8>.self)
            unsafe from.1.storeBytes(of: Self.samples(cr &+ Self.sum(cb, cr, red) &+ 128), as: SIMD16<UInt8>.self)
            let more = Self.sum(cb, cr, luma)
            for line in 0..<lumaLines {
                let target = unsafe UnsafeMutableRawPointer(lumaLine + line * lumaStride + index * 2)
                var both = unsafe SIMD32<Int16>(truncatingIfNeeded: target.loadUnaligned(as: SIMD32<UInt8>.self))
                both.evenHalf &+= more
                both.oddHalf &+= more
                let clamped = pointwiseMin(pointwiseMax(both, .zero), SIMD32(repeating: 255))
                unsafe target.storeBytes(of: SIMD32<UInt8>(truncatingIfNeeded: clamped), as: SIMD32<UInt8>.self)
            }
            index &+= 16
        }
        while index < count {
            let (cb, cr) = unsafe (Int(blueLine[index]) - 128, Int(redLine[index]) - 128)
            func sum(_ factors: (blue: Int16, red: Int16)) -> Int {
                (cb * Int(factors.blue) + cr * Int(factors.red) + 256) >> 9
            }
            unsafe blueLine[index] = UInt8(clamping: cb + sum(blue) + 128)
            unsafe redLine[index] = UInt8(clamping: cr + sum(red) + 128)
            for line in 0..<lumaLines {
                for at in [line * lumaStride + index * 2, line * lumaStride + index * 2 + 1] {
                    unsafe lumaLine[at] = UInt8(clamping: Int(lumaLine[at]) + sum(luma))
                }
            }
            index &+= 1
        }
    }

    @inline(__always)
    private static func steps(_ samples: SIMD16<UInt8>) -> SIMD16<Int16> {
        SIMD16<Int16>(truncatingIfNeeded: samples) &- 128
    }

    @inline(__always)
    private static func sum(
        _ cb: SIMD16<Int16>, _ cr: SIMD16<Int16>, _ factors: (blue: Int16, red: Int16)
    ) -> SIMD16<Int16> {
        // This cannot overflow 16 bits, because a step is at most 128, and the sum of the two factors is below 250.
        (cb &* factors.blue &+ cr &* factors.red &+ 256) &>> 9
    }

    @inline(__always)
    private static func samples(_ values: SIMD16<Int16>) -> SIMD16<UInt8> {
        SIMD16<UInt8>(
            truncatingIfNeeded: pointwiseMin(pointwiseMax(values, .zero), SIMD16(repeating: 255)))
    }
}
