/// The error for a picture that cannot be encoded, turned or decoded.
public struct TurboJPEGError: Error, Sendable, Equatable {
    /// The operation that failed, such as `encode 1280x720 yuyv`.
    public let operation: String

    /// The reason, which is either libturbojpeg's message, or a text that says which argument is invalid.
    public let reason: String

    init(_ operation: String, _ reason: String) {
        self.operation = operation
        self.reason = reason
    }
}

extension TurboJPEGError: CustomStringConvertible {
    public var description: String { "\(operation): \(reason)" }
}
