import Linux

/// A named part of the picture that objects enter and leave.
public struct Zone: Sendable {
    public var name: String
    public var area: Polygon
    /// The classes of objects that can enter the zone; empty means all.
    public var classes: Set<Int>
    /// How long an object must stand in the zone before it counts as having entered.
    ///
    /// With a longer time, only objects that linger enter the zone.
    public var enterTime: Duration

    public init(name: String, area: Polygon, classes: Set<Int> = [], enterTime: Duration = .milliseconds(600)) {
        self.name = name
        self.area = area
        self.classes = classes
        self.enterTime = enterTime
    }
}

/// The zones that one object is in.
struct ZoneVisits: Sendable {
    /// How long an object must be outside a zone before it counts as having left.
    private static let leaveTime = Duration.seconds(1)

    private struct Visit: Sendable {
        var isInside = false
        /// When the object crossed the border.
        ///
        /// The value is nil if no crossing is waiting to count as entering or leaving.
        var changedAt: Instant?
    }

    private var visits: [Visit]
    /// The indices of the zones that the object is in now, in ascending order.
    private(set) var current: [Int] = []
    /// The indices of the zones that the object has ever entered, in ascending order.
    private(set) var entered: [Int] = []

    init(count: Int) { visits = Array(repeating: Visit(), count: count) }

    /// Updates the visits with the place at which the object was seen.
    ///
    /// - Parameters:
    ///   - foot: Where the object stands, in fractions of the picture.
    ///   - classID: The class of the object.
    ///   - zones: The zones, as many as were passed to ``init(count:)``.
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
