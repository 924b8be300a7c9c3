/// A request from the web server.
public struct Request: Equatable, Sendable {
    /// The FastCGI request ID, which the records of the response must contain.
    public let id: UInt16
    /// The CGI variables, such as `REQUEST_METHOD`.
    ///
    /// If a name occurs several times, this is the first value.
    public let parameters: [String: String]

    public init(id: UInt16, parameters: [String: String]) {
        self.id = id
        self.parameters = parameters
    }

    /// The value of a variable; nil if it is missing or empty.
    public subscript(_ name: String) -> String? {
        guard let value = parameters[name], !value.isEmpty else { return nil }
        return value
    }
}
