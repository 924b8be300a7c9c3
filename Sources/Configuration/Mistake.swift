/// Where a setting comes from.
public enum Origin: Hashable, Sendable, CustomStringConvertible {
    /// A line of a file, counting from 1; line 0 means the whole file.
    case file(String, line: Int)
    /// An environment variable.
    case variable(String)

    /// `FILE:LINE`, the file name, or the variable's name.
    public var description: String {
        switch self {
        case .file(let name, line: 0): name
        case .file(let name, let line): "\(name):\(line)"
        case .variable(let name): name
        }
    }
}

/// A mistake in the configuration.
public struct Mistake: Error, Hashable, Sendable, CustomStringConvertible {
    public let origin: Origin
    /// The cause and the remedy.
    public let sentence: String

    public init(_ origin: Origin, _ sentence: String) {
        self.origin = origin
        self.sentence = sentence
    }

    /// The origin and the sentence on one line, such as `FILE:LINE: SENTENCE`.
    public var description: String { "\(origin): \(sentence)" }
}

/// All mistakes in a configuration, in the order of files and lines.
public struct InvalidConfiguration: Error, Equatable, Sendable {
    public let mistakes: [Mistake]

    public init(_ mistakes: [Mistake]) { self.mistakes = mistakes }

    /// Whether all mistakes are in environment variables that serve as options of scripts/run.
    ///
    /// The variable with the upstreams' credentials does not count as one, because it contains the content of a file.
    public var isInOptionsOnly: Bool {
        mistakes.allSatisfy {
            guard case .variable(let name) = $0.origin else { return false }
            return name != VariableReader.credentialsVariable
        }
    }
}

/// Returns text from a configuration for use in a message, truncated and without control characters.
func excerpt(_ text: some StringProtocol) -> String {
    let safe = text.unicodeScalars.map { scalar -> Character in
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: "?"
        default: Character(scalar)
        }
    }
    return safe.count > 60 ? String(safe.prefix(60)) + "…" : String(safe)
}
