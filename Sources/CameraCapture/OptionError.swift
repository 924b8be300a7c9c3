/// The reason why a command-line value is invalid, in one sentence that also says which values are valid.
public struct OptionError: Error, Equatable, CustomStringConvertible, Sendable {
    public let description: String

    init(_ sentence: String) {
        description = sentence
    }
}
