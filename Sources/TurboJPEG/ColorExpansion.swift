/// Expands limited to full range: 16…235 becomes 0…255, and chroma's 16…240 likewise around 128 (ITU-R BT.601, 2.5.3).
///
/// In fixed point with ten bits: exact to the nearest number or one off. Values outside the range are clamped.
enum ColorExpansion {
    /// Luma: `(y - 16) * 255 / 219`; 168 / 1024 is the factor minus 1.
    @inline(__always)
    static func luma(_ samples: SIMD16<UInt16>) -> SIMD16<UInt8> {
        // Signed minimum and maximum are single instructions on all machines; unsigned ones of 16 bits are not.
        let signed = SIMD16<Int16>(truncatingIfNeeded: samples) &- 16
        let clamped = pointwiseMin(pointwiseMax(signed, SIMD16(repeating: 0)), SIMD16(repeating: 219))
        let steps = SIMD16<UInt16>(truncatingIfNeeded: clamped)
        return SIMD16<UInt8>(truncatingIfNeeded: steps &+ ((steps &* 168 &+ 512) &>> 10))
    }

    /// Chroma: `(c - 128) * 255 / 224 + 128`; 142 / 1024 is the factor minus 1.
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
