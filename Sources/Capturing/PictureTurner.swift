import Linux
import TurboJPEG

/// Turns JPEGs without decoding them to pixels.
///
/// The buffer for turned pictures is reused.
struct PictureTurner: ~Copyable {
    private let transformer: JPEGTransformer
    private let turn: Turn
    private var output: [UInt8]

    init(_ turn: Turn) throws(TurboJPEGError) {
        transformer = try JPEGTransformer()
        self.turn = turn
        output = []
    }

    /// Turns a JPEG of `width` × `height` pixels, and keeps the turned picture until the next call.
    mutating func turn(_ jpeg: RawSpan, width: Int, height: Int) throws(TurboJPEGError) -> JPEGTransformer.Result {
        let bound = JPEGTransformer.bound(width: width, height: height)
        if output.count < bound { output = [UInt8](repeating: 0, count: bound) }
        return try output.withMutableRawSpan { (span) throws(TurboJPEGError) in
            try transformer.transform(jpeg, turn, into: &span)
        }
    }

    /// Copies the last turned picture to `target`; returns the number of bytes.
    ///
    /// `result` is the result of ``turn(_:width:height:)``.
    borrowing func copy(_ result: JPEGTransformer.Result, into target: inout MutableRawSpan) -> Int {
        output.withRawSpan { target.copy($0.extracting(0..<result.byteCount)) }
        return result.byteCount
    }
}
