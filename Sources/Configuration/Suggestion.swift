/// Suggests a correction for a misspelt word.
enum Suggestion {
    /// Returns `did you mean 'WORD'?`, or a list of all `words` if none of them is similar to `text`.
    static func remedy(for text: String, among words: [String]) -> String {
        // Only the beginning of a long text is compared, so it would look similar to a short word.
        guard text.utf8.count <= 64 else { return "use one of \(words.joined(separator: ", "))" }
        let ranked = words.map { (word: $0, distance: distance(text, $0)) }
        if let best = ranked.min(by: { $0.distance < $1.distance }), best.distance <= max(1, text.utf8.count / 3) {
            return "did you mean '\(best.word)'?"
        }
        return "use one of \(words.joined(separator: ", "))"
    }

    /// Returns the edit distance, which is the number of insertions, deletions, substitutions and swaps of adjacent
    /// letters that turn one word into the other.
    static func distance(_ left: String, _ right: String) -> Int {
        let (left, right) = (Array(left.lowercased().utf8.prefix(64)), Array(right.lowercased().utf8.prefix(64)))
        var rows = [Array(0...right.count)]
        for (row, byte) in left.enumerated() {
            var next = [row + 1]
            for (column, other) in right.enumerated() {
                var best = min(rows[row][column] + (byte == other ? 0 : 1), rows[row][column + 1] + 1, next[column] + 1)
                if row > 0, column > 0, byte == right[column - 1], left[row - 1] == other {
                    best = min(best, rows[row - 1][column - 1] + 1)
                }
                next.append(best)
            }
            rows.append(next)
        }
        return rows[left.count][right.count]
    }
}
