/// The reason why detection failed.
///
/// The description is one sentence.
public struct DetectionError: Error, Equatable, Sendable, CustomStringConvertible {
    public enum Kind: String, Sendable, CaseIterable {
        /// ONNX Runtime was not found.
        case runtimeMissing = "runtime_missing"
        /// The library is not ONNX Runtime, or it is too old, damaged, or built for another architecture.
        case runtimeUnusable = "runtime_unusable"
        /// The model file was not found.
        case modelMissing = "model_missing"
        /// The model file is damaged or not a YOLOX model.
        case modelUnusable = "model_unusable"
        /// The picture cannot be decoded.
        case badPicture = "bad_picture"
        /// Processing the picture would need too much memory or time.
        case pictureTooLarge = "picture_too_large"
        /// Inference failed.
        case inferenceFailed = "inference_failed"
    }

    public let kind: Kind
    public let description: String

    public init(_ kind: Kind, _ sentence: String) {
        self.kind = kind
        description = sentence
    }
}
