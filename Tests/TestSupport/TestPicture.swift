/// A small unique JPEG with valid markers.
///
/// It cannot be decoded.
public struct TestPicture: Sendable, Equatable {
    /// The complete file, from SOI to EOI.
    public let bytes: [UInt8]

    /// Creates picture `index` with about `byteCount` bytes and 64x48 pixels.
    ///
    /// Every byte of the picture data depends on `index`, so that a mix of two pictures equals neither of them.
    public init(_ index: Int, byteCount: Int = 2000) {
        var bytes: [UInt8] = [0xFF, 0xD8]
        bytes += [0xFF, 0xDB, 0, 67, 0] + [UInt8](repeating: 1, count: 64)
        bytes += [0xFF, 0xC0, 0, 11, 8, 0, 48, 0, 64, 1, 1, 0x11, 0]
        bytes += [0xFF, 0xC4, 0, 20, 0] + [UInt8](repeating: 0, count: 16) + [0]
        bytes += [0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0]
        var state = UInt32(truncatingIfNeeded: index) &* 2_654_435_761 | 1
        while bytes.count < byteCount - 2 {
            state = state &* 1_664_525 &+ 1_013_904_223
            // Clear the highest bit, since a byte of 0xFF in the data would start a marker.
            bytes.append(UInt8(truncatingIfNeeded: state >> 24) & 0x7F)
        }
        self.bytes = bytes + [0xFF, 0xD9]
    }
}
