import MotionJPEG

/// A part that the parser delivered.
struct ParsedPart: Equatable {
    var headers: PartHeaders
    var bytes: [UInt8]
}

/// Parses a stream and returns its parts.
///
/// The parser gets slices of the lengths in `slices`, and then one slice with the rest of the stream.
func parse(
    _ stream: [UInt8], _ contentType: String = "multipart/x-mixed-replace; boundary=frame", slices: [Int] = [],
    maximumHeaderByteCount: Int = 16 * 1024, maximumPartByteCount: Int = 1024 * 1024
) throws -> [ParsedPart] {
    var parser = try MultipartParser(
        contentType: contentType, maximumHeaderByteCount: maximumHeaderByteCount,
        maximumPartByteCount: maximumPartByteCount)
    var parts: [ParsedPart] = []
    var start = 0
    for length in slices + [stream.count] {
        let end = min(start + length, stream.count)
        try parser.feed(RawSpan(_elements: stream.span.extracting(start..<end))) { headers, bytes in
            parts.append(ParsedPart(headers: headers, bytes: array(bytes)))
        }
        start = end
    }
    return parts
}

func array(_ bytes: RawSpan) -> [UInt8] {
    let span = Span<UInt8>(_bytes: bytes)
    return (0..<span.count).map { span[$0] }
}

/// Returns the bytes of `text` with CRLF line breaks.
func lines(_ text: String) -> [UInt8] {
    Array(text.replacing("\n", with: "\r\n").utf8)
}

extension [ParsedPart] {
    /// The bytes of the parts that are complete pictures.
    var pictures: [[UInt8]] { filter { $0.headers.picture != nil }.map(\.bytes) }
}

/// Three pictures whose data differs in length.
let samples = [
    SampleJPEG(dataByteCount: 300, seed: 11).bytes, SampleJPEG(dataByteCount: 90, seed: 12).bytes,
    SampleJPEG(dataByteCount: 700, seed: 13).bytes,
]

/// Returns the concatenated results of `part` for each picture.
func stream(of pictures: [[UInt8]], _ part: ([UInt8]) -> [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = []
    for picture in pictures { bytes += part(picture) }
    return bytes
}

/// Returns a stream as Oriel sends it.
///
/// If `advancesHeaders` is true, each part's header directly follows the previous picture.
func ownStream(_ pictures: [[UInt8]], advancesHeaders: Bool = false) -> [UInt8] {
    var stream = Multipart.opening + (advancesHeaders ? Multipart.advanceHeader : [])
    for (index, picture) in pictures.enumerated() {
        if !advancesHeaders {
            stream += Multipart.partHeader(
                byteCount: picture.count, realtimeNanoseconds: 1_700_000_000_000_000_000 + UInt64(index) * 33_000_000,
                frameNumber: 1000 + UInt64(index))
        }
        stream += picture + Multipart.partTrailer + (advancesHeaders ? Multipart.advanceHeader : [])
    }
    return stream + Multipart.closing
}
