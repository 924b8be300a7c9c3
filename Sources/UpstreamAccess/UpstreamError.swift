/// The error for an invalid upstream address or credentials list.
///
/// Its description is one sentence.
public struct UpstreamError: Error, Equatable, CustomStringConvertible, Sendable {
    public let description: String

    init(_ description: String) {
        self.description = description
    }
}
