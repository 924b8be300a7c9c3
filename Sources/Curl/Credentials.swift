/// A user name and a password for a server.
///
/// ``description`` and ``debugDescription`` hide both, to keep them out of logs.
public struct Credentials: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible {
    public let user: String
    public let password: String

    public init(user: String, password: String) {
        self.user = user
        self.password = password
    }

    public var description: String { "(hidden)" }
    public var debugDescription: String { description }
}
