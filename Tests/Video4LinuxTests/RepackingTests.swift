import Testing

@testable import Video4Linux

/// Computes each sample of a test picture from the pixel's position.
private struct Samples {
    func y(_ x: Int, _ y: Int) -> UInt8 { UInt8(truncatingIfNeeded: 16 + x * 7 + y * 13) }
    func u(_ x: Int, _ y: Int) -> UInt8 { UInt8(truncatingIfNeeded: 31 + x * 5 + y * 11) }
    func v(_ x: Int, _ y: Int) -> UInt8 { UInt8(truncatingIfNeeded: 201 + x * 3 + y * 17) }
    func red(_ x: Int, _ y: Int) -> UInt8 { self.y(x, y) }
    func green(_ x: Int, _ y: Int) -> UInt8 { u(x, y) }
    func blue(_ x: Int, _ y: Int) -> UInt8 { v(x, y) }
    func level(_ x: Int, _ y: Int, bits: Int) -> Int { (x * 1_777 + y * 3_331) & ((1 << bits) - 1) }
}

/// Writes the test picture in one pixel format, as a driver does.
///
/// The layout of the bytes follows the tables of formats in the documentation of V4L2.
private struct Driver {
    let code: String
    let width: Int
    let height: Int
    let padding: Int
    private let samples = Samples()

    /// The layout of the chroma planes, or nil if the format has none.
    ///
    /// `across` and `down` are the numbers of pixels in a row and in a column that share a sample. `isRedFirst` says
    /// whether Cr precedes Cb. `isPaired` says whether Cb and Cr alternate in one plane.
    private var chroma: (across: Int, down: Int, isRedFirst: Bool, isPaired: Bool)? {
        switch code {
        case "NV16": (2, 1, false, true)
        case "NV61": (2, 1, true, true)
        case "NV24": (1, 1, false, true)
        case "NV42": (1, 1, true, true)
        case "NV21": (2, 2, true, true)
        case "422P": (2, 1, false, false)
        case "YV12": (2, 2, true, false)
        case "411P": (4, 1, false, false)
        case "YUV9": (4, 4, false, false)
        case "YVU9": (4, 4, true, false)
        default: nil
        }
    }

    private var bits: (red: Int, green: Int, blue: Int) { code == "RGBP" || code == "RGBR" ? (5, 6, 5) : (5, 5, 5) }

    private var greyBits: Int {
        switch code {
        case "Y16", "Y16-BE": 16
        case "Y14": 14
        case "Y12", "Y12P": 12
        case "Y10", "Y10B", "Y10P": 10
        case "Y06": 6
        default: 4
        }
    }

    /// Returns the picture and the number of bytes per line of its first plane.
    func picture() -> (bytes: [UInt8], bytesPerLine: Int) {
        if let chroma { return planes(chroma) }
        switch code {
        case "YVYU", "VYUY":
            return lines { line in
                (0..<(width + 1) / 2).flatMap { pair in
                    var column = pair * 2
                    return code.map { letter -> UInt8 in
                        switch letter {
                        case "Y":
                            defer { column += 1 }
                            return samples.y(min(column, width - 1), line)
                        case "U": return samples.u(pair * 2, line)
                        default: return samples.v(pair * 2, line)
                        }
                    }
                }
            }
        case "M420": return interleaved()
        case "P010": return words()
        case "RGBP", "RGBR", "RGBO", "AR15", "XR15", "RGBQ":
            let isBigEndian = code == "RGBR" || code == "RGBQ"
            return lines { line in
                (0..<width).flatMap { column -> [UInt8] in
                    let red = (Int(samples.red(column, line)) >> (8 - bits.red)) << (bits.green + bits.blue)
                    let green = (Int(samples.green(column, line)) >> (8 - bits.green)) << bits.blue
                    let word = red | green | Int(samples.blue(column, line)) >> (8 - bits.blue)
                    return isBigEndian ? [UInt8(word >> 8), UInt8(word & 255)] : [UInt8(word & 255), UInt8(word >> 8)]
                }
            }
        case "Y16", "Y14", "Y12", "Y10", "Y16-BE", "Y10B", "Y10P", "Y12P", "Y04", "Y06": return grey()
        default:
            let order = [
                "BGR4": "BGRx", "AR24": "BGRx", "XR24": "BGRx", "RGB4": "xRGB", "BA24": "xRGB", "BX24": "xRGB",
                "AB24": "RGBx", "XB24": "RGBx", "RA24": "xBGR", "RX24": "xBGR",
            ][code]
            return lines { line in
                (0..<width).flatMap { column in
                    (order ?? "").map { letter -> UInt8 in
                        switch letter {
                        case "R": samples.red(column, line)
                        case "G": samples.green(column, line)
                        case "B": samples.blue(column, line)
                        default: 0x5a
                        }
                    }
                }
            }
        }
    }

