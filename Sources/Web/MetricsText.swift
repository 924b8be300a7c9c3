/// Builds metrics in the Prometheus text format, version 0.0.4.
public struct MetricsText {
    public enum Kind: String {
        case counter
        case gauge
        case histogram
    }

    public private(set) var text = ""

    public init() {}

    /// Starts a metric family; `help` must be a single line.
    public mutating func family(_ name: String, _ kind: Kind, _ help: String) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
    }

    /// Adds a sample of the current family.
    ///
    /// If `value` is infinite or not a number, 0 is written instead.
    public mutating func sample(_ name: String, _ labels: [(name: String, value: String)], _ value: Double) {
        text += name
        if !labels.isEmpty {
            text += "{" + labels.map { "\($0.name)=\"\(Self.escaped($0.value))\"" }.joined(separator: ",") + "}"
        }
        let isWhole = value == value.rounded() && abs(value) < 1e15
        text += isWhole ? " \(Int64(value))\n" : value.isFinite ? " \(value)\n" : " 0\n"
    }

    /// The metrics as a response.
    public var response: Response {
        let body = Array(text.utf8)
        return Response(
            status: 200,
            headers: [
                ("Content-Type", "text/plain; version=0.0.4; charset=utf-8"), ("Content-Length", "\(body.count)"),
                ("Cache-Control", "no-store"),
            ],
            body: body)
    }

    private static func escaped(_ value: String) -> String {
        var escaped = ""
        for character in value {
            switch character {
            case "\\": escaped += "\\\\"
            case "\"": escaped += "\\\""
            case "\n": escaped += "\\n"
            default: escaped.append(character)
            }
        }
        return escaped
    }
}
