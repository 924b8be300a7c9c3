/// A value on the command line that cannot be used: one sentence with what can.
public struct OptionError: Error, Equatable, CustomStringConvertible, Sendable {
    public let description: String

    init(_ sentence: String) {
        description = sentence
    }
}
