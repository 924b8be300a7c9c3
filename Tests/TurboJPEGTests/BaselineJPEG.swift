import MotionJPEG

/// Encodes baseline JPEGs with any sampling factors, which libturbojpeg's encoder cannot do.
///
/// It follows ITU-T T.81 and shares no code with libturbojpeg. It loses little quality, but it is slow.
struct BaselineJPEG {
    enum ColorSpace { case yCbCr, rgb, grey }

    let width: Int
    let height: Int
    /// The horizontal and vertical sampling factor of each component (T.81, A.1.1).
    let factors: [(Int, Int)]
    var colorSpace = ColorSpace.yCbCr
    /// Whether luma is encoded with the standard Huffman tables for chroma, and chroma with the tables for luma.
    var swapsTables = false
    /// Whether one scan contains all components.
    ///
    /// Otherwise each component has its own scan.
    var isInterleaved = true
    /// Returns the red, green and blue values of the pixel at a column and a line, each from 0 to 255.
    var color: (Int, Int) -> (Double, Double, Double) = waves

    private var maximum: (Int, Int) { (factors.map(\.0).max() ?? 1, factors.map(\.1).max() ?? 1) }

    var bytes: [UInt8] {
        var bytes: [UInt8] = [0xFF, 0xD8]
        // An Adobe segment (APP14) with transform 0 declares that the components are red, green and blue.
        if colorSpace == .rgb {
            bytes += [0xFF, 0xEE, 0, 14, 0x41, 0x64, 0x6F, 0x62, 0x65, 0, 100, 0, 0, 0, 0, 0]
        }
        bytes += [0xFF, 0xDB, 0, 67, 0] + [UInt8](repeating: 2, count: 64)
        bytes += [0xFF, 0xC0, 0, UInt8(8 + 3 * factors.count), 8]
        bytes += [UInt8(height >> 8), UInt8(height & 255), UInt8(width >> 8), UInt8(width & 255)]
        bytes += [UInt8(factors.count)]
        for (index, factor) in factors.enumerated() { bytes += [UInt8(index + 1), UInt8(factor.0 << 4 | factor.1), 0] }
        var tables = JPEG.standardHuffmanTables
        if swapsTables {
            for offset in Self.tableOffsets(tables) { tables[offset] ^= 1 }
        }
        bytes += tables
        for scan in isInterleaved ? [Array(factors.indices)] : factors.indices.map({ [$0] }) {
            bytes += [0xFF, 0xDA, 0, UInt8(6 + 2 * scan.count), UInt8(scan.count)]
            for component in scan { bytes += [UInt8(component + 1), component == 0 ? 0 : 0x11] }
            bytes += [0, 63, 0] + data(scan)
        }
        return bytes + [0xFF, 0xD9]
    }

    /// The picture before it is encoded, with three bytes per pixel: red, green and blue.
    var pixels: [UInt8] {
        (0..<(width * height)).flatMap { index in
            let (red, green, blue) = color(index % width, index / width)
            return [UInt8(red), UInt8(green), UInt8(blue)]
        }
    }

    /// Returns for each table in a DHT segment the offset of its first byte, which contains its class and number.
    private static func tableOffsets(_ segment: [UInt8]) -> [Int] {
        var offsets: [Int] = []
        var position = 4
        while position < segment.count {
            offsets.append(position)
            position += 17 + segment[(position + 1)...(position + 16)].reduce(0) { $0 + Int($1) }
        }
        return offsets
    }

    /// For each table, by its class and number: the code of each symbol, and the code's length in bits (T.81, C.2).
    private static let codes: [UInt8: [UInt8: (code: Int, length: Int)]] = {
        let segment = JPEG.standardHuffmanTables
        var tables: [UInt8: [UInt8: (code: Int, length: Int)]] = [:]
        for offset in tableOffsets(segment) {
            var (code, next) = (0, offset + 17)
            var table: [UInt8: (code: Int, length: Int)] = [:]
            for length in 1...16 {
                for _ in 0..<segment[offset + length] {
                    table[segment[next]] = (code, length)
                    code += 1
                    next += 1
                }
                code <<= 1
            }
            tables[segment[offset]] = table
        }
        return tables
    }()

    private func data(_ scan: [Int]) -> [UInt8] {
        var bits = Bits()
        let isSingle = scan.count == 1
        var last = [Int](repeating: 0, count: factors.count)
        func blocks(_ length: Int, _ factor: Int, _ maximum: Int) -> Int {
            isSingle ? (length * factor + maximum * 8 - 1) / (maximum * 8) : (length + maximum * 8 - 1) / (maximum * 8)
        }
        let first = factors[scan[0]]
        let columns = blocks(width, factors.count == 1 ? 1 : first.0, factors.count == 1 ? 1 : maximum.0)
        let lines = blocks(height, factors.count == 1 ? 1 : first.1, factors.count == 1 ? 1 : maximum.1)
        for y in 0..<lines {
            for x in 0..<columns {
                for component in scan {
                    let (across, down) = isSingle ? (1, 1) : factors[component]
                    for index in 0..<(across * down) {
                        encode(
                            component, x * across + index % across, y * down + index / across, &last[component], &bits)
                    }
                }
            }
        }
        return bits.finished
    }

