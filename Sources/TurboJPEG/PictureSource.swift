import CTurboJPEG

/// An uncompressed picture, which is split into the planes that libturbojpeg needs.
///
/// The sizes of the planes are rounded up to whole chroma samples. If the width or height is odd, the last column or
/// line is repeated.
struct PictureSource {
    let layout: PixelLayout
    let width: Int
    let height: Int
    let bytesPerLine: Int
    let range: ColorRange

    /// The conversion to the encoding of JPEGs; nil if the samples already have that encoding.
    var conversion: ColorConversion?

    /// Whether a picture with a 4:2:2 layout is encoded as 4:2:2, which keeps the chroma of all lines.
    var keepsAllLines = false

    /// The subsampling of the JPEG.
    var subsamplingCode: CInt {
        let code =
            switch layout {
            case .grey: TJSAMP_GRAY
            case .yuyv, .uyvy: keepsAllLines ? TJSAMP_422 : TJSAMP_420
            case .nv12, .i420, .rgb24, .bgr24: TJSAMP_420
            }
        return CInt(truncatingIfNeeded: code.rawValue)
    }

    private var chromaWidth: Int { (width + 1) / 2 }
    private var chromaHeight: Int { (height + 1) / 2 }
    private var isEven: Bool { width.isMultiple(of: 2) && height.isMultiple(of: 2) }

    /// Returns the planes of the picture.
    ///
    /// The planes refer to `pixels` if possible, and otherwise to copies in `buffer`.
    @unsafe
    func split(_ pixels: UnsafeRawPointer, into buffer: inout PlaneBuffer) -> Planes {
        let planes = unsafe unpack(pixels, into: &buffer)
        // If there is a conversion, all planes are copies in `buffer`, whose sizes are rounded up to whole chroma
        // samples.
        guard let conversion, let blue = unsafe planes.blueDifference, let red = unsafe planes.redDifference else {
            return planes
        }
        let lumaLines = keepsAllLines && (layout == .yuyv || layout == .uyvy) ? 1 : 2
        for line in 0..<(lumaLines == 1 ? height : chromaHeight) {
            unsafe conversion.convert(
                blue: UnsafeMutablePointer(mutating: blue + line * planes.chromaStride),
                red: UnsafeMutablePointer(mutating: red + line * planes.chromaStride), count: chromaWidth,
                luma: UnsafeMutablePointer(mutating: planes.luma + line * lumaLines * planes.lumaStride),
                lumaLines: lumaLines, lumaStride: planes.lumaStride)
        }
        return planes
    }

    private func unpack(_ pixels: UnsafeRawPointer, into buffer: inout PlaneBuffer) -> Planes {
        switch layout {
        case .yuyv: return unsafe splitPacked(pixels, lumaShift: 0, chromaShift: 8, into: &buffer)
        case .uyvy: return unsafe splitPacked(pixels, lumaShift: 8, chromaShift: 0, into: &buffer)
        case .nv12: return unsafe splitPaired(pixels, into: &buffer)
        case .i420, .grey, .rgb24, .bgr24: return unsafe fit(planes(pixels), into: &buffer)
        }
    }

    /// Returns the planes of a picture with the layout I420 or GREY, as pointers into `pixels`.
    private func planes(_ pixels: UnsafeRawPointer) -> Planes {
        let luma = unsafe pixels.assumingMemoryBound(to: UInt8.self)
        let blue = unsafe luma + bytesPerLine * height
        let chromaStride = layout.chromaBytesPerLine(bytesPerLine)
        let red = unsafe blue + chromaStride * chromaHeight
        let hasChroma = layout == .i420
        return unsafe Planes(
            luma: luma, blueDifference: hasChroma ? blue : nil, redDifference: hasChroma ? red : nil,
            lumaStride: bytesPerLine, chromaStride: chromaStride)
    }

    /// Returns planes of full range whose sizes are rounded up to whole chroma samples.
    ///
    /// These are the given planes if they are suitable, and otherwise copies in `buffer`.
    @unsafe
    func fit(_ given: Planes, into buffer: inout PlaneBuffer) -> Planes {
        let isGrey = unsafe given.blueDifference == nil
        if range == .full, isGrey || isEven && conversion == nil { return given }
        let target = Target(self, linesOfChroma: chromaHeight, in: &buffer)
        for line in 0..<height {
            unsafe LineSplit.plane(
                given.luma + line * given.lumaStride, isLuma: true, range: range, count: width, to: target.luma(line))
        }
        target.repeatLumaEdges(self)
        guard let blue = unsafe given.blueDifference, let red = unsafe given.redDifference else {
            return target.greyPlanes
        }
        for line in 0..<chromaHeight {
            let offset = line * given.chromaStride
            unsafe LineSplit.plane(
                blue + offset, isLuma: false, range: range, count: chromaWidth, to: target.blue(line))
            unsafe LineSplit.plane(
                red + offset, isLuma: false, range: range, count: chromaWidth, to: target.red(line))
        }
        return target.planes
    }

