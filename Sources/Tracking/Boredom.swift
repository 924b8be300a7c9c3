import Linux

/// Remembers in which cells motion has been without objects: trees, flags, a television.
struct Boredom: Sendable {
    /// A cell is boring after this many looks in a row that saw nothing there, and is never more boring than the limit.
    private static let boring: Float = 3
    private static let limit: Float = 6
    /// How much of it is forgotten in each second without motion: half a minute from the limit.
    private static let forgetting: Float = 0.1
    /// Even a weak sighting is something.
    private static let interestingScore = 0.25
    /// An object is often larger than what moves of it; as a share of the picture's width.
    private static let margin = 0.025

    private var grid: CellGrid?
    private var levels: [Float] = []
    private var previous = Instant.distantPast

    func isBoring(_ cell: Int) -> Bool { levels[cell] >= Self.boring }

    /// Forgets, where nothing moves.
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

    /// Notes which of the moving cells the look has covered, and whether there was something.
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
