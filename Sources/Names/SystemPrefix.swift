import Linux

/// The prefix of the names of all shared memory objects of one Oriel system.
///
/// It matches `[A-Za-z0-9][A-Za-z0-9_-]{0,63}`.
///
/// Two systems on the same machine need different prefixes. Otherwise, they would use the same shared memory.
public struct SystemPrefix: Hashable, Sendable, CustomStringConvertible {
    /// The default prefix.
    public static let standard = SystemPrefix(unchecked: "oriel")

    /// The environment variable that sets the prefix; an empty value counts as unset.
    public static let variable = "ORIEL_PREFIX"

    /// A description of valid prefixes for the end of an error message.
    public static let rule = "use up to 64 letters, digits, '-' and '_', beginning with a letter or digit"

    public let text: String

    /// Returns nil if `text` is not a valid prefix.
    public init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        guard (1...64).contains(bytes.count), let first = bytes.first, first.isLetterOrDigit else { return nil }
        guard bytes.allSatisfy({ $0.isLetterOrDigit || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-") }) else {
            return nil
        }
        self.text = String(text)
    }

    private init(unchecked text: String) {
        self.text = text
    }

    /// Returns the prefix that is set in the environment, or ``standard`` if none is set.
    public static func fromEnvironment() throws(InvalidPrefix) -> SystemPrefix {
        guard let text = Environment.value(variable), !text.isEmpty else { return .standard }
        guard let prefix = SystemPrefix(text) else { throw InvalidPrefix(text: text) }
        return prefix
    }

    public var description: String { text }
}

/// An invalid value of ``SystemPrefix/variable``.
public struct InvalidPrefix: Error, Equatable, CustomStringConvertible, Sendable {
    public let text: String

    public var description: String {
        "\(SystemPrefix.variable) '\(text)' is not a valid prefix: \(SystemPrefix.rule)"
    }
}
