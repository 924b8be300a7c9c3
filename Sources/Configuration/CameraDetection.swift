public import Names
public import Tracking

/// When objects are detected in a camera's frames in real time.
public enum DetectionMode: String, CaseIterable, Sendable {
    /// Never.
    case off
    /// While somebody watches the results.
    case watched
    /// Always.
    case always
}

/// What real-time detection does with the frames of one camera.
public struct CameraDetection: Equatable, Sendable {
    public var mode: DetectionMode
    /// The maximum number of frames per second that are searched for motion and objects, from 0.1 to 60.
    public var rate: Double
    public var scene: SceneSettings

    public init(
        mode: DetectionMode = .watched, rate: Double = DetectionSettings.standardRate, scene: SceneSettings = .init()
    ) {
        self.mode = mode
        self.rate = rate
        self.scene = scene
    }
}

/// Which objects are of interest in a camera's scene, and where.
public struct SceneSettings: Equatable, Sendable {
    /// A named part of the picture.
    public struct Area: Equatable, Sendable {
        public var name: String
        /// The corners, in fractions of the picture.
        public var polygon: Polygon
        /// The names of the classes that the area is for; empty means all.
        public var classes: [String]

        public init(_ name: String, _ polygon: Polygon, classes: [String] = []) {
            self.name = name
            self.polygon = polygon
            self.classes = classes
        }
    }

    /// An area that objects enter and leave.
    public struct Zone: Equatable, Sendable {
        public var area: Area
        /// How long an object must be in the area before it counts as having entered, from 0 to 3600 seconds.
        public var seconds: Double

        public init(_ area: Area, seconds: Double = 0.6) {
            self.area = area
            self.seconds = seconds
        }
    }

    /// The names of the classes whose objects are reported.
    public var classes = DetectionSettings.standardClasses
    /// The conditions for objects of a class that differ from the default ones, by the name of the class.
    public var limits: [String: ClassLimits] = [:]
    public var zones: [Zone] = []
    /// The areas in which motion is ignored; objects in them are reported if a look finds them.
    public var masks: [Area] = []
    /// The areas in which objects are ignored.
    public var ignored: [Area] = []

    public init() {}

    /// Returns the conditions for objects of a class.
    public func rule(for name: String) -> ClassRule {
        var rule = ClassRule()
        limits[name]?.apply(to: &rule)
        rule.ignoredAreas = ignored.filter { $0.classes.isEmpty || $0.classes.contains(name) }.map(\.polygon)
        return rule
    }
}

/// The conditions for objects of one class; a condition that is nil has its default.
public struct ClassLimits: Equatable, Sendable {
    /// The keys of the conditions, after `class.NAME.`.
    static let keys = ["score", "confirm", "min-area", "max-area", "min-ratio", "max-ratio"]

    /// See ``ClassRule/minimumScore``; from 0.1 to 1.
    public var score: Double?
    /// See ``ClassRule/confirmingScore``; from 0.1 to 1.
    public var confirmingScore: Double?
    /// See ``ClassRule/minimumArea``; from 0 to 1.
    public var minimumArea: Double?
    /// See ``ClassRule/maximumArea``; from 0 to 1.
    public var maximumArea: Double?
    /// See ``ClassRule/minimumRatio``; from 0 to 100.
    public var minimumRatio: Double?
    /// See ``ClassRule/maximumRatio``; from 0 to 100.
    public var maximumRatio: Double?

    public init() {}

    func apply(to rule: inout ClassRule) {
        rule.minimumScore = score ?? rule.minimumScore
        rule.confirmingScore = confirmingScore ?? rule.confirmingScore
        rule.minimumArea = minimumArea ?? rule.minimumArea
        rule.maximumArea = maximumArea ?? rule.maximumArea
        rule.minimumRatio = minimumRatio ?? rule.minimumRatio
        rule.maximumRatio = maximumRatio ?? rule.maximumRatio
    }

    /// Replaces each condition for which `other` has a value.
    mutating func override(with other: ClassLimits) {
        score = other.score ?? score
        confirmingScore = other.confirmingScore ?? confirmingScore
        minimumArea = other.minimumArea ?? minimumArea
        maximumArea = other.maximumArea ?? maximumArea
        minimumRatio = other.minimumRatio ?? minimumRatio
        maximumRatio = other.maximumRatio ?? maximumRatio
    }

    mutating func set(_ key: String, to value: String) throws(Value.Invalid) {
        switch key {
        case "score": score = try Value.number(value, ObjectFilter.lowestScore...1, "a number")
        case "confirm": confirmingScore = try Value.number(value, ObjectFilter.lowestScore...1, "a number")
        case "min-area": minimumArea = try Value.number(value, 0...1, "a share of the picture")
        case "max-area": maximumArea = try Value.number(value, 0...1, "a share of the picture")
        case "min-ratio": minimumRatio = try Value.number(value, 0...100, "a ratio of width to height")
        case "max-ratio": maximumRatio = try Value.number(value, 0...100, "a ratio of width to height")
        default: throw Value.Invalid("write class.NAME.KEY = VALUE; the keys are \(Self.keys.joined(separator: ", "))")
        }
    }

    /// A sentence about two conditions that contradict each other, for a class that has this name; nil if there are
    /// none.
    func contradiction(name: String) -> String? {
        var rule = ClassRule()
        apply(to: &rule)
        let pairs = [
            ("score", rule.minimumScore, "confirm", rule.confirmingScore),
            ("min-area", rule.minimumArea, "max-area", rule.maximumArea),
            ("min-ratio", rule.minimumRatio, "max-ratio", rule.maximumRatio),
        ]
        for (low, lower, high, upper) in pairs where lower > upper {
            return "class '\(excerpt(name))' has \(low) \(lower), which is larger than its \(high) \(upper); "
                + "set class.\(excerpt(name)).\(low) to a smaller number"
        }
        return nil
    }
}

extension SystemConfiguration {
    /// Returns the settings of a camera, which has the default ones if it is not in the configuration.
    public func detection(of name: CameraName) -> CameraDetection {
        let camera = cameras.first { $0.name == name }?.detection ?? CameraDetectionSettings()
        var scene = SceneSettings()
        scene.classes = camera.classes ?? detection.classes
        scene.limits = detection.limits.mapValues(\.limits)
        for (name, override) in camera.limits { scene.limits[name, default: .init()].override(with: override.limits) }
        scene.limits = scene.limits.filter { scene.classes.contains($0.key) }
        scene.zones = camera.zones
        scene.masks = camera.masks
        scene.ignored = camera.ignored
        return CameraDetection(
            mode: camera.mode ?? detection.mode, rate: camera.framesPerSecond ?? detection.framesPerSecond,
            scene: scene)
    }
}
