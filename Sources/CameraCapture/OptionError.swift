/// Why a command-line value is invalid: one sentence with what is valid.
public struct OptionError: Error, Equatable, CustomStringConvertible, Sendable {
    public let description: String

    init(_ sentence: String) {
        description = sentence
    }
}
