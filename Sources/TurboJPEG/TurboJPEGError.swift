/// A picture that could not be encoded, turned or decoded.
public struct TurboJPEGError: Error, Sendable, Equatable {
    /// What was being done, such as `encode 1280x720 yuyv`.
    public let operation: String

    /// What was wrong: libturbojpeg's text, or what the caller passed that cannot be.
    public let reason: String

    init(_ operation: String, _ reason: String) {
        self.operation = operation
        self.reason = reason
    }
}

extension TurboJPEGError: CustomStringConvertible {
    public var description: String { "\(operation): \(reason)" }
}
