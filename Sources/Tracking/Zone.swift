import Linux

/// A named part of the picture that objects enter and leave.
public struct Zone: Sendable {
    public var name: String
    public var area: Polygon
    /// Only these classes enter it; all if empty.
    public var classes: Set<Int>
    /// How long an object must stand in it to be there; a longer time finds those who linger.
    public var enterTime: Duration

    public init(name: String, area: Polygon, classes: Set<Int> = [], enterTime: Duration = .milliseconds(600)) {
        self.name = name
        self.area = area
        self.classes = classes
        self.enterTime = enterTime
    }
}

/// In which zones one object is.
struct ZoneVisits: Sendable {
    /// An object that steps out for a shorter time has not left.
    private static let leaveTime = Duration.seconds(1)

    private struct Visit: Sendable {
        var isInside = false
        /// Since when it is on the other side of the border, if it is.
        var changedAt: Instant?
    }

    private var visits: [Visit]
    /// The indices of the zones that it is in now, and of those that it has ever entered, ascending.
    private(set) var current: [Int] = []
    private(set) var entered: [Int] = []

    init(count: Int) { visits = Array(repeating: Visit(), count: count) }

    /// Takes note of where the object was seen.
    ///
    /// - Parameters:
    ///   - foot: Where it stands, in fractions of the picture.
    ///   - classID: What it is taken for.
    ///   - zones: As many as at the beginning.
    ///   - time: When the picture was captured.
    mutating func update(foot: Point, classID: Int, zones: [Zone], at time: Instant) {
        for index in visits.indices {
            let zone = zones[index]
            let isInside = zone.area.contains(foot) && (zone.classes.isEmpty || zone.classes.contains(classID))
            guard isInside != visits[index].isInside else {
                visits[index].changedAt = nil
                continue
            }
            let changedAt = visits[index].changedAt ?? time
            visits[index].changedAt = changedAt
            guard time - changedAt >= (isInside ? zone.enterTime : Self.leaveTime) else { continue }
            visits[index] = Visit(isInside: isInside)
            if isInside {
                current = (current + [index]).sorted()
                if !entered.contains(index) { entered = (entered + [index]).sorted() }
            } else {
                current.removeAll { $0 == index }
            }
        }
    }
}
