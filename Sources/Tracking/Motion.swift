/// What the motion gate has found in a picture.
public struct Motion: Sendable {
    public enum State: Sendable {
        /// The background is not known yet.
        case learning
        case still
        case motion
        /// Most of the picture has changed, for example because a lamp was switched on or off.
        case global
    }

    public internal(set) var state = State.learning
    /// The cells with motion, in ascending order: line by line, from the top left.
    public internal(set) var cells: [Int] = []
    public internal(set) var grid = CellGrid(width: 8, height: 8)

    /// Returns a box around each group of connected cells with motion.
    ///
    /// - Parameters:
    ///   - size: The size of the camera's picture.
    ///   - isIncluded: Returns whether a cell counts.
    /// - Returns: The boxes, in pixels of the camera's picture.
    public func regions(in size: PictureSize, where isIncluded: (Int) -> Bool = { _ in true }) -> [Box] {
        var open = cells.filter(isIncluded)
        var regions: [Box] = []
        var reached: [Int] = []
        while let first = open.popLast() {
            var region = grid.box(of: first, in: size)
            reached.append(first)
            while let cell = reached.popLast() {
                open.removeAll { other in
                    guard grid.areNeighbours(cell, other) else { return false }
                    reached.append(other)
                    region = region.union(grid.box(of: other, in: size))
                    return true
                }
            }
            regions.append(region)
        }
        return regions
    }
}

/// Divides a small grey picture into cells of 8x8 pixels.
///
/// The camera's picture is eight times as wide and eight times as high. A cell therefore covers 64x64 of its pixels.
public struct CellGrid: Hashable, Sendable {
    static let side = 8

    let width: Int
    let height: Int
    public let columns: Int
    public let rows: Int
    public var count: Int { columns * rows }

    /// - Parameters:
    ///   - width: The width of the small picture.
    ///   - height: The height of the small picture.
    init(width: Int, height: Int) {
        self.width = width
        self.height = height
        columns = (width + Self.side - 1) / Self.side
        rows = (height + Self.side - 1) / Self.side
    }

    /// Returns the box of a cell, in pixels of the camera's picture.
    ///
    /// Cells at the right and the lower edge may be smaller than the other cells.
    public func box(of cell: Int, in size: PictureSize) -> Box {
        let side = Double(Self.side)
        let left = Double(cell % columns) * side
        let top = Double(cell / columns) * side
        return Box(
            left: left, top: top, right: min(left + side, Double(width)), bottom: min(top + side, Double(height))
        ).scaled(from: PictureSize(width: width, height: height), to: size)
    }

    /// Returns whether two cells touch, even if only at a corner.
    func areNeighbours(_ cell: Int, _ other: Int) -> Bool {
        abs(cell % columns - other % columns) <= 1 && abs(cell / columns - other / columns) <= 1
    }
}
