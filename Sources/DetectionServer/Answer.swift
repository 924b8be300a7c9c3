import Detection
import FastCGI
import JSON
import Linux
import MotionJPEG
import Names
import SharedFrame
import Web

/// Formats detection results as HTTP responses.
struct Answer {
    let description: Detector.Description
    let threshold: Float
    let now: Instant

    /// Returns a result as JSON, with the members that DeepStack and CodeProject.AI return, and with further members.
    ///
    /// - Parameters:
    ///   - result: The result.
    ///   - filter: The filter that selects the predictions to report.
    ///   - time: The minimum time for which the links are valid; nil if the response has no links.
    /// - Returns: The response.
    func json(_ result: StoredResult, _ filter: ResultFilter, linksValid time: Duration?) -> Response {
        let detection = result.detection
        let predictions = filter.filter(detection.predictions)
        var fields: [(String, JSON)] = [
            ("success", .bool(true)),
            ("count", .count(predictions.count)),
            ("predictions", .array(predictions.map(Self.fields))),
            ("frame", frame(result, filter, linksValid: time)),
            (
                "model",
                .object([
                    ("name", .text(description.model)),
                    ("input", .array([.count(detection.inputWidth), .count(detection.inputHeight)])),
                    ("threshold", Self.rounded(Double(filter.minimum))), ("runtime", .text(description.runtime)),
                ])
            ),
            // DeepStack clients that are written in .NET declare a type for each of the members above, and declare
            // these times as integers. Therefore the types must not change.
            ("inferenceMs", .count(Self.wholeMilliseconds(detection.inferenceNanoseconds))),
            ("processMs", .count(Self.wholeMilliseconds(detection.processNanoseconds))),
            ("code", .integer(200)),
            ("moduleId", .text("oriel")),
            (
                "timing",
                .object([
                    ("inference_ms", Self.milliseconds(detection.inferenceNanoseconds)),
                    ("process_ms", Self.milliseconds(detection.processNanoseconds)),
                ])
            ),
            ("timestampUTC", .text(UTCTime(realtime: Clock.realtime).text)),
        ]
        if let warning = detection.warning { fields.append(("warning", .text(warning))) }
        return .json(.object(fields))
    }

    /// Returns the header fields for a result's picture.
    static func pictureHeaders(_ jpeg: [UInt8], _ result: StoredResult) -> [(name: String, value: String)] {
        var headers = [
            (name: "Content-Type", value: "image/jpeg"), ("Content-Length", "\(jpeg.count)"),
            ("Cache-Control", "no-store"),
            (HeaderName.timestamp, Multipart.timestamp(realtimeNanoseconds: result.time.realtime)),
            ("X-Result-Id", result.id),
        ]
        if let frame = result.frame { headers.append((HeaderName.frameNumber, "\(frame.number)")) }
        return headers
    }

    private func frame(_ result: StoredResult, _ filter: ResultFilter, linksValid time: Duration?) -> JSON {
        let age = Instant(nanoseconds: result.time.monotonic).age(at: now)
        let canDraw = Overlay.isPossible(width: result.detection.width, height: result.detection.height)
        let link = time == nil ? nil : "/detect/\(result.id)"
        return .object([
            ("camera", .optional(result.camera) { .text($0.text) }),
            ("seq", .optional(result.frame) { .count($0.number) }),
            ("timestamp", .text(UTCTime(realtime: result.time.realtime).text)),
            ("width", .count(result.detection.width)), ("height", .count(result.detection.height)),
            ("age_ms", .integer(age.nanoseconds / 1_000_000)), ("result", .text(result.id)),
            ("image", .optional(link) { .text($0 + ".jpg") }),
            (
                "overlay",
                .optional(canDraw ? link : nil) { .text($0 + ".overlay.jpg" + filter.query(threshold: threshold)) }
            ),
            ("json", .optional(link) { .text($0 + ".json" + filter.query(threshold: threshold)) }),
            ("links_valid_ms", .integer((time ?? .zero).nanoseconds / 1_000_000)),
        ])
    }

    private static func fields(of prediction: Prediction) -> JSON {
        .object([
            ("label", .text(prediction.label)), ("class_id", .count(prediction.classID)),
            ("confidence", rounded(Double(prediction.confidence))), ("x_min", .count(prediction.box.left)),
            ("y_min", .count(prediction.box.top)), ("x_max", .count(prediction.box.right)),
            ("y_max", .count(prediction.box.bottom)),
        ])
    }

    /// Formats a value, which is at least 0, with four decimals.
    static func rounded(_ value: Double) -> JSON {
        let whole = Int((value * 10000).rounded())
        let digits = String(whole % 10000)
        return .literal("\(whole / 10000)." + String(repeating: "0", count: 4 - digits.count) + digits)
    }

    /// Rounds a time to whole milliseconds.
    private static func wholeMilliseconds(_ nanoseconds: UInt64) -> UInt64 { (nanoseconds + 500_000) / 1_000_000 }

    /// Formats a time in milliseconds with two decimals.
    static func milliseconds(_ nanoseconds: UInt64) -> JSON {
        let hundredths = (nanoseconds + 5000) / 10000
        return .literal("\(hundredths / 100)." + (hundredths % 100 < 10 ? "0" : "") + "\(hundredths % 100)")
    }
}
