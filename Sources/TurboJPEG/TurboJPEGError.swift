/// An error from encoding, turning or decoding a picture.
public struct TurboJPEGError: Error, Sendable, Equatable {
    /// The operation, such as `encode 1280x720 yuyv`.
    public let operation: String

    /// The reason: libturbojpeg's text, or which argument is invalid.
    public let reason: String

    init(_ operation: String, _ reason: String) {
        self.operation = operation
        self.reason = reason
    }
}

extension TurboJPEGError: CustomStringConvertible {
    public var description: String { "\(operation): \(reason)" }
}
