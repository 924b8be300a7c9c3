/// The segments of a JPEG before its data (ITU-T T.81, B.1.1).
///
/// This type finds the segments in the same way as libjpeg.
struct LeadingSegments {
    /// The offsets of the bytes of the first Exif segment, including its marker; empty if there is no such segment.
    private(set) var exif = 0..<0
    /// Whether the data may consist of more than one scan.
    ///
    /// libjpeg keeps all data of such a picture in memory at once.
    private var hasSeveralScans = false
    /// The offset at which the data begins.
    private var dataOffset = 0

    init(_ bytes: Span<UInt8>) throws(TurboJPEGError) {
        guard bytes.count >= 2, bytes[0] == 0xFF, bytes[1] == 0xD8 else { throw Self.error("the data is not a JPEG") }
        var componentCount: Int?
        var position = 2
        while true {
            while position < bytes.count, bytes[position] != 0xFF { position += 1 }
            while position < bytes.count, bytes[position] == 0xFF { position += 1 }
            guard position + 2 < bytes.count else { break }
            let (start, marker) = (position - 1, bytes[position])
            position += 1
            // Stuffed zeros, TEM and RSTn have no length.
            if marker == 0x00 || marker == 0x01 || (0xD0...0xD7).contains(marker) { continue }
            guard marker != 0xD8, marker != 0xD9 else { break }
            let end = position + Int(bytes[position]) << 8 + Int(bytes[position + 1])
            guard end >= position + 2, end <= bytes.count else { break }
            let parameters = bytes.extracting((position + 2)..<end)
            switch marker {
            case 0xE1 where exif.isEmpty && Self.isExif(parameters):
                exif = start..<end
            case 0xC4, 0xC8, 0xCC:
                break
            case 0xC0...0xCF:
                guard [0xC0, 0xC1, 0xC2, 0xC9, 0xCA].contains(marker) else {
                    throw Self.error("lossless and hierarchical JPEGs cannot be scaled")
                }
                componentCount = parameters.count > 5 ? Int(parameters[5]) : 0
                hasSeveralScans = marker == 0xC2 || marker == 0xCA
            case 0xDA:
                guard let componentCount else { throw Self.error("the picture has no frame header") }
                if parameters.isEmpty || parameters[0] != componentCount { hasSeveralScans = true }
                dataOffset = end
                return
            default:
                break
            }
            position = end
        }
        throw Self.error("the picture ends before its data")
    }

    /// Throws if decoding the picture would take too much memory or time.
    func checkLimits(_ bytes: Span<UInt8>, pixelCount: Int) throws(TurboJPEGError) {
        guard pixelCount <= (hasSeveralScans ? 17_000_000 : 50_000_000) else {
            throw Self.error("\(pixelCount) pixels are too many")
        }
        guard hasSeveralScans else { return }
        // Each scan may change every pixel, so the decoding time depends on the number of scans. Within the data of a
        // scan, 0xFF is always followed by 0 or by a restart marker, so it cannot be mistaken for the start of a scan.
        var scanCount = 1
        for index in dataOffset..<max(dataOffset, bytes.count - 1) where bytes[index] == 0xFF {
            if bytes[index + 1] == 0xDA { scanCount += 1 }
        }
        guard pixelCount * scanCount <= 250_000_000 else {
            throw Self.error("\(scanCount) scans of \(pixelCount) pixels are too many")
        }
    }

    /// Returns whether a segment begins with "Exif" and a zero (Exif 2.3, section 4.7.2).
    ///
    /// A second zero follows the first one. It is only padding, and is not checked.
    private static func isExif(_ parameters: Span<UInt8>) -> Bool {
        let identifier: [UInt8] = [0x45, 0x78, 0x69, 0x66, 0]
        return parameters.count > 6 && identifier.indices.allSatisfy { parameters[$0] == identifier[$0] }
    }

    private static func error(_ reason: String) -> TurboJPEGError { TurboJPEGError(JPEGScaler.operation, reason) }
}
