import Cameras
import JSON
import Linux
import Names
import Service
import SharedFrame
import Web

/// Reports metrics of the cameras and of the worker.
extension Report {
    /// Returns a response with all metrics.
    func metrics(of readings: [Reading]) -> Response {
        var text = MetricsText()
        text.addWorkerMetrics(of: service, totals)
        text.family("oriel_cameras_unreadable", .gauge, "Cameras whose ring this worker cannot read.")
        text.sample("oriel_cameras_unreadable", [], Double(readings.count { $0.refusal != nil }))
        text.family(
            "oriel_ring_folder_watched", .gauge,
            "1 if the worker notices immediately that cameras appear or disappear, 0 if it notices up to 250 ms late.")
        text.sample("oriel_ring_folder_watched", [], folderProblem == nil ? 1 : 0)
        func each(
            _ name: String, _ kind: MetricsText.Kind, _ help: String,
            _ value: (RingStatus?, StreamCounts) -> Double?
        ) {
            text.family(name, kind, help)
            for reading in readings {
                guard let value = value(reading.status, StreamCounts(totals[reading.name])) else { continue }
                text.sample(name, [("camera", reading.name.text)], value)
            }
        }
        each("oriel_camera_up", .gauge, "1 while the camera is healthy.") { status, _ in
            Outage.isHealthy(status, now: now) ? 1 : 0
        }
        each("oriel_frame_age_seconds", .gauge, "Age of the newest frame.") { status, _ in
            status?.newest.map { Instant(nanoseconds: $0.capture.monotonic).age(at: now).inSeconds }
        }
        each("oriel_frame_size_bytes", .gauge, "Size of the newest frame.") { status, _ in
            status?.newest.map { Double($0.byteCount) }
        }
        each("oriel_frames_per_second", .gauge, "Measured frame rate of the camera.") { status, _ in
            status?.framesPerSecondMeasured
        }
        each("oriel_frames_captured_total", .counter, "Frames received from the source.") { status, _ in
            status.map { Double($0.captured) }
        }
        each("oriel_frames_published_total", .counter, "Frames published to shared memory.") { status, _ in
            status.map { Double($0.published) }
        }
        each("oriel_frames_encoded_total", .counter, "Frames encoded.") { status, _ in
            status.map { Double($0.encodedFrames) }
        }
        each("oriel_encode_seconds_total", .counter, "Time spent encoding.") { status, _ in
            status.map { Double($0.encodeNanoseconds) / 1e9 }
        }
        each("oriel_camera_restarts_total", .counter, "Number of times that a new writer took over after a crash.") {
            status, _ in
            status.map { Double($0.restarts) }
        }
        each("oriel_stream_clients", .gauge, "Current streams.") { Double($1.viewers) }
        each("oriel_streams_total", .counter, "Streams started.") { Double($1.streams) }
        each("oriel_stream_frames_total", .counter, "Frames sent to viewers.") { Double($1.frames) }
        each("oriel_sent_bytes_total", .counter, "Bytes of streams and snapshots sent.") { Double($1.bytes) }
        each("oriel_frames_scaled_total", .counter, "Frames scaled down for viewers.") { Double($1.scaled) }
        each("oriel_snapshots_total", .counter, "Snapshot requests answered without an error.") { Double($1.snapshots) }

        text.family("oriel_frames_dropped_total", .counter, "Frames not published to shared memory.")
        for reading in readings {
            guard let status = reading.status else { continue }
            for reason in DropReason.allCases {
                text.sample(
                    "oriel_frames_dropped_total", [("camera", reading.name.text), ("reason", reason.name)],
                    Double(status.dropped[reason] ?? 0))
            }
        }
        return text.response
    }
}
