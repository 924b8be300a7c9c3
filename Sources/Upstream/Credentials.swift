/// What an upstream is shown when it asks who is there; printed, it shows nothing.
public struct Credentials: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible {
    let user: String
    let password: String

    public init(user: String, password: String) {
        self.user = user
        self.password = password
    }

    public var description: String { "(hidden)" }
    public var debugDescription: String { description }
}
