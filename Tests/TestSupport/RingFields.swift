import Glibc
public import Linux
public import SystemPackage

/// A number or a text in a ring's object, at an offset that docs/shared-memory.md defines.
public struct RingField: Sendable, CustomStringConvertible {
    public let offset: Int
    public let byteCount: Int

    public var description: String { "\(byteCount) bytes at \(offset)" }

    /// Every number of the header, in order.
    public static let header: [RingField] =
        wide([0]) + narrow(8..<24) + wide([24, 32, 40, 48]) + narrow(56..<76) + wide([128, 136, 192])
        + narrow(200..<216) + wide([216, 224, 232, 256, 264, 272, 280, 288]) + wide(stride(from: 320, to: 448, by: 8))

    /// The offsets and lengths of the header's texts.
    public static let texts: [RingField] = [(512, 64), (576, 16), (592, 16), (608, 128), (736, 256), (992, 256)]
        .map { RingField(offset: $0.0, byteCount: $0.1) }

    /// Every number of a slot, with its offset from the start of the slot.
    public static let slot: [RingField] = wide([0, 8, 16, 24, 32]) + narrow(40..<52) + wide([56])

    /// Returns values that a malicious owner of the ring may write in place of `original`.
    ///
    /// These are both ends of the range, the sign bit, the limits in docs/shared-memory.md, and `original`
    /// plus one, plus a page and minus a page. For a counter, they are only the ends of the range and the sign bit.
    public func extremes(_ original: UInt64) -> [UInt64] {
        let maximum = byteCount == 8 ? UInt64.max : UInt64(UInt32.max)
        let sign: UInt64 = byteCount == 8 ? 1 << 63 : 1 << 31
        if Self.counterOffsets.contains(offset) { return [0, maximum, maximum - 1, sign] }
        let bounds: [UInt64] = byteCount == 8 ? [1 << 52, (1 << 52) - 1] : [65535]
        let all = [0, 1, maximum, maximum - 1, sign, original &+ 1, original &+ 4096, original &- 4096] + bounds
        return all.map { $0 & maximum }
    }

    private static let counterOffsets = 256..<448

    private static func wide(_ offsets: some Sequence<Int>) -> [RingField] {
        offsets.map { RingField(offset: $0, byteCount: 8) }
    }

    private static func narrow(_ offsets: Range<Int>) -> [RingField] {
        stride(from: offsets.lowerBound, to: offsets.upperBound, by: 4).map { RingField(offset: $0, byteCount: 4) }
    }
}

/// A ring's object, which a test overwrites without the knowledge of the ring's writer.
public struct OverwrittenRing: ~Copyable {
    private let object: Descriptor
    private let slotOffsets: [Int]

    public init(_ path: FilePath) throws(SystemError) {
        object = try Descriptor(opening: path, flags: O_RDWR)
        let (count, stride) = (Self.read(object, at: 16, byteCount: 4), Self.read(object, at: 32, byteCount: 8))
        slotOffsets = (0..<Int(count)).map { 4096 + $0 * Int(stride) }
    }

    /// Sets each number in the header and the slots to each of its extremes, and fills texts with unusual characters.
    ///
    /// Calls `body` after each change, then undoes the change, and then calls `restored`. Changes are numbered from 1.
    /// A change is skipped if `isIncluded` returns false for its number.
    public func forEachExtreme(
        where isIncluded: (Int) -> Bool = { _ in true }, _ body: (String) throws -> Void,
        restored: (String) throws -> Void = { _ in }
    ) rethrows {
        var number = 0
        for (field, starts) in RingField.header.map({ ($0, [0]) }) + RingField.slot.map({ ($0, slotOffsets) }) {
            let originals = starts.map { Self.read(object, at: $0 + field.offset, byteCount: field.byteCount) }
            for value in field.extremes(originals[0]) {
                number += 1
                guard isIncluded(number) else { continue }
                let what = "\(starts == [0] ? "header" : "slot"), \(field): \(value)"
                for start in starts { write(value, at: start + field.offset, byteCount: field.byteCount) }
                try body(what)
                for (start, value) in zip(starts, originals) {
                    write(value, at: start + field.offset, byteCount: field.byteCount)
                }
                try restored(what)
            }
        }
        let units = ["\u{7f}", "\"", "\\", "\u{1b}[", "<b>", "\u{202e}", "\r\n"].map { Array($0.utf8) } + [[0xff]]
        for text in RingField.texts {
            let original = bytes(text)
            for unit in units {
                number += 1
                guard isIncluded(number) else { continue }
                write((0..<text.byteCount).map { unit[$0 % unit.count] }, at: text.offset)
                try body("text at \(text.offset): \(unit)")
                write(original, at: text.offset)
                try restored("text at \(text.offset): \(unit)")
            }
        }
    }

    private static func read(_ object: borrowing Descriptor, at offset: Int, byteCount: Int) -> UInt64 {
        var value: UInt64 = 0
        _ = unsafe pread(object.number, &value, byteCount, off_t(offset))
        return value
    }

    private func write(_ value: UInt64, at offset: Int, byteCount: Int) {
        var value = value
        _ = unsafe pwrite(object.number, &value, byteCount, off_t(offset))
    }

    private func bytes(_ field: RingField) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: field.byteCount)
        _ = unsafe pread(object.number, &bytes, field.byteCount, off_t(field.offset))
        return bytes
    }

    private func write(_ bytes: [UInt8], at offset: Int) {
        _ = unsafe pwrite(object.number, bytes, bytes.count, off_t(offset))
    }
}
