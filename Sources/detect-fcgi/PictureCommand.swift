import ArgumentParser
import Daemon
import Detection
import JSON
import Linux
import SystemPackage

/// The command `detect-fcgi picture`, which detects objects in JPEG files, to test a model or measure its speed.
struct PictureCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "picture", abstract: "Detects objects in JPEG files; prints one line of JSON per file.")

    @OptionGroup var detector: DetectorOptions

    @Option(help: "The minimum confidence, from 0.05 to 1.")
    var threshold: Float = 0.4

    @Option(help: "How many times to process each picture. The duration of each run is printed in milliseconds.")
    var `repeat` = 1

    @Argument(help: ArgumentHelp("JPEG files.", valueName: "file"))
    var files: [String]

    func run() throws {
        do {
            let detector = try Detector(detector.prepare())
            for file in files {
                let jpeg = try File.contents(of: FilePath(file), maximumByteCount: 16 << 20)
                var times: [UInt64] = []
                var detection: Detection?
                for _ in 0..<max(1, `repeat`) {
                    let found = try jpeg.withRawSpan { bytes throws(DetectionError) in try detector.detect(bytes) }
                    times.append(found.processNanoseconds)
                    detection = found
                }
                if let detection { print(text(of: detection, file, times)) }
            }
        } catch let error as DetectionError {
            throw Failure(.unavailable, error.description)
        }
    }
}

extension PictureCommand {
    private func text(of detection: Detection, _ file: String, _ times: [UInt64]) -> String {
        var fields: [(String, JSON)] = [
            ("file", .text(file)), ("width", .count(detection.width)), ("height", .count(detection.height)),
            ("input", .array([.count(detection.inputWidth), .count(detection.inputHeight)])),
            (
                "predictions",
                .array(
                    detection.predictions.filter { $0.confidence >= threshold }.map { prediction in
                        .object([
                            ("label", .text(prediction.label)), ("confidence", .number(Double(prediction.confidence))),
                            ("x_min", .count(prediction.box.left)), ("y_min", .count(prediction.box.top)),
                            ("x_max", .count(prediction.box.right)), ("y_max", .count(prediction.box.bottom)),
                        ])
                    })
            ),
            ("inferenceMs", .number(Double(detection.inferenceNanoseconds) / 1e6)),
            ("processMs", .number(Double(detection.processNanoseconds) / 1e6)),
        ]
        if times.count > 1 { fields.append(("times", .array(times.map { .number(Double($0) / 1e6) }))) }
        return JSON.object(fields).text
    }
}
