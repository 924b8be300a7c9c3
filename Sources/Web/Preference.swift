/// Determines whether a client prefers JSON or JPEG, according to its Accept header (RFC 9110, section 12.5.1).
public struct Preference {
    /// Whether JPEG is preferred over JSON.
    ///
    /// If both have the same weight, the type that comes first in the header is preferred.
    public let isForPicture: Bool

    private struct Range {
        let type: String
        let weight: Double
    }

    public init(_ accept: String) {
        let ranges = accept.split(separator: ",").map { item in
            let parts = item.split(separator: ";").map { $0.trimmed.lowercased() }
            return Range(type: parts.first ?? "", weight: Self.weight(parts.dropFirst()))
        }
        // `*/*` counts as JSON, because a client that accepts every type has not asked for a picture.
        let picture = Self.place(of: ["image/jpeg", "image/*"], in: ranges)
        let json = Self.place(of: ["application/json", "application/*", "*/*"], in: ranges)
        guard let picture, ranges[picture].weight > 0 else {
            isForPicture = false
            return
        }
        guard let json else {
            isForPicture = true
            return
        }
        isForPicture =
            ranges[picture].weight > ranges[json].weight
            || (ranges[picture].weight == ranges[json].weight && picture < json)
    }

    /// Searches `ranges` for each of `types` in turn, and returns the index of the first match.
    ///
    /// The most specific type must therefore be the first in `types`.
    private static func place(of types: [String], in ranges: [Range]) -> Int? {
        for type in types {
            if let index = ranges.firstIndex(where: { $0.type == type }) { return index }
        }
        return nil
    }

    /// Returns the value of the parameter `q`, from 0 to 1.
    ///
    /// The result is 1 if the parameter is missing, and 0 if its value is invalid.
    private static func weight(_ parameters: ArraySlice<String>) -> Double {
        guard let parameter = parameters.first(where: { $0.hasPrefix("q=") }) else { return 1 }
        guard let weight = Double(parameter.dropFirst(2)), (0...1).contains(weight) else { return 0 }
        return weight
    }
}
