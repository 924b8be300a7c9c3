public import Drawing
import Linux
import Logging
import MotionJPEG
public import SharedFrame
import TurboJPEG

extension FramePipeline {
    /// Publishes a JPEG that a camera delivered; returns false if it is refused.
    ///
    /// Missing Huffman tables are added. Bytes before the start and after the end of the JPEG are removed.
    @discardableResult
    public func publish(jpeg buffer: RawSpan, _ capture: CaptureTime) throws(SourceError) -> Bool {
        guard let (offset, info) = inspect(buffer) else { return false }
        let bytes = buffer.extracting(offset..<buffer.byteCount)
        if turner != nil {
            return try publishTurned(bytes.extracting(0..<info.byteCount), info.width, info.height, capture)
        }
        return try put(capture, capacity: info.repairedByteCount, info.width, info.height) { slot in
            JPEG.write(bytes, info, into: &slot)
        }
    }

    /// Publishes a JPEG from a file, unchanged unless pictures are turned.
    ///
    /// Returns false if the JPEG is refused. Truncated JPEGs are always refused.
    public func publish(file bytes: RawSpan, _ capture: CaptureTime) throws(SourceError) -> Bool {
        let info: JPEGInfo
        do throws(JPEGDefect) {
            info = try JPEG.inspect(bytes)
        } catch {
            refuse(DropReason(error), error.description)
            return false
        }
        if turner != nil {
            return try publishTurned(bytes.extracting(0..<info.byteCount), info.width, info.height, capture)
        }
        return try put(capture, capacity: bytes.byteCount, info.width, info.height) { slot in
            slot.copy(bytes)
            return bytes.byteCount
        }
    }

    /// Encodes and publishes an uncompressed picture; returns false if it is refused.
    @discardableResult
    public func publish(pixels: RawSpan, _ format: RawFormat, _ capture: CaptureTime) throws(SourceError) -> Bool {
        try publishEncoded(format.width, format.height, capture) { encoder, output throws(TurboJPEGError) in
            try encoder.encode(
                pixels, layout: format.layout, width: format.width, height: format.height,
                bytesPerLine: format.bytesPerLine, range: format.range, encoding: format.encoding, into: &output)
        }
    }

    /// Encodes and publishes the picture on a canvas; returns false if it is refused.
    @discardableResult
    public func publish(canvas: Canvas, _ capture: CaptureTime) throws(SourceError) -> Bool {
        try publishEncoded(canvas.width, canvas.height, capture) { encoder, output throws(TurboJPEGError) in
            try encoder.encode(
                luma: canvas.luma.span, blueDifference: canvas.blueDifference.span,
                redDifference: canvas.redDifference.span, width: canvas.width, height: canvas.height, into: &output)
        }
    }

    /// Publishes the JPEG that `encode` writes.
    ///
    /// It is written directly to the ring, unless the picture must be turned or is very large.
    private func publishEncoded(
        _ width: Int, _ height: Int, _ capture: CaptureTime,
        _ encode: (inout JPEGEncoder, inout MutableRawSpan) throws(TurboJPEGError) -> Int
    ) throws(SourceError) -> Bool {
        lastAttempt = Instant(nanoseconds: capture.monotonic)
        let capacity = JPEGEncoder.bound(width: width, height: height, subsampling: options.subsampling.jpeg)
        guard capacity > 0 else {
            refuse(.encoder, "a JPEG cannot have \(width)x\(height) pixels")
            return false
        }
        func timed(_ output: inout MutableRawSpan) throws(TurboJPEGError) -> Int {
            let start = Clock.threadCPU
            let byteCount = try encode(&encoder, &output)
            publisher.countEncode(nanoseconds: Clock.threadCPU - start)
            return byteCount
        }
        if turner == nil, capacity <= PictureOptions.maximumDirectByteCount {
            return try put(capture, capacity: capacity, width, height) { try timed(&$0) }
        }
        var upright = exchange(&encoded, with: [])
        defer { encoded = upright }
        if upright.count < capacity { upright = [UInt8](repeating: 0, count: capacity) }
        let byteCount: Int
        do throws(TurboJPEGError) {
            byteCount = try upright.withMutableRawSpan { (span) throws(TurboJPEGError) in try timed(&span) }
        } catch {
            refuse(.encoder, error.description)
            return false
        }
        return try upright.withRawSpan { (span) throws(SourceError) in
            let jpeg = span.extracting(0..<byteCount)
            if turner != nil { return try publishTurned(jpeg, width, height, capture) }
            return try put(capture, capacity: byteCount, width, height) { slot in
                slot.copy(jpeg)
                return byteCount
            }
        }
    }

    /// Turns a JPEG of `width` × `height` pixels and publishes it.
    private func publishTurned(
        _ jpeg: RawSpan, _ width: Int, _ height: Int, _ capture: CaptureTime
    ) throws(SourceError) -> Bool {
        let turned: JPEGTransformer.Result?
        do throws(TurboJPEGError) {
            turned = try turner?.turn(jpeg, width: width, height: height)
        } catch {
            refuse(.encoder, error.description)
            return false
        }
        guard let turned else { return false }
        if turned.width * turned.height < width * height && !hasNotedTrimming {
            hasNotedTrimming = true
            logger.notice(
                """
                turning pictures of \(width)x\(height) without loss results in \(turned.width)x\(turned.height), because \
                partial blocks at the edge are dropped
                """)
        }
        return try put(capture, capacity: turned.byteCount, turned.width, turned.height) { slot in
            turner?.copy(turned, into: &slot) ?? 0
        }
    }

    /// Publishes a picture that `write` writes directly to the ring; returns false if it is refused.
    ///
    /// `write` returns the number of bytes that it has written, which is at most `capacity`.
    private func put(
        _ capture: CaptureTime, capacity: Int, _ width: Int, _ height: Int,
        _ write: (inout MutableRawSpan) throws -> Int
    ) throws(SourceError) -> Bool {
        do {
            _ = try publisher.publish(
                capacity: capacity, capture: capture, width: width, height: height, write)
        } catch let error as RingError {
            guard error.kind == .frameTooLarge else { throw SourceError(.error, error.description) }
            refuse(.tooLarge, error.description)
            return false
        } catch {
            refuse(.encoder, "\(error)")
            return false
        }
        notePublished(capture)
        return true
    }

    /// Finds the first complete picture in a camera's buffer; returns nil if no picture in it can be shown.
    private func inspect(_ buffer: RawSpan) -> (offset: Int, info: JPEGInfo)? {
        do throws(JPEGDefect) {
            let found = try JPEG.locate(buffer, isTruncationAllowed: truncation.isRelaxed)
            _ = truncation.note(isTruncated: false)
            return found
        } catch {
            if truncation.note(isTruncated: error == .truncated) {
                logger.warning(
                    """
                    most pictures lack the JPEG end marker: they are shown anyway; if they are grey at the bottom, \
                    try another cable or USB port
                    """)
            }
            refuse(DropReason(error), error.description)
            return nil
        }
    }
}
