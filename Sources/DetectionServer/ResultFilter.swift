import Detection
import Web

/// Which predictions of a result a request wants, and in which form.
struct ResultFilter: Hashable {
    /// The minimum confidence.
    var minimum: Float
    /// The classes that are reported; nil: all.
    var labels: Set<String>?
    /// Whether the answer is the picture with boxes, not JSON.
    var wantsPicture = false

    static let parameters: Set<String> = ["min", "labels"]

    /// Takes `min=` and `labels=` from a query.
    init(_ query: Query, threshold: Float, accept: String?) throws(HTTPError) {
        let range = Double(YOLOX.leastConfidence)...1
        // The minimum is a Float: as a Double it is not quite 0.05.
        let text = try query.number("min", in: 0.05...1)
        minimum = text.map { max(Float($0), Float(range.lowerBound)) } ?? threshold
        if let text = query.first("labels") {
            // Split on scalars: a combining mark after the comma would merge with it into one Character.
            let names = text.unicodeScalars.split(separator: ",").map { String($0).trimmed.lowercased() }
                .filter { !$0.isEmpty }
            guard !names.isEmpty, names.count <= 100 else {
                throw HTTPError(
                    400, "bad_query", "The query parameter 'labels' takes names of classes, such as person,car.")
            }
            labels = Set(names)
        }
        wantsPicture = accept.map { Preference($0).isForPicture } ?? false
    }

    /// A class that the model does not have, if there is one.
    func unknownLabel(_ known: [String]) -> String? {
        labels?.sorted().first { label in !known.contains { $0.lowercased() == label } }
    }

    /// Those of `predictions` that are wanted.
    func filter(_ predictions: [Prediction]) -> [Prediction] {
        predictions.filter { $0.confidence >= minimum && labels?.contains($0.label.lowercased()) ?? true }
    }

    /// As a query, from its question mark on; empty if it is the default.
    func query(threshold: Float) -> String {
        var items: [String] = []
        if minimum != threshold { items.append("min=\(minimum)") }
        if let labels { items.append("labels=" + labels.sorted().map(Self.encoded).joined(separator: ",")) }
        return items.isEmpty ? "" : "?" + items.joined(separator: "&")
    }

    /// In percent-encoding (RFC 3986, section 2.1).
    private static func encoded(_ text: String) -> String {
        text.utf8.reduce(into: "") { result, byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x5f: result.unicodeScalars.append(.init(byte))
            default: result += (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
            }
        }
    }
}
