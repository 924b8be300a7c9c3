import ArgumentParser
import Daemon
import Detection
import Linux
import SystemPackage

/// The command-line options for the detector.
struct DetectorOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The YOLOX model, which is an ONNX file [default: $ORIEL_MODEL, otherwise the one in the folder "
                + "$ORIEL_DETECTOR or in the system].",
            valueName: "file"))
    var model: String?

    @Option(
        help: ArgumentHelp(
            "The library of ONNX Runtime [default: $ORIEL_ONNXRUNTIME, otherwise the one in the folder "
                + "$ORIEL_DETECTOR or in the system].",
            valueName: "file"))
    var runtime: String?

    @Option(help: ArgumentHelp("The names of the model's classes, one per line [default: COCO].", valueName: "file"))
    var labels: String?

    @Option(help: "The number of threads that one inference uses.")
    var threads = 1

    @Option(help: "The longer side of the network's input in pixels, if the model's size is not fixed.")
    var inputSize = 416

    func validate() throws {
        guard (1...64).contains(threads) else { throw ValidationError("--threads must be from 1 to 64.") }
        guard (64...2048).contains(inputSize), inputSize % 32 == 0 else {
            throw ValidationError("--input-size must be a multiple of 32 from 64 to 2048.")
        }
    }

    /// Returns the configuration that options and environment variables define, and tunes the heap for detection.
    func prepare() -> DetectorConfiguration {
        Heap.setMmapThreshold(256 << 10)
        return DetectorConfiguration(
            runtime: runtime ?? Self.setting("ORIEL_ONNXRUNTIME"),
            model: (model ?? Self.setting("ORIEL_MODEL")).map { FilePath($0) },
            folder: Self.setting("ORIEL_DETECTOR").map { FilePath($0) },
            labels: labels.map { FilePath($0) }, prober: Executable.current, threads: threads, longSide: inputSize)
    }

    /// Returns the value of an environment variable; nil if it is not set or is empty.
    private static func setting(_ name: String) -> String? {
        Environment.value(name).flatMap { $0.isEmpty ? nil : $0 }
    }
}
