/// A user name and a password for a server.
///
/// ``description`` and ``debugDescription`` contain neither of them, so that they never appear in a log.
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