    private func splitPacked(
        _ pixels: UnsafeRawPointer, lumaShift: UInt16, chromaShift: UInt16, into buffer: inout PlaneBuffer
    ) -> Planes {
        let linesOfChroma = keepsAllLines ? height : chromaHeight
        let target = Target(self, linesOfChroma: linesOfChroma, in: &buffer)
        for line in 0..<height {
            unsafe LineSplit.luma(
                pixels + line * bytesPerLine, shift: lumaShift, range: range, count: width, to: target.luma(line))
        }
        target.repeatLumaEdges(self)
        for line in 0..<linesOfChroma {
            let first = keepsAllLines ? line : line * 2
            let second = keepsAllLines ? line : min(line * 2 + 1, height - 1)
            unsafe LineSplit.packedChroma(
                pixels + first * bytesPerLine, pixels + second * bytesPerLine, shift: chromaShift, range: range,
                count: chromaWidth, blue: target.blue(line), red: target.red(line))
        }
        return target.planes
    }

    private func splitPaired(_ pixels: UnsafeRawPointer, into buffer: inout PlaneBuffer) -> Planes {
        let target = Target(self, linesOfChroma: chromaHeight, in: &buffer)
        let isLumaKept = range == .full && isEven && conversion == nil
        for line in 0..<(isLumaKept ? 0 : height) {
            unsafe LineSplit.plane(
                pixels + line * bytesPerLine, isLuma: true, range: range, count: width, to: target.luma(line))
        }
        let chroma = unsafe pixels + height * bytesPerLine
        let chromaStride = layout.chromaBytesPerLine(bytesPerLine)
        for line in 0..<chromaHeight {
            unsafe LineSplit.pairedChroma(
                chroma + line * chromaStride, range: range, count: chromaWidth, blue: target.blue(line),
                red: target.red(line))
        }
        var planes = target.planes
        if isLumaKept {
            unsafe planes.luma = pixels.assumingMemoryBound(to: UInt8.self)
            planes.lumaStride = bytesPerLine
        } else {
            target.repeatLumaEdges(self)
        }
        return planes
    }
}

/// Planes in a `PlaneBuffer`, which are written line by line.
@safe
private struct Target {
    let lumaStride: Int
    let chromaStride: Int
    let lumaBase: UnsafeMutablePointer<UInt8>
    let blueBase: UnsafeMutablePointer<UInt8>
    let redBase: UnsafeMutablePointer<UInt8>

    init(_ source: PictureSource, linesOfChroma: Int, in buffer: inout PlaneBuffer) {
        chromaStride = (source.width + 1) / 2
        lumaStride = chromaStride * 2
        let lumaByteCount = lumaStride * ((source.height + 1) / 2 * 2)
        let chromaByteCount = chromaStride * linesOfChroma
        let base = unsafe buffer.reserve(lumaByteCount + 2 * chromaByteCount)
        unsafe lumaBase = base
        unsafe blueBase = base + lumaByteCount
        unsafe redBase = base + lumaByteCount + chromaByteCount
    }

    func luma(_ line: Int) -> UnsafeMutableRawPointer { unsafe UnsafeMutableRawPointer(lumaBase + line * lumaStride) }
    func blue(_ line: Int) -> UnsafeMutableRawPointer { unsafe UnsafeMutableRawPointer(blueBase + line * chromaStride) }
    func red(_ line: Int) -> UnsafeMutableRawPointer { unsafe UnsafeMutableRawPointer(redBase + line * chromaStride) }

    var planes: Planes {
        unsafe Planes(
            luma: UnsafePointer(lumaBase), blueDifference: UnsafePointer(blueBase),
            redDifference: UnsafePointer(redBase), lumaStride: lumaStride, chromaStride: chromaStride)
    }

    var greyPlanes: Planes {
        unsafe Planes(
            luma: UnsafePointer(lumaBase), blueDifference: nil, redDifference: nil, lumaStride: lumaStride,
            chromaStride: 0)
    }

    /// If the width or height is odd, fills the extra column or line of luma by repeating the last one.
    func repeatLumaEdges(_ source: PictureSource) {
        if !source.width.isMultiple(of: 2) {
            for line in 0..<source.height {
                unsafe lumaBase[line * lumaStride + source.width] = lumaBase[line * lumaStride + source.width - 1]
            }
        }
        if !source.height.isMultiple(of: 2) {
            unsafe luma(source.height).copyMemory(from: luma(source.height - 1), byteCount: lumaStride)
        }
    }
}
