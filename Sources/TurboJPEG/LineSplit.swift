/// Splits lines of interleaved samples into separate planes.
///
/// Swift's vector types process sixteen pixels at a time.
///
/// A line is passed as a pointer to its first byte. The functions access no bytes beyond the `count` samples. Pairs of
/// samples are read as little-endian words, because all supported machines have this byte order.
@safe
enum LineSplit {
    typealias Source = UnsafeRawPointer
    typealias Target = UnsafeMutableRawPointer

    /// Extracts `count` samples of luma from a line of YUYV (`shift` is 0) or UYVY (`shift` is 8).
    ///
    /// Each 16-bit word of the line contains one sample of luma.
    static func luma(_ line: Source, shift: UInt16, range: ColorRange, count: Int, to target: Target) {
        let shifts = SIMD16(repeating: shift)
        var index = 0
        while index &+ 16 <= count {
            let words = unsafe line.loadUnaligned(fromByteOffset: index &* 2, as: SIMD16<UInt16>.self) &>> shifts
            let samples =
                range == .full ? SIMD16<UInt8>(truncatingIfNeeded: words) : ColorExpansion.luma(words & 0xFF)
            unsafe target.storeBytes(of: samples, toByteOffset: index, as: SIMD16<UInt8>.self)
            index &+= 16
        }
        while index < count {
            let sample = unsafe line.load(fromByteOffset: index &* 2 &+ Int(shift / 8), as: UInt8.self)
            unsafe target.storeBytes(
                of: range == .full ? sample : ColorExpansion.luma(sample), toByteOffset: index, as: UInt8.self)
            index &+= 1
        }
    }

    /// Extracts the mean chroma of two lines of YUYV (`shift` is 8) or UYVY (`shift` is 0) into two planes.
    ///
    /// - Parameters:
    ///   - first: A line.
    ///   - second: The line below `first`; or `first` again, to extract the chroma of that line alone.
    ///   - shift: The position of the chroma sample in each 16-bit word, in bits from the low end.
    ///   - range: The range of the samples.
    ///   - count: The number of samples of Cb, and of Cr.
    ///   - blue: The destination of Cb.
    ///   - red: The destination of Cr.
    static func packedChroma(
        _ first: Source, _ second: Source, shift: UInt16, range: ColorRange, count: Int, blue: Target, red: Target
    ) {
        let shifts = SIMD16(repeating: shift)
        let bytes = SIMD16<UInt16>(repeating: 0xFF)
        var index = 0
        while index &+ 8 <= count {
            let upper = unsafe first.loadUnaligned(fromByteOffset: index &* 4, as: SIMD16<UInt16>.self)
            let lower = unsafe second.loadUnaligned(fromByteOffset: index &* 4, as: SIMD16<UInt16>.self)
            let sum = ((upper &>> shifts) & bytes) &+ ((lower &>> shifts) & bytes)
            unsafe store((sum &+ 1) &>> 1, range: range, at: index, blue: blue, red: red)
            index &+= 8
        }
        let offset = Int(shift / 8)
        while index < count {
            let at = index &* 4 &+ offset
            unsafe store(
                mean(first, second, at), mean(first, second, at &+ 2), range: range, at: index, blue: blue, red: red)
            index &+= 1
        }
    }

    /// Splits a chroma line of NV12, in which Cb and Cr alternate, into two planes of `count` samples each.
    static func pairedChroma(_ line: Source, range: ColorRange, count: Int, blue: Target, red: Target) {
        var index = 0
        while index &+ 8 <= count {
            let pairs = unsafe line.loadUnaligned(fromByteOffset: index &* 2, as: SIMD16<UInt8>.self)
            let samples = SIMD16<UInt16>(truncatingIfNeeded: pairs)
            unsafe store(samples, range: range, at: index, blue: blue, red: red)
            index &+= 8
        }
        while index < count {
            let cb = unsafe line.load(fromByteOffset: index &* 2, as: UInt8.self)
            let cr = unsafe line.load(fromByteOffset: index &* 2 &+ 1, as: UInt8.self)
            unsafe store(cb, cr, range: range, at: index, blue: blue, red: red)
            index &+= 1
        }
    }

    /// Copies a line of one plane, and expands it to full range if necessary.
    static func plane(_ line: Source, isLuma: Bool, range: ColorRange, count: Int, to target: Target) {
        guard range == .limited else {
            unsafe target.copyMemory(from: line, byteCount: count)
            return
        }
        var index = 0
        while index &+ 16 <= count {
            let bytes = unsafe line.loadUnaligned(fromByteOffset: index, as: SIMD16<UInt8>.self)
            let words = SIMD16<UInt16>(truncatingIfNeeded: bytes)
            let samples =
                isLuma
                ? ColorExpansion.luma(words) : SIMD16<UInt8>(truncatingIfNeeded: ColorExpansion.chroma(words))
            unsafe target.storeBytes(of: samples, toByteOffset: index, as: SIMD16<UInt8>.self)
            index &+= 16
        }
        while index < count {
            let sample = unsafe line.load(fromByteOffset: index, as: UInt8.self)
            unsafe target.storeBytes(
                of: isLuma ? ColorExpansion.luma(sample) : ColorExpansion.chroma(sample), toByteOffset: index,
                as: UInt8.self)
            index &+= 1
        }
    }

    private static func mean(_ first: Source, _ second: Source, _ offset: Int) -> UInt8 {
        let sum =
            UInt16(unsafe first.load(fromByteOffset: offset, as: UInt8.self))
            + UInt16(unsafe second.load(fromByteOffset: offset, as: UInt8.self))
        return UInt8(truncatingIfNeeded: (sum + 1) / 2)
    }

    /// Stores eight pairs of samples.
    ///
    /// The even words contain Cb, and the odd words contain Cr.
    @inline(__always)
    private static func store(_ words: SIMD16<UInt16>, range: ColorRange, at index: Int, blue: Target, red: Target) {
        let samples = range == .full ? words : ColorExpansion.chroma(words)
        let pairs = unsafe unsafeBitCast(samples, to: SIMD8<UInt32>.self)
        unsafe blue.storeBytes(
            of: SIMD8<UInt8>(truncatingIfNeeded: pairs), toByteOffset: index, as: SIMD8<UInt8>.self)
        unsafe red.storeBytes(
            of: SIMD8<UInt8>(truncatingIfNeeded: pairs &>> 16), toByteOffset: index, as: SIMD8<UInt8>.self)
    }

    private static func store(
        _ cb: UInt8, _ cr: UInt8, range: ColorRange, at index: Int, blue: Target, red: Target
    ) {
        let isFull = range == .full
        unsafe blue.storeBytes(of: isFull ? cb : ColorExpansion.chroma(cb), toByteOffset: index, as: UInt8.self)
        unsafe red.storeBytes(of: isFull ? cr : ColorExpansion.chroma(cr), toByteOffset: index, as: UInt8.self)
    }
}
