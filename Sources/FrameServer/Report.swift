import Cameras
import JSON
import Linux
import MotionJPEG
import Names
import Service
import SharedFrame
import Web

/// Creates the status, the health report and the metrics of the cameras.
///
/// It can be used from any thread.
struct Report {
    enum Kind: Sendable {
        case status
        case health
        case metrics
    }

    let totals: ServiceCounters.Totals
    let service: String
    let now: Instant
    /// The reason why this worker notices changes of cameras late; nil if it notices them immediately.
    let folderProblem: String?

    /// Creates a report from `totals`, the counts of all workers, for the service called `name`.
    init(_ totals: ServiceCounters.Totals, name: String, now: Instant, folderProblem: String? = nil) {
        self.totals = totals
        service = name
        self.now = now
        self.folderProblem = folderProblem
    }

    /// The state of a camera at the moment when its ring was read.
    struct Reading {
        let name: CameraName
        /// The kind of the camera's ring; nil if this worker cannot open the ring.
        let kind: RingName.Kind?
        /// The status of the camera's ring; nil if there is no ring, or if it cannot be read.
        let status: RingStatus?
        /// The reason why the ring cannot be read; nil if it can be read or does not exist.
        let refusal: String?

        init(_ source: CameraSource) {
            name = source.name
            switch source.content {
            case .ring(let subscriber):
                kind = subscriber.name.kind
                status = subscriber.status
                refusal = subscriber.refusal
            case .problem(let problem): (kind, status, refusal) = (nil, nil, problem)
            }
        }
    }

    func response(_ kind: Kind, of cameras: [CameraSource]) -> Response {
        let readings = cameras.map { Reading($0) }
        switch kind {
        case .status:
            return .json(
                .object([
                    ("now", clock), ("problem", .optional(folderProblem) { .text($0) }),
                    ("cameras", .array(readings.map { .object(fields(of: $0)) })),
                ]))
        case .health: return health(of: readings)
        case .metrics: return metrics(of: readings)
        }
    }

    /// The state of a camera, for event streams.
    struct State: Sendable {
        let camera: String
        let state: String
        let reason: String
        let isOnline: Bool
    }

    func states(of cameras: [CameraSource]) -> [State] {
        cameras.map { camera in
            let reading = Reading(camera)
            let condition = condition(of: reading)
            return State(
                camera: reading.name.text, state: condition.state, reason: condition.reason,
                isOnline: Outage.isHealthy(reading.status, now: now))
        }
    }

    /// Returns the status document of one camera.
    func status(of camera: CameraSource) -> JSON { .object([("now", clock)] + fields(of: Reading(camera))) }

    /// Returns a response with status 200 if at least one camera is healthy, and with status 503 otherwise.
    private func health(of cameras: [Reading]) -> Response {
        let list = JSON.array(
            cameras.map { camera in
                .object([
                    ("camera", .text(camera.name.text)), ("state", .text(condition(of: camera).state)),
                    ("healthy", .bool(Outage.isHealthy(camera.status, now: now))), ("age_ms", age(camera.status)),
                ])
            })
        if cameras.contains(where: { Outage.isHealthy($0.status, now: now) }) {
            return .json(.object([("status", .text("ok")), ("cameras", list)]))
        }
        return .error(
            503, "unhealthy", "No camera is delivering pictures.",
            fields: [("status", .text("unhealthy")), ("cameras", list)]
        ).adding("Retry-After", "2")
    }

    private func fields(of camera: Reading) -> [(String, JSON)] {
        let status = camera.status
        let condition = condition(of: camera)
        let sent = StreamCounts(totals[camera.name])
        var fields: [(String, JSON)] = [
            ("camera", .text(camera.name.text)),
            ("state", .text(condition.state)),
            ("reason", .text(condition.reason)),
            ("online", .bool(Outage.isHealthy(status, now: now))),
            ("frame_id", .optional(status?.newest) { .count($0.number) }),
            ("age_ms", age(status)),
            ("width", .count(status?.width ?? 0)),
            ("height", .count(status?.height ?? 0)),
            (
                "fps",
                .object([
                    ("asked", rate(status?.framesPerSecondAsked)), ("captured", rate(status?.framesPerSecondMeasured)),
                ])
            ),
            ("viewers", .count(sent.viewers)),
            ("bytes_per_frame", .count(status?.newest?.byteCount ?? 0)),
            ("source", source(status)),
            ("counters", counters(status, sent)),
            ("restarts", .count(status?.restarts ?? 0)),
        ]
        if camera.kind?.hasForeignClock ?? false {
            fields.append(("clock_offset_ms", .number(Double((status?.clockOffset ?? 0) / 1000) / 1000)))
        }
        return fields
    }

    private func source(_ status: RingStatus?) -> JSON {
        .object([
            ("kind", .text(status?.source.kind ?? "")), ("device", .text(status?.source.device ?? "")),
            ("name", .text(status?.source.name ?? "")), ("format", .text(status?.source.format ?? "")),
        ])
    }

    private func counters(_ status: RingStatus?, _ sent: StreamCounts) -> JSON {
        let dropped = DropReason.allCases.map { ($0.name, JSON.count(status?.dropped[$0] ?? 0)) }
        return .object([
            ("captured", .count(status?.captured ?? 0)), ("published", .count(status?.published ?? 0)),
            ("bytes", .count(status?.bytes ?? 0)), ("dropped", .object(dropped)),
            ("encoded", .count(status?.encodedFrames ?? 0)),
            ("encode_ms", .count((status?.encodeNanoseconds ?? 0) / 1_000_000)),
            ("streams", .count(sent.streams)), ("frames_sent", .count(sent.frames)),
            ("bytes_sent", .count(sent.bytes)), ("snapshots", .count(sent.snapshots)), ("scaled", .count(sent.scaled)),
        ])
    }

    /// Returns the current outage if there is one, and otherwise the state that the camera reports.
    private func condition(of camera: Reading) -> (state: String, reason: String) {
        guard let kind = camera.kind else { return (CameraState.error.name, camera.refusal ?? "") }
        let outage = Outage.current(camera.status, refusal: camera.refusal, kind: kind, now: now)
        if let outage { return (outage.state, outage.message) }
        return (camera.status?.state.name ?? "", camera.status?.reason ?? "")
    }

    /// Returns the age of the newest frame in milliseconds; null if there is no frame.
    private func age(_ status: RingStatus?) -> JSON {
        .optional(status?.newest) {
            .integer(Instant(nanoseconds: $0.capture.monotonic).age(at: now).nanoseconds / 1_000_000)
        }
    }

    /// Returns a rate, rounded to two decimals.
    private func rate(_ value: Double?) -> JSON {
        guard let value, value.isFinite else { return .number(0) }
        return .number((value * 100).rounded() / 100)
    }

    /// The current time (CLOCK_REALTIME) in seconds, in the format of the header X-Timestamp.
    private var clock: JSON { .literal(Multipart.timestamp(realtimeNanoseconds: Clock.realtime)) }
}
