/// What is wrong with how an upstream was named or its credentials were given: one sentence for a person.
public struct UpstreamError: Error, Equatable, CustomStringConvertible, Sendable {
    public let description: String

    init(_ description: String) {
        self.description = description
    }
}
