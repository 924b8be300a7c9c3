/// A request from the web server.
public struct Request: Equatable, Sendable {
    /// The request ID for the records of the response.
    public let id: UInt16
    /// The CGI variables, such as `REQUEST_METHOD`; if a name is repeated, the first value.
    public let parameters: [String: String]

    public init(id: UInt16, parameters: [String: String]) {
        self.id = id
        self.parameters = parameters
    }

    /// The value of a variable, or nil if it is missing or empty.
    public subscript(_ name: String) -> String? {
        guard let value = parameters[name], !value.isEmpty else { return nil }
        return value
    }
}
