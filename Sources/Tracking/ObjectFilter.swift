/// The conditions under which objects of a class are tracked.
public struct ClassRule: Equatable, Sendable {
    /// The minimum score of a sure sighting.
    ///
    /// Sightings with a lower score can only continue a track, as in ByteTrack.
    public var minimumScore = 0.4
    /// The minimum score of a sighting that begins a track; also the minimum median score of a track that counts as an
    /// object.
    public var confirmingScore = 0.5
    /// The minimum area of an object, as a share of the picture's area.
    public var minimumArea = 0.0
    /// The maximum area of an object, as a share of the picture's area.
    public var maximumArea = 1.0
    /// The minimum ratio of an object's width to its height.
    public var minimumRatio = 0.0
    /// The maximum ratio of an object's width to its height.
    public var maximumRatio = Double.infinity
    /// If the middle of the lower edge of an object's box lies in one of these areas, the object is ignored.
    public var ignoredAreas: [Polygon] = []

    public init() {}
}

/// Decides which sightings are worth tracking.
public struct ObjectFilter: Sendable {
    /// The minimum score of a sighting, as in ByteTrack.
    ///
    /// Sightings with a lower score are ignored as noise.
    public static let lowestScore = 0.1

    private let rules: [Int: ClassRule]
    /// Maps each class that belongs to a group to the first class of this group.
    private var groupOfClass: [Int: Int] = [:]

    /// - Parameters:
    ///   - rules: The rules by class; classes without a rule are not tracked.
    ///   - groups: Groups of classes that detectors confuse, such as car, bus and truck. An object of such a class can
    ///     be seen as any class of its group.
    public init(rules: [Int: ClassRule], groups: [[Int]] = []) {
        self.rules = rules
        for group in groups {
            for member in group { groupOfClass[member] = group.first }
        }
    }

    /// Returns a number that is the same for all classes of a group.
    func group(_ classID: Int) -> Int { groupOfClass[classID] ?? classID }

    func rule(_ classID: Int) -> ClassRule { rules[classID] ?? ClassRule() }

    /// Returns whether a sighting, sure or weak, meets the conditions for its class.
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
