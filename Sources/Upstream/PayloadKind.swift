import Linux

/// Describes bytes that should be a JPEG but are something else, for error messages.
enum PayloadKind {
    private static let signatures: [(bytes: [UInt8], name: String)] = [
        ([0x1F, 0x8B], "gzip-compressed data"), ([0x89, 0x50, 0x4E, 0x47], "a PNG picture"),
        (Array("GIF8".utf8), "a GIF picture"), (Array("RIFF".utf8), "a WebP picture or an AVI file"),
        (Array("BM".utf8), "a BMP picture"), ([0, 0, 0, 1], "H.264 or H.265 video"), ([0, 0, 1], "MPEG video"),
        (Array("FLV".utf8), "FLV video"), (Array("#EXTM3U".utf8), "an HLS playlist"),
        (Array("RTSP/".utf8), "RTSP"),
    ]
    /// The number of bytes to examine.
    static let maximumByteCount = 256
    /// The maximum number of characters to quote from a text.
    private static let quotedCount = 40

    /// Returns a description such as `a PNG picture` or `the text "Please log in"`.
    static func description(_ bytes: RawSpan) -> String {
        var head: [UInt8] = []
        head.append(contentsOf: bytes.extracting(0..<min(bytes.byteCount, maximumByteCount)))
        return description(head)
    }

    static func description(_ head: [UInt8]) -> String {
        if head.isEmpty { return "no data" }
        if let known = signatures.first(where: { head.starts(with: $0.bytes) }) { return known.name }
        if head.count > 8, head[4..<8].elementsEqual("ftyp".utf8) { return "MP4 video" }
        if head.starts(with: [0xFF, 0xD8]) { return "an incomplete JPEG" }
        guard !head.contains(where: { $0 < 0x20 && ![0x09, 0x0A, 0x0D].contains($0) }) else { return "unknown data" }
        let text = UntrustedText.clean(String(decoding: head, as: UTF8.self)).drop { $0 == " " }
        guard !text.isEmpty else { return "blank text" }
        return "the text \"\(text.prefix(quotedCount))\(text.count > quotedCount ? "…" : "")\""
    }
}
