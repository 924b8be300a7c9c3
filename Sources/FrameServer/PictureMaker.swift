import Linux
import Service
import SharedFrame
import TurboJPEG

/// Creates pictures of a ring's newest frame, all with the same width.
struct PictureMaker: ~Copyable {
    private let width: PictureWidth
    private let isExactOnly: Bool
    private var scaler: JPEGScaler?
    private var scaledCount: UInt64 = 0

    init(_ key: FeedKey) {
        width = key.width
        isExactOnly = key.isExactOnly
    }

    /// Returns the number of frames that have been scaled since the last call.
    mutating func takeScaledCount() -> UInt64 {
        defer { scaledCount = 0 }
        return scaledCount
    }

    /// Returns a picture of the newest frame with an image for each of `framings`.
    ///
    /// Returns nil if there is no frame, or if only exact frames are wanted and the newest frame is not exact.
    mutating func picture(
        of subscriber: FrameSubscriber, sequence: UInt64, framings: Set<Framing>, files: MemoryFilePool
    ) -> Picture? {
        guard case .atLeast(let minimum) = width else {
            let picture: Picture?? = subscriber.withNewestFrame { description, bytes in
                guard !isExactOnly || description.flags.contains(.exact) else { return nil }
                return Picture(
                    bytes, sequence: sequence, number: description.number, realtime: description.capture.realtime,
                    framings: framings, files: files)
            }
            return picture ?? nil
        }
        // Copy the frame, because the writer may overwrite the slot while the frame is decoded.
        guard let frame = subscriber.copyNewestFrame(), !isExactOnly || frame.description.flags.contains(.exact) else {
            return nil
        }
        return scaled(frame.bytes, toWidth: minimum) { jpeg in
            Picture(
                jpeg, sequence: sequence, number: frame.description.number,
                realtime: frame.description.capture.realtime, framings: framings, files: files)
        }
    }

    /// Scales a JPEG down, and returns what `body` returns for the scaled JPEG.
    ///
    /// If `jpeg` is small enough or cannot be decoded, `body` is called with `jpeg` itself.
    mutating func scaled<Value>(_ jpeg: [UInt8], toWidth minimum: Int, _ body: (RawSpan) -> Value) -> Value {
        do throws(TurboJPEGError) {
            var scaler: JPEGScaler
            if let kept = self.scaler.take() { scaler = kept } else { scaler = try JPEGScaler() }
            let result = try jpeg.withRawSpan { (span) throws(TurboJPEGError) in
                try scaler.scale(span, toWidth: minimum)
            }
            self.scaler = consume scaler
            guard let result else { return jpeg.withRawSpan(body) }
            scaledCount += 1
            return result.bytes.withRawSpan(body)
        } catch {
            // Discard the scaler after an error, because libturbojpeg may keep state from a damaged picture.
            return jpeg.withRawSpan(body)
        }
    }
}
