/// Why nothing can be detected: one sentence for a person.
public struct DetectionError: Error, Equatable, Sendable, CustomStringConvertible {
    public enum Kind: String, Sendable, CaseIterable {
        /// No library of ONNX Runtime where one was looked for.
        case runtimeMissing = "runtime_missing"
        /// There is one, but it is no ONNX Runtime, too old, or for another machine.
        case runtimeUnusable = "runtime_unusable"
        /// No file with a model where one was looked for.
        case modelMissing = "model_missing"
        /// There is one, but it is damaged, or of another family than YOLOX.
        case modelUnusable = "model_unusable"
        /// What was given is no picture that can be decoded.
        case badPicture = "bad_picture"
        /// A picture, but one that would take too much memory or time.
        case pictureTooLarge = "picture_too_large"
        /// The network could not be computed.
        case inferenceFailed = "inference_failed"
    }

    public let kind: Kind
    public let description: String

    public init(_ kind: Kind, _ sentence: String) {
        self.kind = kind
        description = sentence
    }
}
