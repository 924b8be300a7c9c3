import Detection
import Web

/// Selects the predictions that a request asks for, and the form of the response.
struct ResultFilter: Hashable {
    /// The minimum confidence of the predictions to report.
    var minimum: Float
    /// The names of the classes to report, in lower case; nil means all classes.
    var labels: Set<String>?
    /// Whether to return the picture with boxes instead of JSON.
    var wantsPicture = false

    static let parameters: Set<String> = ["min", "labels"]

    /// Reads `min` and `labels` from a query, and the desired form of the response from the `Accept` header.
    init(_ query: Query, threshold: Float, accept: String?) throws(HTTPError) {
        let range = Double(YOLOX.minimumConfidence)...1
        // Do not check against `range` here: 0.05 as a Float is slightly larger than 0.05 as a Double, so `min=0.05`
        // would be refused.
        let text = try query.number("min", in: 0.05...1)
        minimum = text.map { max(Float($0), Float(range.lowerBound)) } ?? threshold
        if let text = query.first("labels") {
            // Split the text as Unicode scalars. A combining mark after a comma would form one Character with the
            // comma.
            let names = text.unicodeScalars.split(separator: ",").map { String($0).trimmed.lowercased() }
                .filter { !$0.isEmpty }
            guard !names.isEmpty, names.count <= 100 else {
                throw HTTPError(
                    400, "bad_query", "The query parameter 'labels' must be a list of class names, such as person,car.")
            }
            labels = Set(names)
        }
        wantsPicture = accept.map { Preference($0).isForPicture } ?? false
    }

    /// Returns a requested class that is not in `known`; nil if all are known.
    func unknownLabel(_ known: [String]) -> String? {
        labels?.sorted().first { label in !known.contains { $0.lowercased() == label } }
    }

    /// Returns the predictions that match the filter.
    func filter(_ predictions: [Prediction]) -> [Prediction] {
        predictions.filter { $0.confidence >= minimum && labels?.contains($0.label.lowercased()) ?? true }
    }

    /// Returns the filter as a query including the question mark, or an empty string if it is the default filter.
    func query(threshold: Float) -> String {
        var items: [String] = []
        if minimum != threshold { items.append("min=\(minimum)") }
        if let labels { items.append("labels=" + labels.sorted().map(Self.encoded).joined(separator: ",")) }
        return items.isEmpty ? "" : "?" + items.joined(separator: "&")
    }

    /// Returns the text with percent-encoding (RFC 3986, section 2.1).
    private static func encoded(_ text: String) -> String {
        text.utf8.reduce(into: "") { result, byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x5f: result.unicodeScalars.append(.init(byte))
            default: result += (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
            }
        }
    }
}