    private func lines(_ line: (Int) -> [UInt8]) -> ([UInt8], Int) {
        let all = (0..<height).map { line($0) + [UInt8](repeating: 0xa5, count: padding) }
        return (Array(all.joined()), all[0].count)
    }

    private func planes(
        _ chroma: (across: Int, down: Int, isRedFirst: Bool, isPaired: Bool)
    ) -> ([UInt8], Int) {
        var (bytes, stride) = lines { line in (0..<width).map { samples.y($0, line) } }
        let lineCount = (height + chroma.down - 1) / chroma.down
        let sampleCount = (width + chroma.across - 1) / chroma.across
        let length = (stride + chroma.across - 1) / chroma.across
        func plane(_ sample: (Int, Int) -> UInt8) -> [[UInt8]] {
            (0..<lineCount).map { line in
                (0..<sampleCount).map { sample($0 * chroma.across, line * chroma.down) }
            }
        }
        let (first, second) =
            chroma.isRedFirst ? (plane(samples.v), plane(samples.u)) : (plane(samples.u), plane(samples.v))
        func padded(_ line: [UInt8], _ length: Int) -> [UInt8] {
            line + [UInt8](repeating: 0xa5, count: length - line.count)
        }
        if chroma.isPaired {
            for line in 0..<lineCount {
                bytes += padded(zip(first[line], second[line]).flatMap { [$0, $1] }, length * 2)
            }
        } else {
            for line in first + second { bytes += padded(line, length) }
        }
        stride = width + padding
        return (bytes, stride)
    }

    private func interleaved() -> ([UInt8], Int) {
        let stride = (width + 1) / 2 * 2 + padding
        func padded(_ line: [UInt8]) -> [UInt8] { line + [UInt8](repeating: 0xa5, count: stride - line.count) }
        var bytes: [UInt8] = []
        for group in 0..<(height + 1) / 2 {
            for line in [group * 2, min(group * 2 + 1, height - 1)] {
                bytes += padded((0..<width).map { samples.y($0, line) })
            }
            bytes += padded(
                (0..<(width + 1) / 2).flatMap { [samples.u($0 * 2, group * 2), samples.v($0 * 2, group * 2)] })
        }
        return (bytes, stride)
    }

    private func words() -> ([UInt8], Int) {
        var (bytes, stride) = lines { line in (0..<width).flatMap { [0xc0, samples.y($0, line)] } }
        let length = (stride + 3) / 4 * 4
        for line in 0..<(height + 1) / 2 {
            let pairs = (0..<(width + 1) / 2).flatMap { column -> [UInt8] in
                [0x40, samples.u(column * 2, line * 2), 0x80, samples.v(column * 2, line * 2)]
            }
            bytes += pairs + [UInt8](repeating: 0xa5, count: length - pairs.count)
        }
        stride = width * 2 + padding
        return (bytes, stride)
    }

