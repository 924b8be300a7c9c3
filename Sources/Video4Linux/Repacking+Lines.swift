extension Repacking {
    /// Rearranges one picture into a picture of the format ``target`` without padding.
    ///
    /// - Parameters:
    ///   - source: The picture, which must have at least `byteCount(bytesPerLine:height:)` bytes. The padding of its
    ///     last line may be missing.
    ///   - width: The number of pixels per line.
    ///   - height: The number of lines.
    ///   - bytesPerLine: The number of bytes from one line of the first plane of `source` to the next.
    ///   - shades: The 8-bit shade for each level of a grey format. It is not used for other formats.
    ///   - output: The destination, which must have room for the picture.
    func convert(
        _ source: Span<UInt8>, width: Int, height: Int, bytesPerLine: Int, shades: [UInt8],
        into output: inout MutableSpan<UInt8>
    ) {
        let plane = bytesPerLine * height
        let chroma = chromaBytesPerLine(bytesPerLine)
        switch storage {
        case .packed(let luma, let blue, let red):
            for line in 0..<height {
                let (from, to) = (line * bytesPerLine, line * Self.pairs(width) * 4)
                for pair in 0..<Self.pairs(width) {
                    let (group, target) = (from + pair * 4, to + pair * 4)
                    output[target] = source[group + luma.0]
                    output[target + 1] = source[group + blue]
                    output[target + 2] = source[group + luma.1]
                    output[target + 3] = source[group + red]
                }
            }
        case .paired(let across, let down, let isRedFirst):
            let blue = ChromaPlane(
                start: plane + (isRedFirst ? 1 : 0), bytesPerLine: chroma, step: 2, across: across, down: down)
            let red = ChromaPlane(
                start: plane + (isRedFirst ? 0 : 1), bytesPerLine: chroma, step: 2, across: across, down: down)
            combine(source, blue, red, width: width, height: height, bytesPerLine: bytesPerLine, into: &output)
        case .planar(let across, let down, let isRedFirst):
            let second = plane + chroma * ((height + down - 1) / down)
            let blue = ChromaPlane(
                start: isRedFirst ? second : plane, bytesPerLine: chroma, step: 1, across: across, down: down)
            let red = ChromaPlane(
                start: isRedFirst ? plane : second, bytesPerLine: chroma, step: 1, across: across, down: down)
            combine(source, blue, red, width: width, height: height, bytesPerLine: bytesPerLine, into: &output)
        case .interleavedLines:
            convertInterleavedLines(source, width: width, height: height, bytesPerLine: bytesPerLine, into: &output)
        case .pairedWords:
            let lines = (height + 1) / 2
            for line in 0..<height {
                for column in 0..<width {
                    output[line * width + column] = source[line * bytesPerLine + column * 2 + 1]
                }
            }
            for line in 0..<lines {
                for column in 0..<Self.pairs(width) {
                    let from = plane + line * chroma + column * 4
                    let to = width * height + line * Self.pairs(width) + column
                    output[to] = source[from + 1]
                    output[to + lines * Self.pairs(width)] = source[from + 3]
                }
            }
        case .bytes(let count, let red, let green, let blue):
            for line in 0..<height {
                var (from, to) = (line * bytesPerLine, line * width * 3)
                for _ in 0..<width {
                    output[to] = source[from + red]
                    output[to + 1] = source[from + green]
                    output[to + 2] = source[from + blue]
                    from += count
                    to += 3
                }
            }
        case .words(let red, let green, let blue, let isBigEndian):
            for line in 0..<height {
                for column in 0..<width {
                    let word = Self.word(source, line * bytesPerLine + column * 2, isBigEndian)
                    let to = (line * width + column) * 3
                    output[to] = Self.sample(word, red)
                    output[to + 1] = Self.sample(word, green)
                    output[to + 2] = Self.sample(word, blue)
                }
            }
        case .grey(let bits, let layout):
            for line in 0..<height {
                for column in 0..<width {
                    let level = Self.level(source, line * bytesPerLine, column, bits, layout)
                    output[line * width + column] = shades[level]
                }
            }
        }
    }

    /// Calls `body` with the levels of some pixels of a grey picture, to find out which levels the picture uses.
    func sampleLevels(
        _ source: Span<UInt8>, width: Int, height: Int, bytesPerLine: Int, _ body: (Int) -> Void
    ) {
        guard case .grey(let bits, let layout) = storage else { return }
        // About 65 000 pixels are enough: they very probably contain each level that the picture uses often.
        let step = max(1, width * height / 65_536)
        var pixel = 0
        while pixel < width * height {
            body(Self.level(source, pixel / width * bytesPerLine, pixel % width, bits, layout))
            pixel += step
        }
    }

    /// Returns the number of samples that a line of 4:2:2 or 4:2:0 chroma has.
    private static func pairs(_ width: Int) -> Int { (width + 1) / 2 }

    private static func word(_ source: Span<UInt8>, _ offset: Int, _ isBigEndian: Bool) -> Int {
        let (first, second) = (Int(source[offset]), Int(source[offset + 1]))
        return isBigEndian ? first << 8 | second : second << 8 | first
    }

    /// Extracts the value of one colour from a word, and scales it to eight bits.
    ///
    /// The highest value becomes 255.
    private static func sample(_ word: Int, _ field: (shift: Int, bits: Int)) -> UInt8 {
        let value = word >> field.shift & ((1 << field.bits) - 1)
        return UInt8(truncatingIfNeeded: value << (8 - field.bits) | value >> (2 * field.bits - 8))
    }

    private static func level(
        _ source: Span<UInt8>, _ line: Int, _ column: Int, _ bits: Int, _ layout: GreyLayout
    ) -> Int {
        let mask = (1 << bits) - 1
        switch layout {
        case .byte: return Int(source[line + column]) & mask
        case .word(let isBigEndian): return word(source, line + column * 2, isBigEndian) & mask
        case .bitStream:
            let bit = column * bits
            let offset = line + bit / 8
            let rest = 16 - bits - bit % 8
            // Ten bits that begin at an even bit offset never extend over more than two bytes.
            return word(source, offset, true) >> rest & mask
        case .packed:
            let perGroup = bits == 10 ? 4 : 2
            let lowBits = bits - 8
            let group = line + column / perGroup * (perGroup + 1)
            let index = column % perGroup
            let low = Int(source[group + perGroup]) >> (index * lowBits) & ((1 << lowBits) - 1)
            return Int(source[group + index]) << lowBits | low
        }
    }
}

