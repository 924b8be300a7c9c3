import Tracking

/// The settings of real-time detection in the section of one camera.
///
/// If a setting is nil, the one of [detection] applies.
public struct CameraDetectionSettings: Equatable, Sendable {
    public var mode: DetectionMode?
    /// See ``CameraDetection/rate``.
    public var framesPerSecond: Double?
    /// See ``SceneSettings/classes``.
    public var classes: [String]?
    public var limits: [String: DefinedLimits] = [:]
    public var zones: [SceneSettings.Zone] = []
    public var masks: [SceneSettings.Area] = []
    public var ignored: [SceneSettings.Area] = []
    /// Where areas with classes name these classes, for messages.
    var classOrigins: [(origin: Origin, area: String, classes: [String])] = []

    public init() {}

    public static func == (left: Self, right: Self) -> Bool {
        (left.mode, left.framesPerSecond, left.classes) == (right.mode, right.framesPerSecond, right.classes)
            && (left.limits, left.zones, left.masks, left.ignored)
                == (right.limits, right.zones, right.masks, right.ignored)
    }
}

/// The conditions for a class, and where the first of them is set.
public struct DefinedLimits: Equatable, Sendable {
    public var limits = ClassLimits()
    public let origin: Origin
}

/// Collects the settings of detection while a section is read.
struct DetectionSection {
    /// The beginnings of keys that contain a name: those of a camera's section, and those of [detection].
    static let cameraPrefixes = ["class.", "zone.", "mask.", "ignore."]
    static let generalPrefixes = ["class."]
    /// The maximum number of zones of a camera.
    ///
    /// An event contains the names of zones up to four times, and must not be larger than 4 KiB.
    private static let maximumZoneCount = 16
    /// The maximum number of masks, and of ignored areas, of a camera.
    private static let maximumAreaCount = 64

    /// The settings of an area, in any order.
    private struct Draft {
        var polygon: Polygon?
        var classes: [String] = []
        var seconds: Double?
        var origin: Origin
        var classOrigin: Origin?
    }

    private(set) var limits: [String: DefinedLimits] = [:]
    private var drafts: [String: [String: Draft]] = [:]
    /// The names of the areas of each kind, in the order of the file.
    private var names: [String: [String]] = [:]

    /// Whether a key belongs to the settings that this type collects.
    static func contains(_ key: String) -> Bool { cameraPrefixes.contains { key.hasPrefix($0) } }

    /// Applies a setting whose key begins with one of ``cameraPrefixes``.
    mutating func set(_ entry: Section.Entry) throws(Value.Invalid) {
        let words = entry.key.split(separator: ".", omittingEmptySubsequences: false).map { String($0) }
        let (kind, name) = (words[0], words[1])
        if kind == "class" {
            // A class may have a dot in its name.
            guard words.count >= 3, let key = words.last, !name.isEmpty else {
                throw Value.Invalid("write class.NAME.KEY = VALUE, such as class.person.confirm = 0.6")
            }
            let label = words[1..<(words.count - 1)].joined(separator: ".")
            try limits[label, default: DefinedLimits(origin: entry.origin)].limits.set(key, to: entry.value)
            return
        }
        guard words.count <= 3, Self.isName(name) else {
            throw Value.Invalid(
                "for the name, use up to 32 letters, digits, '-' and '_', and begin with a letter, as in \(kind).porch")
        }
        var draft = drafts[kind]?[name] ?? Draft(origin: entry.origin)
        switch (kind, words.count == 3 ? words[2] : "") {
        case (_, ""): draft.polygon = try Value.polygon(entry.value)
        case ("zone", "classes"), ("ignore", "classes"):
            draft.classes = try Value.classes(entry.value)
            draft.classOrigin = entry.origin
        case ("zone", "seconds"): draft.seconds = try Value.number(entry.value, 0...3600, "seconds")
        case ("zone", _): throw Value.Invalid("write zone.NAME, zone.NAME.classes or zone.NAME.seconds")
        case ("ignore", _): throw Value.Invalid("write ignore.NAME or ignore.NAME.classes")
        default: throw Value.Invalid("write mask.NAME = X,Y X,Y X,Y")
        }
        if drafts[kind]?[name] == nil { names[kind, default: []].append(name) }
        drafts[kind, default: [:]][name] = draft
    }

    /// Puts the collected settings into `settings`, and returns the mistakes in them.
    func finish(_ settings: inout CameraDetectionSettings) -> [Mistake] {
        var mistakes: [Mistake] = []
        settings.limits = limits
        func areas(_ kind: String, _ title: String, atMost limit: Int) -> [(area: SceneSettings.Area, draft: Draft)] {
            var result: [(area: SceneSettings.Area, draft: Draft)] = []
            for name in names[kind] ?? [] {
                guard let draft = drafts[kind]?[name] else { continue }
                guard let polygon = draft.polygon else {
                    mistakes.append(
                        Mistake(draft.origin, "\(title) '\(name)' has no corners; add \(kind).\(name) = X,Y X,Y X,Y"))
                    continue
                }
                guard result.count < limit else {
                    mistakes.append(
                        Mistake(draft.origin, "a camera has at most \(limit) areas of this kind; remove one"))
                    break
                }
                result.append((SceneSettings.Area(name, polygon, classes: draft.classes), draft))
                if let origin = draft.classOrigin {
                    settings.classOrigins.append((origin, "\(title) '\(name)'", draft.classes))
                }
            }
            return result
        }
        settings.zones = areas("zone", "zone", atMost: Self.maximumZoneCount).map { area, draft in
            draft.seconds.map { SceneSettings.Zone(area, seconds: $0) } ?? SceneSettings.Zone(area)
        }
        settings.masks = areas("mask", "mask", atMost: Self.maximumAreaCount).map(\.area)
        settings.ignored = areas("ignore", "ignored area", atMost: Self.maximumAreaCount).map(\.area)
        return mistakes
    }

    private static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= 32 else { return false }
        func isLetter(_ byte: UInt8) -> Bool { (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte) }
        return isLetter(first)
            && text.utf8.allSatisfy { isLetter($0) || (0x30...0x39).contains($0) || $0 == 0x2d || $0 == 0x5f }
    }
}

extension SystemConfiguration {
    /// The mistakes in settings of detection that refer to each other.
    var detectionMistakes: [Mistake] {
        var mistakes: [Mistake] = []
        func check(
            _ defined: [String: DefinedLimits], _ classes: [String], _ key: String, _ base: [String: DefinedLimits]
        ) {
            for (name, value) in defined.sorted(by: { $0.key < $1.key }) {
                guard classes.contains(name) else {
                    mistakes.append(
                        Mistake(
                            value.origin,
                            "class '\(excerpt(name))' is not detected; add it to \(key), or remove its settings"))
                    continue
                }
                var limits = base[name]?.limits ?? ClassLimits()
                limits.override(with: value.limits)
                if let sentence = limits.contradiction(name: name) { mistakes.append(Mistake(value.origin, sentence)) }
            }
        }
        let all = cameras.reduce(into: detection.classes) { $0 += $1.detection.classes ?? [] }
        check(detection.limits, all, "'classes'", [:])
        for camera in cameras {
            let classes = camera.detection.classes ?? detection.classes
            check(camera.detection.limits, classes, "'detect-classes'", detection.limits)
            for (origin, area, named) in camera.detection.classOrigins {
                for name in named where !classes.contains(name) {
                    mistakes.append(
                        Mistake(
                            origin,
                            "\(area) is for class '\(excerpt(name))', which is not detected; "
                                + "add it to 'detect-classes', or remove it here"))
                }
            }
        }
        return mistakes
    }
}
