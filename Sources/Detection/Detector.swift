import Linux
import SystemPackage
import TurboJPEG

/// Finds objects in JPEGs: decodes, fits into the network's input, computes, and tells boxes from rows.
///
/// One thread uses it; it keeps its memory from picture to picture.
public final class Detector {
    /// What a detector runs, for people and for the JSON.
    public struct Description: Sendable, Equatable {
        public var model: String
        public var runtime: String
        public var runtimePath: String
        public var labels: [String]
    }

    public let description: Description
    private let model: Model
    private let longSide: Int
    private var decoder: JPEGDecoder
    private var pixels: [UInt8] = []
    private var tensor: [Float] = []

    /// Loads the runtime and the model, and tries them.
    ///
    /// - Throws: One sentence that says what is missing or wrong, and how to mend it.
    public init(_ configuration: DetectorConfiguration) throws(DetectionError) {
        let runtime = try InferenceRuntime(path: configuration.runtime, folder: configuration.folder)
        let labels = try configuration.labels.map(Self.names)
        model = try Model(
            runtime, path: configuration.modelPath, labels: labels, threads: max(1, configuration.threads))
        longSide = max(32, configuration.longSide)
        do throws(TurboJPEGError) {
            decoder = try JPEGDecoder()
        } catch {
            throw DetectionError(.inferenceFailed, "no picture can be decoded: \(error)")
        }
        description = Description(
            model: model.name, runtime: "onnxruntime \(runtime.version)", runtimePath: runtime.path,
            labels: model.labels)
    }

    /// Finds what is in a picture.
    ///
    /// - Parameters:
    ///   - jpeg: Any bytes whatever.
    ///   - isTruncationAllowed: Takes a picture without its end, or with damaged data, as far as it goes.
    /// - Returns: What was found, down to ``YOLOX/leastConfidence``.
    /// - Throws: ``DetectionError`` of the kinds `badPicture`, `pictureTooLarge` and `inferenceFailed`.
    public func detect(_ jpeg: RawSpan, isTruncationAllowed: Bool = false) throws(DetectionError) -> Detection {
        let began = Clock.monotonic
        try PictureLimits.check(jpeg, isTruncationAllowed: isTruncationAllowed)
        // A decoder keeps its tables: a picture without some would be decoded with those of the one before.
        try renewDecoder()
        let picture = try size(of: jpeg)
        let input =
            model.fixedSize
            ?? Letterbox.inputSize(pictureWidth: picture.width, pictureHeight: picture.height, longSide: longSide)
        let letterbox = Letterbox(
            pictureWidth: picture.width, pictureHeight: picture.height, inputWidth: input.width,
            inputHeight: input.height)
        let warning = try decode(jpeg, picture, into: letterbox)
        if !isTruncationAllowed, let warning, !Self.isHarmless(warning) {
            throw DetectionError(.badPicture, "the picture is damaged: \(warning)")
        }
        let decoded = Clock.monotonic
        let candidates: [YOLOX.Candidate]
        do throws(RuntimeFailure) {
            candidates = try model.candidates(in: &tensor, width: input.width, height: input.height)
        } catch {
            throw DetectionError(.inferenceFailed, "the network could not be computed: \(error)")
        }
        let computed = Clock.monotonic
        let predictions = YOLOX.suppressed(candidates).compactMap { candidate in
            letterbox.box(of: candidate, pictureWidth: picture.width, pictureHeight: picture.height).map {
                Prediction(
                    classID: candidate.classID, label: model.labels[candidate.classID], confidence: candidate.score,
                    box: $0)
            }
        }
        return Detection(
            predictions: predictions, width: picture.width, height: picture.height, inputWidth: input.width,
            inputHeight: input.height, inferenceNanoseconds: computed - decoded,
            processNanoseconds: Clock.monotonic - began, warning: warning)
    }

    /// Whether the decoder only found some bytes of padding behind the data, as many cameras leave there.
    static func isHarmless(_ warning: String) -> Bool {
        guard warning.hasSuffix(" extraneous bytes before marker 0xd9") else { return false }
        let count = warning.split(separator: " ").lazy.compactMap { Int($0) }.first
        return count.map { $0 <= 64 } ?? false
    }

    private func renewDecoder() throws(DetectionError) {
        do throws(TurboJPEGError) {
            decoder = try JPEGDecoder()
        } catch {
            throw DetectionError(.inferenceFailed, "no picture can be decoded: \(error)")
        }
    }

    private func size(of jpeg: RawSpan) throws(DetectionError) -> (width: Int, height: Int) {
        try decoding { () throws(TurboJPEGError) in try decoder.size(of: jpeg) }
    }

    /// Calls the decoder, and a new one when it fails.
    ///
    /// What a damaged picture leaves behind in libjpeg can spoil good ones after it.
    private func decoding<Value>(_ body: () throws(TurboJPEGError) -> Value) throws(DetectionError) -> Value {
        do throws(TurboJPEGError) {
            do throws(TurboJPEGError) {
                return try body()
            } catch {
                decoder = try JPEGDecoder()
                return try body()
            }
        } catch {
            throw DetectionError(.badPicture, "the picture is no JPEG that can be decoded: \(error.reason)")
        }
    }

    /// Decodes no larger than needed, which saves most of the work for large pictures.
    private func decode(
        _ jpeg: RawSpan, _ picture: (width: Int, height: Int), into letterbox: Letterbox
    ) throws(DetectionError) -> String? {
        let scale = Self.scale(for: picture, letterbox)
        let (width, height) = (scale(picture.width), scale(picture.height))
        let byteCount = width * height * 3
        if pixels.count != byteCount { pixels = [UInt8](repeating: 0, count: byteCount) }
        let warning = try decoding { () throws(TurboJPEGError) in
            try pixels.withMutableRawSpan { (output) throws(TurboJPEGError) in
                try decoder.decode(
                    jpeg, to: .bgr24, width: width, height: height, bytesPerLine: width * 3, into: &output)
            }
        }
        letterbox.fill(&tensor, from: pixels, width: width, height: height)
        // What one huge picture took is not kept for all the small ones after it.
        if pixels.count > 16 << 20 { pixels = [] }
        return warning
    }

    /// The smallest scale that still has every pixel the input can show.
    static func scale(for picture: (width: Int, height: Int), _ letterbox: Letterbox) -> JPEGDecoder.Scale {
        let fitting = scales.last {
            $0(picture.width) >= letterbox.contentWidth && $0(picture.height) >= letterbox.contentHeight
        }
        return fitting ?? .full
    }

    /// Those for which libturbojpeg has vector code: others take longer than decoding all.
    private static let scales: [JPEGDecoder.Scale] = [.full, .half, .quarter, .eighth]

    private static func names(in path: FilePath) throws(DetectionError) -> [String] {
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try File.contents(of: path, maximumByteCount: 1 << 20)
        } catch {
            throw DetectionError(.modelMissing, "the names of the model's classes cannot be read: \(error)")
        }
        let names = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
            .map { $0.filter { !$0.isNewline } }.filter { !$0.isEmpty }
        return names
    }
}
