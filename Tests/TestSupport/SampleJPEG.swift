import MotionJPEG

/// Bytes that have the markers of a camera's JPEG, but meaningless picture data.
///
/// No decoder can decode them.
public enum SampleJPEG {
    /// Returns a picture whose data starts with `tag`.
    public static func bytes(
        tag: UInt8 = 0, width: UInt16 = 64, height: UInt16 = 48, dataByteCount: Int = 4, hasTables: Bool = true,
        hasEnd: Bool = true
    ) -> [UInt8] {
        var bytes: [UInt8] = [0xff, 0xd8]
        bytes += [0xff, 0xdb, 0, 67, 0] + [UInt8](repeating: 1, count: 64)
        bytes += [0xff, 0xc0, 0, 17, 8] + pair(height) + pair(width)
        bytes += [3, 1, 0x22, 0, 2, 0x11, 0, 3, 0x11, 0]
        if hasTables { bytes += JPEG.standardHuffmanTables }
        bytes += [0xff, 0xda, 0, 12, 3, 1, 0, 2, 0x11, 3, 0x11, 0, 63, 0]
        bytes += (0..<dataByteCount).map { $0 == 0 ? tag : UInt8($0 % 251) }
        return hasEnd ? bytes + [0xff, 0xd9] : bytes
    }

    private static func pair(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 0xff)] }
}