    private func grey() -> ([UInt8], Int) {
        lines { line in
            let levels = (0..<width).map { samples.level($0, line, bits: greyBits) }
            switch code {
            case "Y04", "Y06": return levels.map { UInt8($0) }
            case "Y16-BE": return levels.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }
            case "Y10B":
                let text = levels.map { level in (0..<10).map { level >> (9 - $0) & 1 } }.joined()
                let all = Array(text) + [Int](repeating: 0, count: (8 - text.count % 8) % 8)
                return stride(from: 0, to: all.count, by: 8).map { start in
                    UInt8(all[start..<(start + 8)].reduce(0) { $0 << 1 | $1 })
                }
            case "Y10P", "Y12P":
                let (perGroup, low) = code == "Y10P" ? (4, 2) : (2, 4)
                return stride(from: 0, to: width, by: perGroup).flatMap { start -> [UInt8] in
                    let group = (0..<perGroup).map { start + $0 < width ? levels[start + $0] : 0 }
                    let mask = (1 << low) - 1
                    let rest = group.indices.reduce(0) { $0 | (group[$1] & mask) << ($1 * low) }
                    return group.map { UInt8($0 >> low) } + [UInt8(rest)]
                }
            default: return levels.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }
            }
        }
    }

    /// Returns the picture as the encoder must receive it: in the format `target` and without padding.
    func expected(_ target: PixelFormat) -> [UInt8] {
        let pairs = (width + 1) / 2
        switch target {
        case .yuyv:
            let across = chroma?.across ?? 2
            return (0..<height).flatMap { line in
                (0..<pairs).flatMap { pair -> [UInt8] in
                    let (left, right) = (pair * 2, min(pair * 2 + 1, width - 1))
                    func mean(_ sample: (Int, Int) -> UInt8) -> UInt8 {
                        across == 1
                            ? UInt8((Int(sample(left, line)) + Int(sample(right, line)) + 1) / 2)
                            : sample(left / across * across, line)
                    }
                    return [samples.y(left, line), mean(samples.u), samples.y(right, line), mean(samples.v)]
                }
            }
        case .yu12:
            let (across, down) = chroma.map { ($0.across, $0.down) } ?? (2, 2)
            func plane(_ sample: (Int, Int) -> UInt8) -> [UInt8] {
                (0..<(height + 1) / 2).flatMap { line in
                    (0..<pairs).map { sample($0 * 2 / across * across, line * 2 / down * down) }
                }
            }
            return (0..<height).flatMap { line in (0..<width).map { samples.y($0, line) } } + plane(samples.u)
                + plane(samples.v)
        case .rgb24:
            let isExact = !["RGBP", "RGBR", "RGBO", "AR15", "XR15", "RGBQ"].contains(code)
            func shown(_ sample: UInt8, _ bits: Int) -> UInt8 {
                if isExact { return sample }
                let value = Double(sample >> UInt8(8 - bits))
                return UInt8((value * 255 / Double((1 << bits) - 1)).rounded())
            }
            return (0..<height).flatMap { line in
                (0..<width).flatMap { column in
                    [
                        shown(samples.red(column, line), bits.red), shown(samples.green(column, line), bits.green),
                        shown(samples.blue(column, line), bits.blue),
                    ]
                }
            }
        default:
            return (0..<height).flatMap { line in
                (0..<width).map { column in
                    let level = Double(samples.level(column, line, bits: greyBits))
                    return UInt8((level * 255 / Double((1 << greyBits) - 1)).rounded())
                }
            }
        }
    }
}

@Suite("Repacking")
struct RepackingTests {
    @Test(
        "every format is converted exactly, even if lines are padded or sides are odd",
        arguments: Repacking.formats, [(16, 8), (17, 9), (34, 7), (1, 1), (3, 2)])
    func formats(format: PixelFormat, size: (width: Int, height: Int)) throws {
        let repacking = try #require(Repacking(format))
        for padding in [0, 1, 6, 64] {
            let driver = Driver(code: format.characters, width: size.width, height: size.height, padding: padding)
            let (bytes, bytesPerLine) = driver.picture()
            #expect(bytes.count == repacking.byteCount(bytesPerLine: bytesPerLine, height: size.height), "\(format)")
            if padding == 0, format.characters != "M420" {
                #expect(repacking.bytesPerLine(width: size.width) == bytesPerLine, "\(format)")
            }
            let expected = driver.expected(repacking.target)
            var output = [UInt8](repeating: 0, count: expected.count)
            var shades: [UInt8] = []
            if case .grey(let bits, _) = repacking.storage { shades = GreyRange(bits: bits).shades }
            var span = output.mutableSpan
            repacking.convert(
                bytes.span, width: size.width, height: size.height, bytesPerLine: bytesPerLine, shades: shades,
                into: &span)
            let tolerance = repacking.target == .rgb24 ? 1 : 0
            let wrong = output.indices.filter { abs(Int(output[$0]) - Int(expected[$0])) > tolerance }
            #expect(wrong.isEmpty, "\(format) \(size) padding \(padding): first difference at \(wrong.first ?? -1)")
        }
    }

    @Test("if a driver reports no line length, lines are read without padding", arguments: Repacking.formats)
    func lineLength(format: PixelFormat) throws {
        let driver = Driver(code: format.characters, width: 16, height: 4, padding: 0)
        let capture = CaptureFormat(
            pixelFormat: format, size: PictureSize(width: 16, height: 4), bytesPerLine: format.bytesPerLine(width: 16),
            imageByteCount: 0)
        #expect(capture.bytesPerLine == driver.picture().bytesPerLine)
        #expect(capture.wholeByteCount == driver.picture().bytes.count)
    }
}
