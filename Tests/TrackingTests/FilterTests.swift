import Linux
import Testing

@testable import Tracking

@Suite("Filters, assignment and estimates")
struct FilterTests {
    private let size = PictureSize(width: 1000, height: 500)

    @Test("a filter rejects objects of other classes, sizes and aspect ratios, and objects that stand in ignored areas")
    func rules() throws {
        var rule = ClassRule()
        rule.minimumArea = 0.01
        rule.maximumArea = 0.1
        rule.minimumRatio = 0.2
        rule.maximumRatio = 1
        let points = [(0.5, 0.5), (1, 0.5), (1, 1), (0.5, 1)].map { Point(x: $0.0, y: $0.1) }
        rule.ignoredAreas = [try #require(Polygon(points))]
        let filter = ObjectFilter(rules: [3: rule])
        func accepts(
            _ width: Double, _ height: Double, left: Double = 100, top: Double = 100, kind: Int = 3, score: Double = 0.5
        ) -> Bool {
            filter.accepts(
                Sighting(
                    classID: kind, score: score,
                    box: Box(left: left, top: top, right: left + width, bottom: top + height)),
                in: size)
        }
        #expect(accepts(80, 100))
        #expect(!accepts(80, 100, kind: 4))
        #expect(!accepts(80, 100, score: 0.09))
        #expect(!accepts(40, 100))
        #expect(!accepts(250, 390))
        #expect(!accepts(35, 390))
        #expect(!accepts(150, 100))
        #expect(!accepts(80, 100, left: 700, top: 300))
        // This object stands at the lower edge of the picture, which is also the lower edge of the ignored area.
        #expect(!accepts(80, 100, left: 700, top: 400))
        #expect(accepts(80, 100, left: 700, top: 100))
    }

    @Test("the assignment has the same total cost as the cheapest one that an exhaustive search finds")
    func assignment() {
        var random = SeededRandom(seed: 4)
        var assignment = Assignment()
        func best(_ costs: [[Double]], _ row: Int, _ used: Set<Int>) -> Double {
            guard row < costs.count else { return 0 }
            // If there are more rows than columns, a row may remain without a column.
            var lowest = costs.count > costs[0].count ? best(costs, row + 1, used) + 1000 : Double.infinity
            for column in costs[row].indices where !used.contains(column) {
                lowest = min(lowest, costs[row][column] + best(costs, row + 1, used.union([column])))
            }
            return lowest
        }
        for _ in 0..<60 {
            let (rows, columns) = (Int(random.uniform(1...5)), Int(random.uniform(1...5)))
            let costs = (0..<rows).map { _ in (0..<columns).map { _ in random.uniform(0...4) } }
            var sum = 0.0
            var pairs: [(row: Int, column: Int)] = []
            assignment.solve(
                rows: rows, columns: columns, limit: 4, cost: { costs[$0][$1] }, pair: { pairs.append(($0, $1)) })
            for pair in pairs { sum += costs[pair.row][pair.column] }
            #expect(pairs.count == min(rows, columns))
            #expect(Set(pairs.map(\.row)).count == pairs.count && Set(pairs.map(\.column)).count == pairs.count)
            #expect(abs(sum - best(costs, 0, []).truncatingRemainder(dividingBy: 1000)) < 1e-9)
        }
    }

    @Test("a row and a column are not paired if the pair costs more than the limit")
    func limit() {
        var assignment = Assignment()
        var pairs: [[Int]] = []
        let costs = [[0.9, 0.2], [0.3, 0.95]]
        assignment.solve(rows: 2, columns: 2, limit: 0.25, cost: { costs[$0][$1] }, pair: { pairs.append([$0, $1]) })
        #expect(pairs == [[0, 1]])
    }

    @Test("a Kalman filter gives the same estimate for one long time step as for many short ones")
    func steps() {
        var one = KalmanValue(10, noise: 1, speedNoise: 8)
        one.correct(12, noise: 1)
        var many = one
        one.predict(seconds: 1, acceleration: 2)
        for _ in 0..<50 { many.predict(seconds: 0.02, acceleration: 2) }
        one.correct(20, noise: 1)
        many.correct(20, noise: 1)
        #expect(abs(one.value - many.value) < 1e-9)
        #expect(abs(one.speed - many.speed) < 1e-9)
    }

    @Test("a Kalman filter estimates a value more accurately than the measurements, and also how fast it changes")
    func noise() {
        var random = SeededRandom(seed: 5)
        var value = KalmanValue(0, noise: 2, speedNoise: 16)
        var ownError = 0.0
        var measuredError = 0.0
        for step in 1...400 {
            let truth = Double(step) * 0.1 * 7
            let measured = random.normal(truth, 2)
            value.predict(seconds: 0.1, acceleration: 1)
            value.correct(measured, noise: 2)
            guard step > 50 else { continue }
            ownError += abs(value.value - truth)
            measuredError += abs(measured - truth)
        }
        #expect(ownError < 0.6 * measuredError)
        #expect(abs(value.speed - 7) < 2)
    }

    @Test("a polygon need not be convex, but needs at least three corners, all of which must be in the picture")
    func polygon() throws {
        let corners = [(0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.5, 0.3), (0.1, 0.9)].map { Point(x: $0.0, y: $0.1) }
        let polygon = try #require(Polygon(corners))
        #expect(polygon.contains(Point(x: 0.2, y: 0.5)))
        #expect(polygon.contains(Point(x: 0.8, y: 0.5)))
        #expect(!polygon.contains(Point(x: 0.5, y: 0.5)))
        #expect(!polygon.contains(Point(x: 0.05, y: 0.5)))
        #expect(Polygon(Array(corners.prefix(2))) == nil)
        #expect(Polygon(corners + [Point(x: 1.1, y: 0)]) == nil)
        #expect(Polygon(corners + [Point(x: .nan, y: 0)]) == nil)
    }
}
