/// An invalid upstream address or credentials list, described in one sentence.
public struct UpstreamError: Error, Equatable, CustomStringConvertible, Sendable {
    public let description: String

    init(_ description: String) {
        self.description = description
    }
}
