import Detection
import FastCGI
import FrameServer
import JSON
import Linux
import MotionJPEG
import Names
import SharedFrame

/// What a result is answered with.
struct Answer {
    let description: Detector.Description
    let threshold: Float
    /// CLOCK_MONOTONIC in nanoseconds.
    let now: UInt64

    /// JSON in the form of DeepStack and CodeProject.AI, and more.
    ///
    /// - Parameters:
    ///   - result: What was found.
    ///   - wish: What of it is told.
    ///   - time: For how long at least the links are valid, in nanoseconds; nil: there are none.
    /// - Returns: The answer.
    func json(_ result: StoredResult, _ wish: Wish, linksValid time: UInt64?) -> Response {
        let detection = result.detection
        let predictions = wish.filter(detection.predictions)
        var fields: [(String, JSON)] = [
            ("success", .bool(true)),
            ("count", .count(predictions.count)),
            ("predictions", .array(predictions.map(Self.fields))),
            ("frame", frame(result, wish, linksValid: time)),
            (
                "model",
                .object([
                    ("name", .text(description.model)),
                    ("input", .array([.count(detection.inputWidth), .count(detection.inputHeight)])),
                    ("threshold", Self.rounded(Double(wish.minimum))), ("runtime", .text(description.runtime)),
                ])
            ),
            ("inferenceMs", Self.milliseconds(detection.inferenceNanoseconds)),
            ("processMs", Self.milliseconds(detection.processNanoseconds)),
            ("moduleId", .text("oriel")),
            ("timestampUTC", .text(UTCTime(realtime: Clock.realtime).text)),
        ]
        if let warning = detection.warning { fields.append(("warning", .text(warning))) }
        return .json(.object(fields))
    }

    /// Header fields of a picture that belongs to a result.
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

    private func frame(_ result: StoredResult, _ wish: Wish, linksValid time: UInt64?) -> JSON {
        let age = now - min(now, result.time.monotonic)
        let canDraw = Overlay.isPossible(width: result.detection.width, height: result.detection.height)
        let link = time == nil ? nil : "/detect/\(result.id)"
        return .object([
            ("camera", .optional(result.camera) { .text($0.text) }),
            ("seq", .optional(result.frame) { .count($0.number) }),
            ("timestamp", .text(UTCTime(realtime: result.time.realtime).text)),
            ("width", .count(result.detection.width)), ("height", .count(result.detection.height)),
            ("age_ms", .count(age / 1_000_000)), ("result", .text(result.id)),
            ("image", .optional(link) { .text($0 + ".jpg") }),
            (
                "overlay",
                .optional(canDraw ? link : nil) { .text($0 + ".overlay.jpg" + wish.query(threshold: threshold)) }
            ),
            ("json", .optional(link) { .text($0 + ".json" + wish.query(threshold: threshold)) }),
            ("links_valid_ms", .count((time ?? 0) / 1_000_000)),
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

    /// Four digits behind the point.
    static func rounded(_ value: Double) -> JSON {
        let whole = Int((value * 10000).rounded())
        let digits = String(whole % 10000)
        return .literal("\(whole / 10000)." + String(repeating: "0", count: 4 - digits.count) + digits)
    }

    /// Two digits behind the point.
    static func milliseconds(_ nanoseconds: UInt64) -> JSON {
        let hundredths = (nanoseconds + 5000) / 10000
        return .literal("\(hundredths / 100)." + (hundredths % 100 < 10 ? "0" : "") + "\(hundredths % 100)")
    }
}

/// A refusal in the form that both Oriel's and DeepStack's clients read.
extension Response {
    /// `{"success": false, "error": …, "message": …}`.
    static func refusal(
        _ status: Int, _ error: String, _ message: String, fields: [(String, JSON)] = []
    ) -> Response {
        .error(status, error, message, fields: [("success", .bool(false))] + fields)
    }
}

/// A moment in the form of RFC 3339, such as `2026-11-22T13:09:21.956Z`.
struct UTCTime {
    let text: String

    /// `realtime` is nanoseconds since 1970-01-01 UTC.
    init(realtime: UInt64) {
        let milliseconds = realtime / 1_000_000
        let seconds = Int(milliseconds / 1000)
        let (days, second) = (seconds / 86400, seconds % 86400)
        // Days to a date of the Gregorian calendar: years are counted from March, eras have 400 of them.
        let shifted = days + 719_468
        let (era, dayOfEra) = (shifted / 146_097, shifted % 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        func padded(_ number: Int, _ width: Int) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        text =
            "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T\(padded(second / 3600, 2)):"
            + "\(padded(second / 60 % 60, 2)):\(padded(second % 60, 2)).\(padded(Int(milliseconds % 1000), 3))Z"
    }
}
