import Glibc

/// Decodes the output of YOLOX networks.
///
/// Three grids, with cells of 8, 16 and 32 pixels, divide the input. For each cell of the first, second and third grid,
/// in row-major order, the output has a row with these values:
///
/// - the horizontal and the vertical distance of the box's centre from the cell, in units of cells
/// - the logarithms of the width and the height of the box, in units of cells
/// - the objectness, which is the probability that the box contains an object
/// - a score for each class
public enum YOLOX {
    /// The width and the height of a cell in pixels, for each of the three grids.
    static let strides = [8, 16, 32]
    /// The number of values in a row before the scores of the classes.
    static let rowHead = 5

    /// The minimum confidence.
    ///
    /// Predictions with a lower confidence are discarded.
    public static let minimumConfidence: Float = 0.05
    /// The maximum number of predictions per picture.
    public static let maximumPredictionCount = 100
    /// The maximum number of candidates for non-maximum suppression.
    static let maximumCandidateCount = 1000
    /// The overlap (intersection over union) above which two boxes of one class count as the same object.
    static let sameClassOverlap: Float = 0.45
    /// The overlap above which two boxes of different classes, such as "truck" and "car", count as the same object.
    static let otherClassOverlap: Float = 0.8

    /// Returns the number of rows in the output for an input of `width` × `height` pixels.
    ///
    /// Both numbers must be multiples of 32.
    static func rowCount(width: Int, height: Int) -> Int {
        strides.reduce(0) { $0 + width / $1 * (height / $1) }
    }

    /// A possible object.
    ///
    /// The box is in pixels of the input.
    struct Candidate: Equatable {
        var classID: Int
        /// The confidence, from 0 to 1.
        var score: Float
        var left: Float
        var top: Float
        var right: Float
        var bottom: Float

        var area: Float { max(0, right - left) * max(0, bottom - top) }

        /// Returns how much two boxes overlap, as intersection over union.
        func overlap(with other: Candidate) -> Float {
            let width = min(right, other.right) - max(left, other.left)
            let height = min(bottom, other.bottom) - max(top, other.top)
            guard width > 0, height > 0 else { return 0 }
            let shared = width * height
            return shared / (area + other.area - shared)
        }
    }

    /// Returns the candidates in a network's output, beginning with the most confident one.
    ///
    /// - Parameters:
    ///   - rows: The output, with `columns` values per row.
    ///   - columns: The number of values per row.
    ///   - width: The width of the input in pixels.
    ///   - height: The height of the input in pixels.
    /// - Returns: The candidates, at most ``maximumCandidateCount``.
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

    /// Returns only the most confident candidate of each group of overlapping candidates (non-maximum suppression).
    ///
    /// - Parameter candidates: The candidates, beginning with the most confident one.
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
