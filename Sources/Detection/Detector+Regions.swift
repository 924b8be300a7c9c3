import Linux
import TurboJPEG

/// Detects objects in parts of a picture, in which the network sees more detail than in the whole picture.
extension Detector {
    /// The longer side, in pixels, of the network's input for a region, if the model's input size is not fixed.
    public static let regionSide = 256

    /// Detects objects in regions of a picture, each with a run of the network.
    ///
    /// - Parameters:
    ///   - regions: The regions in pixels of the displayed picture; parts outside the picture are ignored.
    ///   - jpeg: The picture. It may contain any bytes. If it is damaged, as much of it as possible is decoded.
    /// - Returns: The objects of each region, with boxes in pixels of the region.
    /// - Throws: A ``DetectionError`` of the kind `badPicture`, `pictureTooLarge` or `inferenceFailed`.
    public func detect(in regions: [Prediction.Box], of jpeg: RawSpan) throws(DetectionError) -> [[Prediction]] {
        try PictureLimits.check(jpeg, isTruncationAllowed: true)
        let picture = try size(of: jpeg)
        let smallest = regions.map { max($0.right - $0.left, $0.bottom - $0.top) }.min() ?? picture.width
        // Decode at the smallest scale at which the smallest region still fills the network's input.
        let scale = Self.scales.last { $0(smallest) >= Self.regionSide } ?? .full
        let size = (width: scale(picture.width), height: scale(picture.height))
        _ = try decode(jpeg, width: size.width, height: size.height)
        defer { releaseLargePixels() }
        var found: [[Prediction]] = []
        for region in regions { found.append(try detect(in: region, ofPixelsWith: size, scale: scale)) }
        return found
    }

    /// Detects objects in a region of the picture that is decoded in ``pixels``.
    private func detect(
        in region: Prediction.Box, ofPixelsWith size: (width: Int, height: Int), scale: JPEGDecoder.Scale
    ) throws(DetectionError) -> [Prediction] {
        let (columns, lines) = (region.right - region.left, region.bottom - region.top)
        let left = min(max(0, scale(region.left)), size.width)
        let top = min(max(0, scale(region.top)), size.height)
        let right = min(max(left, scale(region.right)), size.width)
        let bottom = min(max(top, scale(region.bottom)), size.height)
        guard columns > 0, lines > 0, left < right, top < bottom else { return [] }
        let input =
            model.fixedSize
            ?? Letterbox.inputSize(pictureWidth: columns, pictureHeight: lines, longSide: Self.regionSide)
        let letterbox = Letterbox(
            pictureWidth: columns, pictureHeight: lines, inputWidth: input.width, inputHeight: input.height)
        letterbox.fill(
            &tensor, from: pixels, width: right - left, height: bottom - top, start: (top * size.width + left) * 3,
            bytesPerLine: size.width * 3)
        return try predictions(in: letterbox, width: columns, height: lines)
    }

    /// Runs the network on the tensor; returns the objects, with boxes in pixels of a picture of `width` × `height`.
    func predictions(in letterbox: Letterbox, width: Int, height: Int) throws(DetectionError) -> [Prediction] {
        let candidates: [YOLOX.Candidate]
        do throws(RuntimeFailure) {
            candidates = try model.candidates(
                in: &tensor, width: letterbox.inputWidth, height: letterbox.inputHeight)
        } catch {
            throw DetectionError(.inferenceFailed, "inference failed: \(error)")
        }
        return YOLOX.suppressed(candidates).compactMap { candidate in
            letterbox.box(of: candidate, pictureWidth: width, pictureHeight: height).map {
                Prediction(
                    classID: candidate.classID, label: model.labels[candidate.classID], confidence: candidate.score,
                    box: $0)
            }
        }
    }
}
