/// A request as the web server hands it over.
public struct Request: Equatable, Sendable {
    /// The number that the records of the answer must carry.
    public let id: UInt16
    /// The CGI variables, such as `REQUEST_METHOD`; of a name that came twice, the first.
    public let parameters: [String: String]

    public init(id: UInt16, parameters: [String: String]) {
        self.id = id
        self.parameters = parameters
    }

    /// The value of a variable, or nil when it is missing or empty.
    public subscript(_ name: String) -> String? {
        guard let value = parameters[name], !value.isEmpty else { return nil }
        return value
    }
}
