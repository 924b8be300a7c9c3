public import Configuration
public import JSON
import Linux
public import Names
import Tracking

/// The figures of a camera for the status document and the metrics.
public struct LiveReport: Sendable {
    /// The number of delays that are kept.
    private static let delayLimit = 256

    public let camera: CameraName
    public internal(set) var settings: CameraDetection
    /// Whether the camera's frames are read.
    public internal(set) var isActive = false
    /// Why there are no results; empty if nothing is wrong.
    public internal(set) var reason = ""
    /// The number of published frames.
    public internal(set) var frames: UInt64 = 0
    /// The number of frames that were searched for motion.
    public internal(set) var gated: UInt64 = 0
    public internal(set) var looks: UInt64 = 0
    /// The number of looks that failed.
    public internal(set) var failures: UInt64 = 0
    /// The number of events that the camera's objects have caused.
    public internal(set) var events: UInt64 = 0
    /// The number of objects in the newest frame.
    public internal(set) var objects = 0
    /// The requested and the achieved rate in looks per second, and the number of skipped looks.
    public internal(set) var rate: (asked: Double, achieved: Double, skipped: Int) = (0, 0, 0)
    /// The delays of the newest frames.
    ///
    /// A delay is the time from the publication of a frame by the camera to its publication with results.
    private var delays: [Duration] = []
    private var nextDelay = 0

    init(_ camera: CameraName, _ settings: CameraDetection) {
        self.camera = camera
        self.settings = settings
    }

    mutating func addDelay(_ delay: Duration) {
        if delays.count < Self.delayLimit { delays.append(delay) } else { delays[nextDelay] = delay }
        nextDelay = (nextDelay + 1) % Self.delayLimit
    }

    /// Returns a quantile of the delays in milliseconds; nil if there are none.
    public func delay(quantile: Double) -> Double? {
        guard !delays.isEmpty else { return nil }
        let sorted = delays.sorted()
        return sorted[min(sorted.count - 1, Int(quantile * Double(sorted.count)))].inSeconds * 1000
    }

    public var json: JSON {
        func rounded(_ value: Double) -> JSON { .number((value * 100).rounded() / 100) }
        return .object(
            [
                ("camera", .text(camera.text)), ("mode", .text(settings.mode.rawValue)), ("active", .bool(isActive)),
                ("reason", .text(reason)), ("frames", .count(frames)), ("gated", .count(gated)),
                (
                    "looks",
                    .object([
                        ("asked", rounded(rate.asked)), ("achieved", rounded(rate.achieved)), ("total", .count(looks)),
                        ("skipped", .count(rate.skipped)), ("failed", .count(failures)),
                    ])
                ),
                ("objects", .count(objects)), ("events", .count(events)),
                (
                    "delay_ms",
                    .object([
                        ("p50", .optional(delay(quantile: 0.5), rounded)),
                        ("p99", .optional(delay(quantile: 0.99), rounded)),
                    ])
                ),
            ] + settings.scene.json)
    }
}

extension SceneSettings {
    /// The members of the status document that describe a camera's classes and areas.
    fileprivate var json: [(String, JSON)] {
        func members(_ area: Area, hasClasses: Bool = true) -> [(String, JSON)] {
            let corners = area.polygon.corners.map { JSON.array([.number($0.x), .number($0.y)]) }
            let members: [(String, JSON)] = [("name", .text(area.name)), ("corners", .array(corners))]
            return hasClasses ? members + [("classes", .array(area.classes.map { .text($0) }))] : members
        }
        return [
            ("classes", .array(classes.map { .text($0) })),
            ("zones", .array(zones.map { .object(members($0.area) + [("seconds", .number($0.seconds))]) })),
            ("masks", .array(masks.map { .object(members($0, hasClasses: false)) })),
            ("ignored", .array(ignored.map { .object(members($0)) })),
        ]
    }
}
