import Linux

/// Remembers the cells in which something moves but no object is seen, such as cells that show trees or a flag.
struct Boredom: Sendable {
    /// The level at which a cell is boring.
    ///
    /// Each look that covers a cell with motion but sees no object there raises the cell's level by 1, up to `limit`.
    private static let boring: Float = 3
    private static let limit: Float = 6
    /// By how much the level of a cell falls in each second without motion there.
    ///
    /// A level at the limit takes a minute to reach 0. The cell is no longer boring after half of that time.
    private static let forgetting: Float = 0.1
    /// The minimum score at which a sighting sets the level of a cell back to 0.
    ///
    /// The score is so low that weak sightings reset the level too.
    private static let interestingScore = 0.25
    /// The margin around a cell in which a sighting counts, as a share of the picture's width.
    ///
    /// An object is often larger than the part of it that moves.
    private static let margin = 0.025

    private var grid: CellGrid?
    private var levels: [Float] = []
    private var previous = Instant.distantPast

    func isBoring(_ cell: Int) -> Bool { levels[cell] >= Self.boring }

    /// Lowers the levels of the cells in which nothing moves.
    mutating func note(_ motion: Motion, at time: Instant) {
        if grid != motion.grid {
            grid = motion.grid
            levels = Array(repeating: 0, count: motion.grid.count)
            previous = time
        }
        let forgotten = Self.forgetting * Float(max(0, (time - previous).inSeconds))
        previous = max(previous, time)
        var next = 0
        for cell in levels.indices {
            if next < motion.cells.count, motion.cells[next] == cell {
                next += 1
            } else {
                levels[cell] = max(0, levels[cell] - forgotten)
            }
        }
    }

    /// Updates the level of each cell with motion that the look has covered.
    ///
    /// The level rises if the look has seen no object there, and becomes 0 if it has seen one.
    mutating func learn(_ motion: Motion, from plan: LookPlan, _ sightings: [Sighting], in picture: PictureSize) {
        guard grid == motion.grid else { return }
        let margin = Self.margin * Double(picture.width)
        for cell in motion.cells {
            let box = motion.grid.box(of: cell, in: picture)
            guard plan.regions.contains(where: { box.share(inside: $0) > 0.5 }) else { continue }
            let around = Box(
                left: box.left - margin, top: box.top - margin, right: box.right + margin, bottom: box.bottom + margin)
            let isInteresting = sightings.contains {
                $0.score >= Self.interestingScore && !$0.box.intersection(around).isEmpty
            }
            levels[cell] = isInteresting ? 0 : min(Self.limit, levels[cell] + 1)
        }
    }
}
