/// Pairs rows with columns so that the sum of the costs is as small as possible.
///
/// This is the Hungarian method with potentials. Its time is proportional to rows² x columns if there are fewer rows
/// than columns, and to columns² x rows otherwise. Buffers are kept between calls.
struct Assignment: Sendable {
    /// The cost of a row and a column that must not be paired.
    ///
    /// Higher costs are reduced to this value.
    static let impossible = 5.0

    /// The costs of all pairs: first row 0 with each column, then row 1 with each column, and so on.
    private var costs: [Double] = []
    private var rowCount = 0
    private var columnCount = 0

    private var rowPotentials: [Double] = []
    private var columnPotentials: [Double] = []
    private var distances: [Double] = []
    private var rowOfColumn: [Int] = []
    private var previousColumns: [Int] = []
    private var isVisited: [Bool] = []

    /// Finds the assignment with the lowest total cost, and calls `pair` for its pairs that cost at most `limit`.
    ///
    /// `cost` must return the cost of pairing a row with a column.
    mutating func solve(
        rows: Int, columns: Int, limit: Double, cost: (_ row: Int, _ column: Int) -> Double,
        pair: (_ row: Int, _ column: Int) -> Void
    ) {
        guard rows > 0 && columns > 0 else { return }
        // The method needs at least as many columns as rows.
        let isSwapped = rows > columns
        rowCount = min(rows, columns)
        columnCount = max(rows, columns)
        costs.removeAll(keepingCapacity: true)
        var isAnyPossible = false
        for row in 0..<rowCount {
            for column in 0..<columnCount {
                let value = isSwapped ? cost(column, row) : cost(row, column)
                isAnyPossible = isAnyPossible || value <= limit
                costs.append(value < Self.impossible ? value : Self.impossible)
            }
        }
        guard isAnyPossible else { return }
        assign()
        for column in 0..<columnCount {
            let row = rowOfColumn[column + 1] - 1
            guard row >= 0, costs[row * columnCount + column] <= limit else { continue }
            if isSwapped { pair(column, row) } else { pair(row, column) }
        }
    }

    /// Finds the assignment with the lowest total cost, and stores it in `rowOfColumn`.
    ///
    /// Rows and columns are numbered from 1 here. Column 0 holds the row that is being assigned.
    private mutating func assign() {
        reset(&rowPotentials, 0, rowCount)
        reset(&columnPotentials, 0, columnCount)
        reset(&rowOfColumn, 0, columnCount)
        reset(&previousColumns, 0, columnCount)
        for row in 1...rowCount {
            rowOfColumn[0] = row
            reset(&distances, .infinity, columnCount)
            reset(&isVisited, false, columnCount)
            var column = 0
            repeat { column = step(from: column) } while rowOfColumn[column] != 0
            while column != 0 {
                let previous = previousColumns[column]
                rowOfColumn[column] = rowOfColumn[previous]
                column = previous
            }
        }
    }

    /// Extends the shortest alternating path by one column, and returns this column.
    private mutating func step(from column: Int) -> Int {
        isVisited[column] = true
        let row = rowOfColumn[column]
        var next = 0
        var shortest = Double.infinity
        for other in 1...columnCount where !isVisited[other] {
            let reduced = costs[(row - 1) * columnCount + other - 1] - rowPotentials[row] - columnPotentials[other]
            if reduced < distances[other] {
                distances[other] = reduced
                previousColumns[other] = column
            }
            if distances[other] < shortest {
                shortest = distances[other]
                next = other
            }
        }
        for other in 0...columnCount {
            if isVisited[other] {
                rowPotentials[rowOfColumn[other]] += shortest
                columnPotentials[other] -= shortest
            } else {
                distances[other] -= shortest
            }
        }
        return next
    }

    private func reset<Element>(_ array: inout [Element], _ value: Element, _ count: Int) {
        array.removeAll(keepingCapacity: true)
        for _ in 0...count { array.append(value) }
    }
}
