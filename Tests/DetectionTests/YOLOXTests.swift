import Glibc
import Testing

@testable import Detection

@Suite("The output of a YOLOX network")
struct YOLOXTests {
    private static let columns = 7

    /// Returns the rows that a network with two classes outputs for an input of 64x32 pixels.
    ///
    /// `set` contains the values of some rows, by the row's index. The values of all other rows are 0.
    private func rows(_ set: [Int: [Float]]) -> [Float] {
        var rows = [Float](repeating: 0, count: YOLOX.rowCount(width: 64, height: 32) * Self.columns)
        for (row, values) in set {
            for (index, value) in values.enumerated() { rows[row * Self.columns + index] = value }
        }
        return rows
    }

    private func candidates(_ set: [Int: [Float]]) -> [YOLOX.Candidate] {
        YOLOX.candidates(in: rows(set).span, columns: Self.columns, width: 64, height: 32)
    }

    @Test("the output has one row for each cell of the three grids")
    func rowCount() {
        #expect(YOLOX.rowCount(width: 416, height: 416) == 3549)
        #expect(YOLOX.rowCount(width: 416, height: 256) == 2184)
        #expect(YOLOX.rowCount(width: 64, height: 32) == 8 * 4 + 4 * 2 + 2)
    }

    @Test("a row contains a box relative to its cell, in each grid")
    func cells() {
        // The cells, counted from 0, are: column 3, line 2 of the first grid; column 1, line 1 of the second grid;
        // the last cell of the third grid.
        let found = candidates([
            2 * 8 + 3: [0.5, 0.25, log(2), log(4), 0.9, 1, 0],
            32 + 4 + 1: [0, 0, 0, 0, 0.8, 0, 1],
            32 + 8 + 1: [0, 1, log(0.5), log(0.25), 0.7, 1, 0],
        ])
        #expect(
            found == [
                .init(classID: 0, score: 0.9, left: 20, top: 2, right: 36, bottom: 34),
                .init(classID: 1, score: 0.8, left: 8, top: 8, right: 24, bottom: 24),
                .init(classID: 0, score: 0.7, left: 24, top: 28, right: 40, bottom: 36),
            ])
    }

    @Test("rows with a low score or invalid numbers are discarded")
    func refused() {
        #expect(candidates([0: [0, 0, 0, 0, 0.04, 1, 0]]).isEmpty)
        #expect(candidates([0: [0, 0, 0, 0, 0.5, 0.05, 0.09]]).isEmpty)
        #expect(candidates([0: [.nan, 0, 0, 0, 0.5, 1, 0]]).isEmpty)
        #expect(candidates([0: [0, 0, 1000, 0, 0.5, 1, 0]]).isEmpty)
        #expect(candidates([0: [0, 0, 0, 0, .nan, 1, 0]]).isEmpty)
        #expect(candidates([0: [0, 0, 0, 0, 1, .nan, .nan]]).isEmpty)
        #expect(candidates([0: [0, 0, 0, 0, .infinity, 1, 1]]).isEmpty)
    }

    private func box(_ kind: Int, _ score: Float, _ left: Float, width: Float = 100) -> YOLOX.Candidate {
        .init(classID: kind, score: score, left: left, top: 0, right: left + width, bottom: 100)
    }

    @Test("overlapping boxes of one class are one object, but boxes of different classes only if they nearly coincide")
    func suppression() {
        // The boxes are 100 pixels wide. If two of them share a width of 60, 70 or 90 pixels, their overlap
        // (intersection over union) is 60 / 140 = 0.43, 70 / 130 = 0.54 or 90 / 110 = 0.82.
        #expect(YOLOX.suppressed([box(0, 0.9, 0), box(0, 0.8, 40)]).count == 2)
        #expect(YOLOX.suppressed([box(0, 0.9, 0), box(0, 0.8, 30)]) == [box(0, 0.9, 0)])
        #expect(YOLOX.suppressed([box(0, 0.9, 0), box(1, 0.8, 30)]).count == 2)
        #expect(YOLOX.suppressed([box(0, 0.9, 0), box(1, 0.8, 10)]) == [box(0, 0.9, 0)])
        #expect(YOLOX.suppressed([box(0, 0.9, 0, width: 0), box(0, 0.8, 0, width: 0)]).count == 2)
    }

    @Test("at most a hundred objects are reported, the most confident ones")
    func limit() {
        let many = (0..<300).map { box($0, 1 - Float($0) / 1000, Float($0 * 200)) }
        #expect(YOLOX.suppressed(many) == Array(many.prefix(100)))
    }
}
