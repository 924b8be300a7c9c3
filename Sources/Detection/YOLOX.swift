import Glibc

/// Decodes the output of YOLOX networks.
///
/// The output has a row for each cell of three grids with cells of 8, 16 and 32 pixels, in row-major order. A row
/// consists of the box centre, relative to the cell and in cells; the logarithms of the box width and height in cells;
/// the objectness; and a score per class.
public enum YOLOX {
    /// The cell sizes in pixels.
    static let strides = [8, 16, 32]
    /// The number of values in a row before the class scores.
    static let rowHead = 5

    /// Predictions below this confidence are discarded.
    public static let minimumConfidence: Float = 0.05
    /// The maximum number of predictions per picture.
    public static let maximumPredictionCount = 100
    /// The maximum number of candidates for non-maximum suppression.
    static let maximumCandidateCount = 1000
    /// The overlap (intersection over union) above which two boxes of one class count as the same object.
    static let sameClassOverlap: Float = 0.45
    /// The same for boxes of different classes, such as "truck" and "car".
    static let otherClassOverlap: Float = 0.8

    /// Returns the number of rows for an input size; both sides must be multiples of 32.
    static func rowCount(width: Int, height: Int) -> Int {
        strides.reduce(0) { $0 + width / $1 * (height / $1) }
    }

    /// A possible object: its class, score and box in input pixels.
    struct Candidate: Equatable {
        var classID: Int
        var score: Float
        var left: Float
        var top: Float
        var right: Float
        var bottom: Float

        var area: Float { max(0, right - left) * max(0, bottom - top) }

        /// Returns the intersection over union.
        func overlap(with other: Candidate) -> Float {
            let width = min(right, other.right) - max(left, other.left)
            let height = min(bottom, other.bottom) - max(top, other.top)
            guard width > 0, height > 0 else { return 0 }
            let shared = width * height
            return shared / (area + other.area - shared)
        }
    }

    /// Returns the candidates in a network's output with `columns` values per row, most confident first.
    static func candidates(in rows: Span<Float>, columns: Int, width: Int, height: Int) -> [Candidate] {
        var candidates: [Candidate] = []
        var row = 0
        for stride in strides {
            for line in 0..<(height / stride) {
                for cell in 0..<(width / stride) {
                    let start = row * columns
                    row += 1
                    let objectness = rows[start + 4]
                    guard objectness >= minimumConfidence else { continue }
                    var best = 0
                    for index in 1..<(columns - rowHead)
                    where rows[start + rowHead + index] > rows[start + rowHead + best] { best = index }
                    let score = objectness * rows[start + rowHead + best]
                    guard score >= minimumConfidence, score <= 1.01 else { continue }
                    let size = Float(stride)
                    let (x, y) = ((rows[start] + Float(cell)) * size, (rows[start + 1] + Float(line)) * size)
                    let (w, h) = (exp(rows[start + 2]) * size, exp(rows[start + 3]) * size)
                    guard x.isFinite, y.isFinite, w.isFinite, h.isFinite else { continue }
                    candidates.append(
                        Candidate(
                            classID: best, score: min(score, 1), left: x - w / 2, top: y - h / 2, right: x + w / 2,
                            bottom: y + h / 2))
                }
            }
        }
        candidates.sort { $0.score > $1.score }
        return Array(candidates.prefix(maximumCandidateCount))
    }

    /// Keeps the best of each group of overlapping boxes (non-maximum suppression).
    ///
    /// - Parameter candidates: Sorted, most confident first.
    /// - Returns: The remaining candidates, in the same order.
    static func suppressed(_ candidates: [Candidate]) -> [Candidate] {
        let perClass = suppressed(candidates) { better, other in
            better.classID == other.classID && better.overlap(with: other) > sameClassOverlap
        }
        let all = suppressed(perClass) { better, other in better.overlap(with: other) > otherClassOverlap }
        return Array(all.prefix(maximumPredictionCount))
    }

    private static func suppressed(
        _ candidates: [Candidate], _ isSame: (Candidate, Candidate) -> Bool
    ) -> [Candidate] {
        var kept: [Candidate] = []
        for candidate in candidates where !kept.contains(where: { isSame($0, candidate) }) { kept.append(candidate) }
        return kept
    }
}
