import Daemon
import Names
import SharedFrame

extension Report {
    /// Everything that can be counted, in Prometheus' text format (version 0.0.4).
    func metrics(of cameras: [Camera]) -> Response {
        var text = MetricsText()
        text.family("oriel_build_info", .gauge, "The version that runs.")
        text.sample("oriel_build_info", [("version", orielVersion), ("service", service.name)], 1)
        let summary = service.summary
        text.family("oriel_workers", .gauge, "Workers of this service that live.")
        text.sample("oriel_workers", [], Double(summary.workers))
        text.family("oriel_requests_total", .counter, "Requests taken by the workers that live.")
        text.sample("oriel_requests_total", [], Double(summary.requests))
        text.family("oriel_requests_refused_total", .counter, "Connections and streams turned away.")
        text.sample("oriel_requests_refused_total", [], Double(summary.refusals))

        let readings = cameras.map {
            (name: $0.name.text, status: $0.subscriber.status, sent: service.total(of: $0.name))
        }
        func each(
            _ name: String, _ kind: MetricsText.Kind, _ help: String,
            _ value: (RingStatus?, StreamCounts) -> Double?
        ) {
            text.family(name, kind, help)
            for reading in readings {
                guard let value = value(reading.status, reading.sent) else { continue }
                text.sample(name, [("camera", reading.name)], value)
            }
        }
        each("oriel_camera_up", .gauge, "1 while the camera is healthy.") { status, _ in
            Outage.isHealthy(status, now: now) ? 1 : 0
        }
        each("oriel_frame_age_seconds", .gauge, "Time since the newest frame was taken.") { status, _ in
            status?.newest.map { Double(now - min(now, $0.capture.monotonic)) / 1e9 }
        }
        each("oriel_frame_size_bytes", .gauge, "Size of the newest frame.") { status, _ in
            status?.newest.map { Double($0.byteCount) }
        }
        each("oriel_frames_per_second", .gauge, "Frames that the camera gives.") { status, _ in
            status?.framesPerSecondMeasured
        }
        each("oriel_frames_captured_total", .counter, "Frames that the source gave.") { status, _ in
            status.map { Double($0.captured) }
        }
        each("oriel_frames_published_total", .counter, "Frames that came into shared memory.") { status, _ in
            status.map { Double($0.published) }
        }
        each("oriel_frames_encoded_total", .counter, "Frames that were encoded.") { status, _ in
            status.map { Double($0.encodedFrames) }
        }
        each("oriel_encode_seconds_total", .counter, "Time spent on encoding.") { status, _ in
            status.map { Double($0.encodeNanoseconds) / 1e9 }
        }
        each("oriel_camera_restarts_total", .counter, "Times that a writer took over from a dead one.") { status, _ in
            status.map { Double($0.restarts) }
        }
        each("oriel_stream_clients", .gauge, "Streams now.") { Double($1.viewers) }
        each("oriel_streams_total", .counter, "Streams begun.") { Double($1.streams) }
        each("oriel_stream_frames_total", .counter, "Frames sent whole to viewers.") { Double($1.frames) }
        each("oriel_sent_bytes_total", .counter, "Bytes of streams and snapshots.") { Double($1.bytes) }
        each("oriel_snapshots_total", .counter, "Snapshots answered.") { Double($1.snapshots) }

        text.family("oriel_frames_dropped_total", .counter, "Frames that did not come into shared memory.")
        for reading in readings {
            guard let status = reading.status else { continue }
            for reason in DropReason.allCases {
                text.sample(
                    "oriel_frames_dropped_total", [("camera", reading.name), ("reason", reason.name)],
                    Double(status.dropped[reason] ?? 0))
            }
        }
        let body = Array(text.text.utf8)
        return Response(
            status: 200,
            headers: [
                ("Content-Type", "text/plain; version=0.0.4; charset=utf-8"), ("Content-Length", "\(body.count)"),
                ("Cache-Control", "no-store"),
            ],
            body: body)
    }
}

/// Prometheus' text format, line by line.
public struct MetricsText {
    public enum Kind: String {
        case counter
        case gauge
        case histogram
    }

    public private(set) var text = ""

    public init() {}

    /// Begins a family of samples; `help` is one line.
    public mutating func family(_ name: String, _ kind: Kind, _ help: String) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
    }

    /// One line: a name, its labels and its value.
    public mutating func sample(_ name: String, _ labels: [(name: String, value: String)], _ value: Double) {
        text += name
        if !labels.isEmpty {
            text += "{" + labels.map { "\($0.name)=\"\(Self.escaped($0.value))\"" }.joined(separator: ",") + "}"
        }
        let isWhole = value == value.rounded() && abs(value) < 1e15
        text += isWhole ? " \(Int64(value))\n" : value.isFinite ? " \(value)\n" : " 0\n"
    }

    private static func escaped(_ value: String) -> String {
        var escaped = ""
        for character in value {
            switch character {
            case "\\": escaped += "\\\\"
            case "\"": escaped += "\\\""
            case "\n": escaped += "\\n"
            default: escaped.append(character)
            }
        }
        return escaped
    }
}
