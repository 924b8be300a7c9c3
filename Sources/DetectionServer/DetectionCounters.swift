import Detection
import JSON
import Web

/// The counters of a detection worker since it was started.
struct DetectionCounters {
    /// The upper bounds, in seconds, of the buckets of the histogram of inference times.
    static let bounds = [0.005, 0.01, 0.015, 0.02, 0.03, 0.05, 0.1, 0.25, 0.5, 1]

    /// The number of detection requests by outcome.
    private var detections: [String: UInt64] = ["ok": 0]
    /// The number of other requests, such as requests for results, pictures and the status, by outcome.
    private var others: [String: UInt64] = ["ok": 0]
    private(set) var sharedCount: UInt64 = 0
    private var buckets = [UInt64](repeating: 0, count: bounds.count)
    private var inferenceCount: UInt64 = 0
    private var inferenceNanoseconds: UInt64 = 0
    private var lastNanoseconds: UInt64 = 0

    /// Counts a request that was answered.
    ///
    /// `outcome` is `ok` or the error code.
    mutating func count(_ outcome: String, isDetection: Bool) {
        if isDetection { detections[outcome, default: 0] += 1 } else { others[outcome, default: 0] += 1 }
    }

    /// Counts a request that shares the result of another request.
    mutating func countShared() { sharedCount += 1 }

    /// Counts an inference.
    mutating func countInference(_ nanoseconds: UInt64) {
        inferenceCount += 1
        inferenceNanoseconds += nanoseconds
        lastNanoseconds = nanoseconds
        for (index, bound) in Self.bounds.enumerated() where Double(nanoseconds) / 1e9 <= bound { buckets[index] += 1 }
    }

    /// The members of the status document that contain the counters.
    var json: [(String, JSON)] {
        let mean = inferenceCount == 0 ? 0 : inferenceNanoseconds / inferenceCount
        return [
            ("requests", Self.json(detections)), ("other_requests", Self.json(others)),
            ("shared", .count(sharedCount)),
            (
                "inference",
                .object([
                    ("count", .count(inferenceCount)), ("mean_ms", Answer.milliseconds(mean)),
                    ("last_ms", Answer.milliseconds(lastNanoseconds)),
                ])
            ),
        ]
    }

    private static func json(_ outcomes: [String: UInt64]) -> JSON {
        .object(outcomes.sorted { $0.key < $1.key }.map { ($0.key, .count($0.value)) })
    }

    /// Adds the counters to the metrics.
    func addMetrics(
        to text: inout MetricsText, _ readiness: InferenceThread.Readiness, store: ResultStore, waiting: Int
    ) {
        text.family("oriel_detect_ready", .gauge, "1 if a model and a runtime are loaded.")
        if case .ready(let description) = readiness {
            text.sample(
                "oriel_detect_ready", [("model", description.model), ("runtime", description.runtime)], 1)
        } else {
            text.sample("oriel_detect_ready", [], 0)
        }
        for (name, outcomes, help) in [
            ("oriel_detect_requests_total", detections, "Detection requests by outcome."),
            ("oriel_detect_other_requests_total", others, "Requests for results, pictures and the status, by outcome."),
        ] {
            text.family(name, .counter, help)
            for (outcome, count) in outcomes.sorted(by: { $0.key < $1.key }) {
                text.sample(name, [("outcome", outcome)], Double(count))
            }
        }
        text.family("oriel_detect_shared_total", .counter, "Requests that shared the result of another request.")
        text.sample("oriel_detect_shared_total", [], Double(sharedCount))
        text.family("oriel_detect_waiting", .gauge, "Requests waiting for a result.")
        text.sample("oriel_detect_waiting", [], Double(waiting))
        text.family("oriel_detect_results", .gauge, "Stored results.")
        text.sample("oriel_detect_results", [], Double(store.count))
        text.family("oriel_detect_results_bytes", .gauge, "Size of the stored pictures.")
        text.sample("oriel_detect_results_bytes", [], Double(store.byteCount))
        text.family("oriel_detect_inference_seconds", .histogram, "Inference time.")
        for (bound, count) in zip(Self.bounds, buckets) {
            text.sample("oriel_detect_inference_seconds_bucket", [("le", "\(bound)")], Double(count))
        }
        text.sample("oriel_detect_inference_seconds_bucket", [("le", "+Inf")], Double(inferenceCount))
        text.sample("oriel_detect_inference_seconds_sum", [], Double(inferenceNanoseconds) / 1e9)
        text.sample("oriel_detect_inference_seconds_count", [], Double(inferenceCount))
    }
}
