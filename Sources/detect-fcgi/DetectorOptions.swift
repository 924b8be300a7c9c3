import ArgumentParser
import Daemon
import Detection
import Linux
import SystemPackage

/// The options that say what to detect with.
struct DetectorOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The model: an ONNX file of the YOLOX family [default: $ORIEL_MODEL or where scripts/get-detector puts it].",
            valueName: "file"))
    var model: String?

    @Option(
        help: ArgumentHelp(
            "ONNX Runtime's library [default: $ORIEL_ONNXRUNTIME or wherever the system has it].", valueName: "file"))
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
            runtime: runtime ?? Environment.value("ORIEL_ONNXRUNTIME"),
            model: FilePath(model ?? Environment.value("ORIEL_MODEL") ?? Self.usualModel),
            labels: labels.map { FilePath($0) }, threads: threads, longSide: inputSize)
    }

    /// Where `scripts/get-detector --system` puts the model.
    private static let usualModel = "/usr/local/share/oriel/models/model.onnx"
}
