import JSON
import Linux
import MotionJPEG
import Names
import SharedFrame

/// What the server says of its cameras: status and health.
struct Report {
    let service: ServiceCounters
    let kind: RingName.Kind
    /// CLOCK_MONOTONIC in nanoseconds.
    let now: UInt64

    /// Of all cameras.
    func status(of cameras: [Camera]) -> JSON {
        .object([("now", clock), ("cameras", .array(cameras.map { .object(fields(of: $0)) }))])
    }

    /// Of one camera.
    func status(of camera: Camera) -> JSON { .object([("now", clock)] + fields(of: camera)) }

    /// 200 while at least one camera is healthy.
    func health(of cameras: [Camera]) -> Response {
        var isHealthy = false
        var list: [JSON] = []
        for camera in cameras {
            let status = camera.subscriber.status
            let isThisHealthy = Outage.isHealthy(status, now: now)
            if isThisHealthy { isHealthy = true }
            list.append(
                .object([
                    ("camera", .text(camera.name.text)), ("state", .text(condition(of: camera, status).state)),
                    ("healthy", .bool(isThisHealthy)), ("age_ms", age(status)),
                ]))
        }
        if isHealthy { return .json(.object([("status", .text("ok")), ("cameras", .array(list))])) }
        return .error(
            503, "unhealthy", "No camera gives pictures.",
            fields: [("status", .text("unhealthy")), ("cameras", .array(list))]
        ).adding("Retry-After", "2")
    }

    private func fields(of camera: Camera) -> [(String, JSON)] {
        let status = camera.subscriber.status
        let condition = condition(of: camera, status)
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
            ("viewers", .count(service.total(of: camera.name).viewers)),
            ("bytes_per_frame", .count(status?.newest?.byteCount ?? 0)),
            ("source", source(status)),
            ("counters", counters(of: camera, status)),
            ("restarts", .count(status?.restarts ?? 0)),
        ]
        if kind.hasForeignClock {
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

    private func counters(of camera: Camera, _ status: RingStatus?) -> JSON {
        let sent = service.total(of: camera.name)
        let dropped = DropReason.allCases.map { ($0.name, JSON.count(status?.dropped[$0] ?? 0)) }
        return .object([
            ("captured", .count(status?.captured ?? 0)), ("published", .count(status?.published ?? 0)),
            ("bytes", .count(status?.bytes ?? 0)), ("dropped", .object(dropped)),
            ("encoded", .count(status?.encodedFrames ?? 0)),
            ("encode_ms", .count((status?.encodeNanoseconds ?? 0) / 1_000_000)),
            ("streams", .count(sent.streams)), ("frames_sent", .count(sent.frames)),
            ("bytes_sent", .count(sent.bytes)), ("snapshots", .count(sent.snapshots)),
        ])
    }

    /// The camera's state, or what is wrong where the state alone says too little.
    private func condition(of camera: Camera, _ status: RingStatus?) -> (state: String, reason: String) {
        let outage = Outage.current(status, refusal: camera.subscriber.refusal, kind: kind, now: now)
        if let outage { return (outage.state, outage.message) }
        return (status?.state.name ?? "", status?.reason ?? "")
    }

    /// Milliseconds since the newest frame was taken.
    private func age(_ status: RingStatus?) -> JSON {
        .optional(status?.newest) { .count((now - min(now, $0.capture.monotonic)) / 1_000_000) }
    }

    /// Two digits behind the point.
    private func rate(_ value: Double?) -> JSON {
        guard let value, value.isFinite else { return .number(0) }
        return .number((value * 100).rounded() / 100)
    }

    /// CLOCK_REALTIME in seconds, as X-Timestamp has it.
    private var clock: JSON { .literal(Multipart.timestamp(realtimeNanoseconds: Clock.realtime)) }
}