    private func encode(_ component: Int, _ column: Int, _ line: Int, _ last: inout Int, _ bits: inout Bits) {
        let coefficients = Self.transform(samples(component, column, line))
        let isLuma = (component == 0) != swapsTables
        let (dc, ac) = (Self.codes[isLuma ? 0x00 : 0x01] ?? [:], Self.codes[isLuma ? 0x10 : 0x11] ?? [:])
        bits.write(coefficients[0] - last, after: 0, dc)
        last = coefficients[0]
        var zeros = 0
        for index in 1..<64 {
            guard coefficients[Self.zigzag[index]] != 0 else {
                zeros += 1
                continue
            }
            while zeros > 15 {
                bits.write(symbol: 0xF0, ac)
                zeros -= 16
            }
            bits.write(coefficients[Self.zigzag[index]], after: zeros, ac)
            zeros = 0
        }
        if zeros > 0 { bits.write(symbol: 0, ac) }
    }

    /// Returns a block of 64 samples of a component.
    ///
    /// Each sample is the mean over all pixels that the sample covers.
    private func samples(_ component: Int, _ column: Int, _ line: Int) -> [Double] {
        let isSingle = factors.count == 1
        let across = isSingle ? 1 : maximum.0 / factors[component].0
        let down = isSingle ? 1 : maximum.1 / factors[component].1
        return (0..<64).map { index in
            var sum = 0.0
            for y in 0..<down {
                for x in 0..<across {
                    let (red, green, blue) = color(
                        min(width - 1, (column * 8 + index % 8) * across + x),
                        min(height - 1, (line * 8 + index / 8) * down + y))
                    let luma = 0.299 * red + 0.587 * green + 0.114 * blue
                    switch (colorSpace, component) {
                    case (.rgb, 0): sum += red
                    case (.rgb, 1): sum += green
                    case (.rgb, _): sum += blue
                    case (_, 0): sum += luma
                    case (_, 1): sum += 128 + (blue - luma) / 1.772
                    default: sum += 128 + (red - luma) / 1.402
                    }
                }
            }
            return sum / Double(across * down) - 128
        }
    }

    /// Returns the discrete cosine transform (T.81, A.3.3) of a block, quantized by 2.
    private static func transform(_ samples: [Double]) -> [Int] {
        var lines = [Double](repeating: 0, count: 64)
        for y in 0..<8 {
            for u in 0..<8 {
                var sum = 0.0
                for x in 0..<8 { sum += samples[y * 8 + x] * cosines[u * 8 + x] }
                lines[y * 8 + u] = sum
            }
        }
        return (0..<64).map { index in
            var sum = 0.0
            for y in 0..<8 { sum += lines[y * 8 + index % 8] * cosines[index / 8 * 8 + y] }
            return Int((sum / 2).rounded())
        }
    }

    /// The factors of the transform: at the index `u * 8 + x`, C(u) / 2 times the cosine of (2x + 1)uπ / 16.
    private static let cosines: [Double] = (0..<64).map { index in
        let (u, x) = (index / 8, index % 8)
        let eighth = [1, 0.980785280, 0.923879533, 0.831469612, 0.707106781, 0.555570233, 0.382683432, 0.195090322, 0]
        let step = (2 * x + 1) * u % 32
        let cosine =
            step <= 8
            ? eighth[step] : step <= 16 ? -eighth[16 - step] : step <= 24 ? -eighth[step - 16] : eighth[32 - step]
        return cosine / 2 * (u == 0 ? eighth[4] : 1)
    }

    private static let zigzag: [Int] = (0..<64).sorted { first, second in
        let (a, b) = (first / 8 + first % 8, second / 8 + second % 8)
        return a != b ? a < b : a.isMultiple(of: 2) ? first > second : first < second
    }
}

/// A writer of entropy-coded data (T.81, F.1.2).
private struct Bits {
    private var bytes: [UInt8] = []
    private var held = 0
    private var count = 0

    mutating func write(symbol: UInt8, _ table: [UInt8: (code: Int, length: Int)]) {
        let entry = table[symbol] ?? (0, 0)
        append(entry.code, entry.length)
    }

    mutating func write(_ value: Int, after zeros: Int, _ table: [UInt8: (code: Int, length: Int)]) {
        let size = Int.bitWidth - abs(value).leadingZeroBitCount
        write(symbol: UInt8(zeros << 4 | size), table)
        append(value < 0 ? value + 1 << size - 1 : value, size)
    }

    private mutating func append(_ value: Int, _ length: Int) {
        held = held << length | value
        count += length
        while count >= 8 {
            count -= 8
            let byte = UInt8(truncatingIfNeeded: held >> count)
            bytes.append(byte)
            if byte == 0xFF { bytes.append(0) }
            held &= 1 << count - 1
        }
    }

    /// All bytes; the last one is padded with 1 bits.
    var finished: [UInt8] {
        var copy = self
        if count > 0 { copy.append(1 << (8 - count) - 1, 8 - count) }
        return copy.bytes
    }
}

/// The colour at `x`, `y` of a picture without sharp edges, which therefore looks the same after any downscaling.
func waves(_ x: Int, _ y: Int) -> (Double, Double, Double) {
    func wave(_ position: Int, _ period: Int) -> Double {
        20 + 210 * Double(abs(position % period - period / 2)) / Double(period / 2)
    }
    return (wave(x, 160), wave(y, 120), wave(x + 2 * y, 300))
}
