public import JSON
public import Linux
import MotionJPEG
public import Tracking

/// A line of the event journal.
///
/// The members of an object's state have the names that Frigate uses in its MQTT messages, so that programs which read
/// those can read these.
public struct EventRecord: Sendable {
    public let json: JSON

    /// Converts times of the camera's clock to times since 1970.
    public struct Timeline: Sendable {
        /// A time, on both clocks.
        private let instant: Instant
        private let realtime: UInt64

        public init(instant: Instant, realtime: UInt64) {
            self.instant = instant
            self.realtime = realtime
        }

        /// Returns a time in nanoseconds since 1970.
        public func realtime(at time: Instant) -> UInt64 {
            let distance = (time - instant).nanoseconds
            let (sum, isOutside) =
                distance < 0
                ? realtime.subtractingReportingOverflow(distance.magnitude)
                : realtime.addingReportingOverflow(distance.magnitude)
            return isOutside ? realtime : sum
        }

        fileprivate func json(_ time: Instant) -> JSON {
            .literal(Multipart.timestamp(realtimeNanoseconds: realtime(at: time)))
        }
    }

    /// Describes what happened to an object.
    ///
    /// - Parameters:
    ///   - event: What happened.
    ///   - camera: The name of the camera.
    ///   - frame: The number of the frame that caused the event.
    ///   - timeline: Converts the times in `event`.
    ///   - label: Returns the name of a class.
    public init(
        _ event: ObjectEvent, camera: String, frame: UInt64, timeline: Timeline, label: (Int) -> String
    ) {
        func state(_ state: ObjectState) -> JSON {
            Self.state(state, camera: camera, timeline: timeline, label: label(state.classID))
        }
        var members: [(String, JSON)] = [
            ("type", .text(event.kind.rawValue)), ("camera", .text(camera)),
            ("time", timeline.json(event.after.time)), ("frame", .count(frame)),
            ("before", .optional(event.before, state)), ("after", state(event.after)),
            ("reason", .optional(event.reason?.rawValue)),
        ]
        // With very long names, a line would be too long. The state before is the less important one.
        if JSON.object(members).text.utf8.count >= Self.maximumByteCount {
            members = members.map { $0.0 == "before" ? ($0.0, .null) : $0 }
        }
        json = .object(members)
    }

    /// Describes that motion has begun or ended.
    public init(motion isMoving: Bool, camera: String, frame: UInt64, realtime: UInt64) {
        json = .object([
            ("type", .text("motion")), ("camera", .text(camera)),
            ("time", .literal(Multipart.timestamp(realtimeNanoseconds: realtime))), ("frame", .count(frame)),
            ("active", .bool(isMoving)),
        ])
    }

    private init(json: JSON) { self.json = json }

    /// The maximum length of a line.
    private static let maximumByteCount = 4000

    /// The line, without a line feed; nil if it is too long.
    public var line: [UInt8]? {
        let bytes = Array(json.text.utf8)
        return bytes.count < Self.maximumByteCount ? bytes : nil
    }

    private static func state(_ state: ObjectState, camera: String, timeline: Timeline, label: String) -> JSON {
        let box = state.box
        let ratio = box.height > 0 ? box.width / box.height : 0
        return .object([
            ("id", .text(state.id)), ("camera", .text(camera)), ("frame_time", timeline.json(state.time)),
            ("label", .text(label)), ("sub_label", .null), ("score", FrameResult.share(state.score)),
            ("top_score", FrameResult.share(state.topScore)), ("false_positive", .bool(false)),
            ("start_time", timeline.json(state.startTime)), ("end_time", .optional(state.endTime, timeline.json)),
            ("box", FrameResult.json(box)), ("area", .count(Int(box.area.rounded()))),
            ("ratio", FrameResult.share(ratio)),
            ("active", .bool(!state.isStationary)), ("stationary", .bool(state.isStationary)),
            ("position_changes", .count(state.departures)),
            ("current_zones", .array(state.currentZones.map(JSON.text))),
            ("entered_zones", .array(state.enteredZones.map(JSON.text))),
            ("has_snapshot", .bool(true)), ("has_clip", .bool(false)),
            (
                "snapshot",
                .object([
                    ("frame_time", timeline.json(state.best.time)), ("box", FrameResult.json(state.best.box)),
                    ("score", FrameResult.share(state.best.score)),
                ])
            ),
        ])
    }
}

// Reading lines.
extension EventRecord {
    /// Parses a line; returns nil if it is not an event.
    public init?(line: [UInt8]) {
        guard let json = JSON(line), json["type"]?.string != nil, json["camera"]?.string != nil else { return nil }
        self.init(json: json)
    }

    /// `new`, `update` or `end` for an object, or `motion`; later versions may have other types.
    public var type: String { json["type"]?.string ?? "" }
    public var camera: String { json["camera"]?.string ?? "" }
    /// The ID of the object; nil if the event is not about an object.
    public var id: String? { json["after"]?["id"]?.string }
    /// The name of the object's class; nil if the event is not about an object.
    public var label: String? { json["after"]?["label"]?.string }

    /// Returns the event that ends the object of this event, because the detector was restarted.
    ///
    /// Returns nil if this event is not about an object, or if it already ends the object.
    public func endedByRestart() -> EventRecord? {
        guard id != nil, type != ObjectEvent.Kind.end.rawValue, let after = json["after"] else { return nil }
        let members: [String: JSON] = [
            "type": .text(ObjectEvent.Kind.end.rawValue), "before": after,
            "after": after.replacing(["end_time": after["frame_time"] ?? .null]),
            "reason": .text(Track.EndReason.detectorRestarted.rawValue),
        ]
        return EventRecord(json: json.replacing(members))
    }
}

extension JSON {
    /// Returns a copy of an object with other values for some of its members; members that are missing are added.
    fileprivate func replacing(_ values: [String: JSON]) -> JSON {
        let old = object ?? []
        let added = values.filter { name, _ in !old.contains { $0.0 == name } }.sorted { $0.key < $1.key }
        return .object(old.map { name, value in (name, values[name] ?? value) } + added.map { ($0.key, $0.value) })
    }
}
