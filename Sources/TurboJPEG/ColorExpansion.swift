/// Expands samples of limited range to full range (ITU-R BT.601, 2.5.3).
///
/// Luma from 16 to 235 becomes 0 to 255. Chroma from 16 to 240, whose center is 128, is expanded around that center.
/// The computation uses fixed-point numbers with ten fractional bits, so a result may differ by one from the exact
/// value. Samples outside the limited range are clamped.
enum ColorExpansion {
    /// Expands luma to `(y - 16) * 255 / 219`.
    ///
    /// The factor 255 / 219 is approximated by 1 + 168 / 1024.
    @inline(__always)
    static func luma(_ samples: SIMD16<UInt16>) -> SIMD16<UInt8> {
        // On all machines, the minimum and the maximum of signed 16-bit numbers are single instructions. For
        // unsigned numbers, this is not true on all machines.
        let signed = SIMD16<Int16>(truncatingIfNeeded: samples) &- 16
        let clamped = pointwiseMin(pointwiseMax(signed, SIMD16(repeating: 0)), SIMD16(repeating: 219))
        let steps = SIMD16<UInt16>(truncatingIfNeeded: clamped)
        return SIMD16<UInt8>(truncatingIfNeeded: steps &+ ((steps &* 168 &+ 512) &>> 10))
    }

    /// Expands chroma to `(c - 128) * 255 / 224 + 128`.
    ///
    /// The factor 255 / 224 is approximated by 1 + 142 / 1024.
    @inline(__always)
    static func chroma(_ samples: SIMD16<UInt16>) -> SIMD16<UInt16> {
        let steps = SIMD16<Int16>(truncatingIfNeeded: samples) &- 128
        let expanded = steps &+ ((steps &* 142 &+ 512) &>> 10) &+ 128
        let clamped = pointwiseMin(pointwiseMax(expanded, SIMD16(repeating: 0)), SIMD16(repeating: 255))
        return SIMD16<UInt16>(truncatingIfNeeded: clamped)
    }

    static func luma(_ sample: UInt8) -> UInt8 {
        let steps = min(max(Int(sample) - 16, 0), 219)
        return UInt8(steps + (steps * 168 + 512) >> 10)
    }

    static func chroma(_ sample: UInt8) -> UInt8 {
        let steps = Int(sample) - 128
        return UInt8(min(255, max(0, steps + (steps * 142 + 512) >> 10 + 128)))
    }
}
