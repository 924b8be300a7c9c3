import Linux
import SystemPackage
import TurboJPEG

/// Detects objects in JPEGs.
///
/// A detector decodes a picture, scales it to the size of the network's input, runs the network and evaluates its
/// output. Use a detector from only one thread, because it reuses its buffers.
public final class Detector {
    /// The model and runtime in use.
    public struct Description: Sendable, Equatable {
        public var model: String
        public var runtime: String
        public var runtimePath: String
        public var labels: [String]
    }

    /// A loaded model from which detectors for several threads can be created.
    public struct LoadedModel: Sendable {
        public let description: Description
        let model: Model
        let longSide: Int

        /// Returns whether the other value is the same loaded model, and not only an equal one.
        public func isSame(as other: LoadedModel) -> Bool { model === other.model }
    }

    /// The model that this detector uses, with which detectors for other threads can be created.
    public let loadedModel: LoadedModel
    let decoder: JPEGDecoder
    /// The picture that was decoded last, as blue, green and red bytes.
    private(set) var pixels: [UInt8] = []
    var tensor: [Float] = []

    public var description: Description { loadedModel.description }
    var model: Model { loadedModel.model }
    private var longSide: Int { loadedModel.longSide }

    /// Loads the runtime and the model, and tests them.
    ///
    /// - Throws: An error whose description says what is missing or wrong, and names the remedy.
    public convenience init(_ configuration: DetectorConfiguration) throws(DetectionError) {
        let runtime = try InferenceRuntime(
            path: configuration.runtime, folder: configuration.folder, prober: configuration.prober)
        let labels = try configuration.labels.map(Self.names)
        let model = try Model(
            runtime, path: configuration.modelPath, labels: labels, threads: max(1, configuration.threads))
        let description = Description(
            model: model.name, runtime: "onnxruntime \(runtime.version)", runtimePath: runtime.path,
            labels: model.labels)
        try self.init(
            LoadedModel(description: description, model: model, longSide: max(32, configuration.longSide)))
    }

    /// Creates a detector with a model that another detector has loaded.
    ///
    /// - Throws: A ``DetectionError`` of the kind `inferenceFailed` if there is not enough memory.
    public init(_ loadedModel: LoadedModel) throws(DetectionError) {
        self.loadedModel = loadedModel
        do throws(TurboJPEGError) {
            decoder = try JPEGDecoder()
        } catch {
            throw DetectionError(.inferenceFailed, "cannot create a JPEG decoder: \(error)")
        }
    }

    /// Detects objects in a picture.
    ///
    /// - Parameters:
    ///   - jpeg: The picture. It may contain any bytes, and may come from an untrusted source.
    ///   - isTruncationAllowed: Whether to accept a truncated or damaged picture, and decode as much of it as possible.
    /// - Returns: The objects that were detected with a confidence of at least ``YOLOX/minimumConfidence``.
    /// - Throws: A ``DetectionError`` of the kind `badPicture`, `pictureTooLarge` or `inferenceFailed`.
    public func detect(_ jpeg: RawSpan, isTruncationAllowed: Bool = false) throws(DetectionError) -> Detection {
        let began = Clock.monotonic
        try PictureLimits.check(jpeg, isTruncationAllowed: isTruncationAllowed)
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
        let predictions = try predictions(in: letterbox, width: picture.width, height: picture.height)
        let computed = Clock.monotonic
        return Detection(
            predictions: predictions, width: picture.width, height: picture.height, inputWidth: input.width,
            inputHeight: input.height, inferenceNanoseconds: computed - decoded,
            processNanoseconds: Clock.monotonic - began, warning: warning)
    }

    /// Returns whether a warning of the decoder is only about padding after the data, which many cameras write.
    static func isHarmless(_ warning: String) -> Bool {
        guard warning.hasSuffix(" extraneous bytes before marker 0xd9") else { return false }
        let count = warning.split(separator: " ").lazy.compactMap { Int($0) }.first
        return count.map { $0 <= 64 } ?? false
    }

    func size(of jpeg: RawSpan) throws(DetectionError) -> (width: Int, height: Int) {
        try decoding { () throws(TurboJPEGError) in try decoder.size(of: jpeg) }
    }

    func decoding<Value>(_ body: () throws(TurboJPEGError) -> Value) throws(DetectionError) -> Value {
        do throws(TurboJPEGError) {
            return try body()
        } catch {
            throw DetectionError(.badPicture, "the picture is not a valid JPEG: \(error.reason)")
        }
    }

    /// Decodes a picture into the network's input; returns the decoder's warning, or nil if the picture is intact.
    ///
    /// The picture is decoded at the smallest sufficient scale, which saves most of the work for large pictures.
    private func decode(
        _ jpeg: RawSpan, _ picture: (width: Int, height: Int), into letterbox: Letterbox
    ) throws(DetectionError) -> String? {
        let scale = Self.scale(for: picture, letterbox)
        let (width, height) = (scale(picture.width), scale(picture.height))
        let warning = try decode(jpeg, width: width, height: height)
        letterbox.fill(&tensor, from: pixels, width: width, height: height)
        releaseLargePixels()
        return warning
    }

    /// Decodes a picture to ``pixels``; returns the decoder's warning, or nil if the picture is intact.
    ///
    /// The memory is kept for the next picture. New memory would have to be cleared for each picture.
    func decode(_ jpeg: RawSpan, width: Int, height: Int) throws(DetectionError) -> String? {
        let byteCount = width * height * 3
        if pixels.count != byteCount { pixels = [UInt8](repeating: 0, count: byteCount) }
        return try decoding { () throws(TurboJPEGError) in
            try pixels.withMutableRawSpan { (output) throws(TurboJPEGError) in
                try decoder.decode(
                    jpeg, to: .bgr24, width: width, height: height, bytesPerLine: width * 3, into: &output)
            }
        }
    }

    /// Frees the memory of the decoded picture if it is very large.
    func releaseLargePixels() {
        if pixels.count > 16 << 20 { pixels = [] }
    }

    /// Returns the smallest scale at which the picture is at least as large as the part of the input that it covers.
    static func scale(for picture: (width: Int, height: Int), _ letterbox: Letterbox) -> JPEGDecoder.Scale {
        let fitting = scales.last {
            $0(picture.width) >= letterbox.contentWidth && $0(picture.height) >= letterbox.contentHeight
        }
        return fitting ?? .full
    }

    /// The scales for which libturbojpeg has SIMD code.
    ///
    /// Decoding at other scales is slower than at full size.
    static let scales: [JPEGDecoder.Scale] = [.full, .half, .quarter, .eighth]

    private static func names(in path: FilePath) throws(DetectionError) -> [String] {
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try File.contents(of: path, maximumByteCount: 1 << 20)
        } catch {
            throw DetectionError(.modelMissing, "cannot read the class names of the model: \(error)")
        }
        let names = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
            .map { $0.filter { !$0.isNewline } }.filter { !$0.isEmpty }
        return names
    }
}
