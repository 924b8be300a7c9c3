import ArgumentParser
import Daemon
import Detection
import Linux
import SystemPackage

/// The options that say what to detect with.
struct DetectorOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "An ONNX file of the YOLOX family [default: $ORIEL_MODEL, or the one in $ORIEL_DETECTOR or the system].",
            valueName: "file"))
    var model: String?

    @Option(
        help: ArgumentHelp(
            "ONNX Runtime's library [default: $ORIEL_ONNXRUNTIME, or the one in $ORIEL_DETECTOR or the system].",
            valueName: "file"))
    var runtime: String?

    @Option(help: ArgumentHelp("The names of the model's classes, one a line [default: COCO's 80].", valueName: "file"))
    var labels: String?

    @Option(help: "Threads that compute one picture.")
    var threads = 1

    @Option(help: "The longer side of what the network looks at, in pixels, where the model leaves the choice.")
    var inputSize = 416

    func validate() throws {
        guard (1...64).contains(threads) else { throw ValidationError("--threads takes a number from 1 to 64.") }
        guard (64...2048).contains(inputSize), inputSize % 32 == 0 else {
            throw ValidationError("--input-size takes a multiple of 32 from 64 to 2048.")
        }
    }

    /// What they come to with the environment; and the process is made one that detects.
    func prepare() -> DetectorConfiguration {
        Heap.returnBlocks(from: 256 << 10)
        return DetectorConfiguration(
            runtime: runtime ?? Self.setting("ORIEL_ONNXRUNTIME"),
            model: (model ?? Self.setting("ORIEL_MODEL")).map { FilePath($0) },
            folder: Self.setting("ORIEL_DETECTOR").map { FilePath($0) },
            labels: labels.map { FilePath($0) }, threads: threads, longSide: inputSize)
    }

    /// A variable that is set, and not to nothing.
    private static func setting(_ name: String) -> String? {
        Environment.value(name).flatMap { $0.isEmpty ? nil : $0 }
    }
}
