import Glibc

/// What the numbers that a YOLOX network gives mean.
///
/// The network looks at the picture in three grids, of 8, 16 and 32 pixels, one after the other, line by line. For
/// each cell it gives a row: the centre, relative to the cell and in cells; the logarithms of width and height, in
/// cells; how likely there is an object; and, for each class, how likely the object is of it.
public enum YOLOX {
    /// Pixels of a cell.
    static let strides = [8, 16, 32]
    /// Numbers of a row before those of the classes.
    static let rowHead = 5

    /// What is less likely is not looked at.
    public static let leastConfidence: Float = 0.05
    /// The most objects that are told of one picture.
    public static let mostPredictions = 100
    /// The most candidates that are compared with each other.
    static let mostCandidates = 1000
    /// Overlap (intersection over union) above which two boxes of one class are taken for one object.
    static let sameClassOverlap: Float = 0.45
    /// The same for boxes of different classes, such as "truck" and "car".
    static let otherClassOverlap: Float = 0.8

    /// Rows for an input of this size; both sides are multiples of 32.
    static func rowCount(width: Int, height: Int) -> Int {
        strides.reduce(0) { $0 + width / $1 * (height / $1) }
    }

    /// A box in the input's pixels, and what it may hold.
    struct Candidate: Equatable {
        var classID: Int
        var score: Float
        var left: Float
        var top: Float
        var right: Float
        var bottom: Float

        var area: Float { max(0, right - left) * max(0, bottom - top) }

        /// Intersection over union.
        func overlap(with other: Candidate) -> Float {
            let width = min(right, other.right) - max(left, other.left)
            let height = min(bottom, other.bottom) - max(top, other.top)
            guard width > 0, height > 0 else { return 0 }
            let shared = width * height
            return shared / (area + other.area - shared)
        }
    }

    /// The candidates in a network's output of `columns` numbers a row, the most likely first.
    static func candidates(in rows: Span<Float>, columns: Int, width: Int, height: Int) -> [Candidate] {
        var candidates: [Candidate] = []
        var row = 0
        for stride in strides {
            for line in 0..<(height / stride) {
                for cell in 0..<(width / stride) {
                    let start = row * columns
                    row += 1
                    let objectness = rows[start + 4]
                    guard objectness >= leastConfidence else { continue }
                    var best = 0
                    for index in 1..<(columns - rowHead)
                    where rows[start + rowHead + index] > rows[start + rowHead + best] { best = index }
                    let score = objectness * rows[start + rowHead + best]
                    guard score >= leastConfidence, score <= 1.01 else { continue }
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
        return Array(candidates.prefix(mostCandidates))
    }

    /// Keeps the best of each group of boxes that show the same thing (non-maximum suppression).
    ///
    /// - Parameter candidates: The most likely first.
    /// - Returns: Those that are kept, in the same order.
    static func suppressed(_ candidates: [Candidate]) -> [Candidate] {
        let perClass = suppressed(candidates) { better, other in
            better.classID == other.classID && better.overlap(with: other) > sameClassOverlap
        }
        let all = suppressed(perClass) { better, other in better.overlap(with: other) > otherClassOverlap }
        return Array(all.prefix(mostPredictions))
    }

    private static func suppressed(
        _ candidates: [Candidate], _ isSame: (Candidate, Candidate) -> Bool
    ) -> [Candidate] {
        var kept: [Candidate] = []
        for candidate in candidates where !kept.contains(where: { isSame($0, candidate) }) { kept.append(candidate) }
        return kept
    }
}
