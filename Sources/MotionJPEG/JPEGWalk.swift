/// Walks along the markers of a JPEG (ITU-T T.81, Annex B), and continues when more bytes have arrived.
///
/// Each call of `advance` must pass all bytes of the previous call, followed by new ones. Segment lengths are
/// untrusted: a length that points beyond the bytes means that more bytes are needed, and a length below 2 is a defect.
/// Entropy-coded data is searched in blocks instead of byte by byte. The walk therefore takes little longer than
/// reading the picture's memory once.
struct JPEGWalk {
    private enum Phase { case start, header, scan }

    private var phase = Phase.start
    private(set) var position = 0
    private(set) var width = 0
    private(set) var height = 0
    private var frameHeaderOffset: Int?
    private var hasScan = false
    private var hasHuffmanTables = false

    /// The offset of another picture's start marker within the data of this one, or nil if there is none.
    private(set) var interruption: Int?

    /// Continues the walk in `bytes`; returns the offset after the end marker, or nil if more bytes are needed.
    mutating func advance(_ bytes: Span<UInt8>) throws(JPEGDefect) -> Int? {
        if phase == .start {
            if let first = bytes.count > 0 ? bytes[0] : nil, first != 0xFF { throw .noStart }
            guard bytes.count >= 2 else { return nil }
            guard bytes[1] == Marker.startOfImage else { throw .noStart }
            position = 2
            phase = .header
        }
        while true {
            switch phase {
            case .start, .header:
                guard try walkHeader(bytes) else { return nil }
            case .scan:
                guard let end = try walkScan(bytes) else { return nil }
                if end > 0 { return end }
            }
        }
    }

    /// Returns the properties of the picture if it ends at `end`.
    func info(byteCount end: Int) -> JPEGInfo {
        JPEGInfo(
            width: width, height: height, byteCount: end,
            huffmanTablesOffset: hasHuffmanTables ? nil : frameHeaderOffset)
    }

    /// The defect that the picture has if it ends at the current position.
    var defectAtEnd: JPEGDefect {
        if phase == .start { return .noStart }
        if frameHeaderOffset == nil { return .noFrameHeader }
        return hasScan ? .truncated : .noScan
    }

    /// Walks one segment, up to and including the scan header; returns false if more bytes are needed.
    private mutating func walkHeader(_ bytes: Span<UInt8>) throws(JPEGDefect) -> Bool {
        // Skip bytes between segments that do not belong to a marker, as libjpeg does.
        guard let prefix = bytes.firstIndex(of: 0xFF, from: position) else {
            position = bytes.count
            return false
        }
        var code = prefix + 1
        while code < bytes.count, bytes[code] == 0xFF { code += 1 }
        // The position moves past the fill bytes, so that they are not examined again when the walk is resumed.
        position = code - 1
        guard code < bytes.count else { return false }
        let marker = bytes[code]
        switch marker {
        case 0x00, Marker.temporary, Marker.restarts:
            position = code + 1
            return true
        case Marker.startOfImage, Marker.endOfImage:
            throw defectAtEnd
        default:
            break
        }
        guard code + 2 < bytes.count else { return false }
        let length = bytes.bigEndian16(at: code + 1)
        guard length >= 2 else { throw defectAtEnd }
        let next = code + 1 + length
        guard next <= bytes.count else { return false }
        switch marker {
        case Marker.huffmanTables:
            hasHuffmanTables = true
        case Marker.frameHeaders:
            try readFrameHeader(bytes.extracting((code + 3)..<next), marker)
            frameHeaderOffset = code - 1
        case Marker.otherFrameHeaders:
            throw .noFrameHeader
        case Marker.startOfScan:
            guard frameHeaderOffset != nil else { throw .noFrameHeader }
            hasScan = true
            phase = .scan
        default:
            break
        }
        position = next
        return true
    }

    /// Reads the precision, the size and the number of components (T.81, B.2.2).
    private mutating func readFrameHeader(_ parameters: Span<UInt8>, _ marker: UInt8) throws(JPEGDefect) {
        guard frameHeaderOffset == nil, parameters.count >= 6, parameters[0] == 8 else { throw .noFrameHeader }
        height = parameters.bigEndian16(at: 1)
        width = parameters.bigEndian16(at: 3)
        let components = Int(parameters[5])
        guard width > 0, height > 0, (1...4).contains(components), parameters.count == 6 + 3 * components else {
            throw .noFrameHeader
        }
    }

    /// Searches the entropy-coded data for the next marker.
    ///
    /// Returns the offset after the end marker, 0 if another marker was passed and the search must continue, or nil if
    /// more bytes are needed.
    private mutating func walkScan(_ bytes: Span<UInt8>) throws(JPEGDefect) -> Int? {
        guard let prefix = bytes.firstIndexOfMarkerInScan(from: position) else {
            position = max(position, bytes.count - 1)
            return nil
        }
        position = prefix
        switch bytes[prefix + 1] {
        case Marker.endOfImage:
            return prefix + 2
        case Marker.startOfImage:
            interruption = prefix
            throw .truncated
        case Marker.huffmanTables, Marker.betweenScans, Marker.applicationData, Marker.comment:
            // Between the scans of a progressive picture there are tables and headers, whose bytes must be skipped.
            guard prefix + 3 < bytes.count else { return nil }
            let next = prefix + 2 + bytes.bigEndian16(at: prefix + 2)
            guard next <= bytes.count else { return nil }
            position = max(next, prefix + 2)
        default:
            position = prefix + 2
        }
        return 0
    }
}

/// Marker codes (T.81, Table B.1).
private enum Marker {
    static let startOfImage: UInt8 = 0xD8
    static let endOfImage: UInt8 = 0xD9
    static let startOfScan: UInt8 = 0xDA
    static let huffmanTables: UInt8 = 0xC4
    static let temporary: UInt8 = 0x01
    static let comment: UInt8 = 0xFE
    static let restarts: ClosedRange<UInt8> = 0xD0...0xD7
    static let applicationData: ClosedRange<UInt8> = 0xE0...0xEF
    /// The markers SOS, DQT, DNL and DRI, which may follow a scan.
    static let betweenScans: ClosedRange<UInt8> = 0xDA...0xDD
    /// The frame headers of baseline, extended sequential and progressive pictures with Huffman coding.
    static let frameHeaders: ClosedRange<UInt8> = 0xC0...0xC2
    /// The frame headers of lossless, hierarchical and arithmetic-coded pictures, and the markers JPG and DAC.
    static let otherFrameHeaders: ClosedRange<UInt8> = 0xC3...0xCF
}