/// Where the samples of one chroma component (Cb or Cr) are in a picture.
private struct ChromaPlane {
    /// The offset of the first sample.
    let start: Int
    let bytesPerLine: Int
    /// The number of bytes from one sample to the next.
    let step: Int
    /// The number of adjacent pixels in a line that share a sample.
    let across: Int
    /// The number of adjacent lines that share a sample.
    let down: Int

    func sample(_ source: Span<UInt8>, column: Int, line: Int) -> UInt8 {
        source[start + line / down * bytesPerLine + column / across * step]
    }

    /// Returns the sample that two adjacent pixels of a line share.
    ///
    /// In 4:4:4, each pixel has its own sample, so this is the mean of the two samples.
    func pairSample(_ source: Span<UInt8>, column: Int, line: Int, width: Int) -> UInt8 {
        let first = sample(source, column: column, line: line)
        guard across == 1, column + 1 < width else { return first }
        return UInt8((Int(first) + Int(sample(source, column: column + 1, line: line)) + 1) / 2)
    }
}

extension Repacking {
    /// Combines planes into YUYV, or into YU12 if the chroma planes have fewer lines than the luma plane.
    private func combine(
        _ source: Span<UInt8>, _ blue: ChromaPlane, _ red: ChromaPlane, width: Int, height: Int, bytesPerLine: Int,
        into output: inout MutableSpan<UInt8>
    ) {
        let pairs = Self.pairs(width)
        guard blue.down == 1 else {
            for line in 0..<height {
                for column in 0..<width { output[line * width + column] = source[line * bytesPerLine + column] }
            }
            let lines = (height + 1) / 2
            for line in 0..<lines {
                for pair in 0..<pairs {
                    let to = width * height + line * pairs + pair
                    output[to] = blue.sample(source, column: pair * 2, line: line * 2)
                    output[to + lines * pairs] = red.sample(source, column: pair * 2, line: line * 2)
                }
            }
            return
        }
        for line in 0..<height {
            let from = line * bytesPerLine
            for pair in 0..<pairs {
                let to = (line * pairs + pair) * 4
                output[to] = source[from + pair * 2]
                output[to + 1] = blue.pairSample(source, column: pair * 2, line: line, width: width)
                // If the width is odd, the last pixel of the line is repeated.
                output[to + 2] = source[from + min(pair * 2 + 1, width - 1)]
                output[to + 3] = red.pairSample(source, column: pair * 2, line: line, width: width)
            }
        }
    }

    private func convertInterleavedLines(
        _ source: Span<UInt8>, width: Int, height: Int, bytesPerLine: Int, into output: inout MutableSpan<UInt8>
    ) {
        let (pairs, lines) = (Self.pairs(width), (height + 1) / 2)
        for line in 0..<height {
            let from = (line / 2 * 3 + line % 2) * bytesPerLine
            for column in 0..<width { output[line * width + column] = source[from + column] }
        }
        for line in 0..<lines {
            let from = (line * 3 + 2) * bytesPerLine
            for pair in 0..<pairs {
                let to = width * height + line * pairs + pair
                output[to] = source[from + pair * 2]
                output[to + lines * pairs] = source[min(from + pair * 2 + 1, from + bytesPerLine - 1)]
            }
        }
    }
}
