/// Which objects of a class count.
public struct ClassRule: Sendable {
    /// A sighting with at least this score is a sure one; weaker ones only continue a track, as in ByteTrack.
    public var minimumScore = 0.4
    /// A track begins with this score, and becomes an object when the median of its scores reaches it.
    public var confirmingScore = 0.5
    /// Shares of the picture's area.
    public var minimumArea = 0.0
    public var maximumArea = 1.0
    /// Width by height.
    public var minimumRatio = 0.0
    public var maximumRatio = Double.infinity
    /// Objects that stand in one of these areas do not count.
    public var ignoredAreas: [Polygon] = []

    public init() {}
}

/// Decides which sightings are worth tracking.
public struct ObjectFilter: Sendable {
    /// Weaker sightings are noise: ByteTrack's lower limit.
    public static let lowestScore = 0.1

    private let rules: [Int: ClassRule]
    /// The first class of the group that a class belongs to.
    private var groupOfClass: [Int: Int] = [:]

    /// - Parameters:
    ///   - rules: By class; others are not tracked.
    ///   - groups: Classes that detectors confuse, such as car, bus and truck: one object may be seen as any of them.
    public init(rules: [Int: ClassRule], groups: [[Int]] = []) {
        self.rules = rules
        for group in groups {
            for member in group { groupOfClass[member] = group.first }
        }
    }

    /// Returns the same number for classes that may be one object.
    func group(_ classID: Int) -> Int { groupOfClass[classID] ?? classID }

    func rule(_ classID: Int) -> ClassRule { rules[classID] ?? ClassRule() }

    /// Returns whether a sighting may belong to an object, whatever its score above ``lowestScore``.
    public func accepts(_ sighting: Sighting, in picture: PictureSize) -> Bool {
        guard let rule = rules[sighting.classID], sighting.score >= Self.lowestScore, !sighting.box.isEmpty else {
            return false
        }
        let area = sighting.box.area / picture.area
        let ratio = sighting.box.width / sighting.box.height
        guard area >= rule.minimumArea && area <= rule.maximumArea else { return false }
        guard ratio >= rule.minimumRatio && ratio <= rule.maximumRatio else { return false }
        guard !rule.ignoredAreas.isEmpty else { return true }
        let foot = picture.foot(of: sighting.box)
        return !rule.ignoredAreas.contains { $0.contains(foot) }
    }
}
