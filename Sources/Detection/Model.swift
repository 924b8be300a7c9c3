import Linux
import SystemPackage

/// A YOLOX model that has been loaded and tested.
///
/// Several threads may run it at the same time.
final class Model: Sendable {
    /// The file name without its extension, such as `yolox_nano`.
    let name: String
    /// The names of the model's classes.
    let labels: [String]
    /// The only supported size of the input; nil if width and height may be any multiples of 32.
    let fixedSize: (width: Int, height: Int)?
    private let session: InferenceSession

    /// The number of values in a row of the output.
    private var columns: Int { YOLOX.rowHead + labels.count }

    /// - Parameters:
    ///   - runtime: The runtime to use.
    ///   - path: The path of an ONNX file.
    ///   - labels: The names of the model's classes; nil means the classes of COCO.
    ///   - threads: The number of threads that one inference uses.
    /// - Throws: An error that says why the file cannot be used.
    init(_ runtime: InferenceRuntime, path: FilePath, labels: [String]?, threads: Int) throws(DetectionError) {
        let bytes = try Self.contents(of: path)
        let (session, size) = try Self.load(runtime, bytes, path: path, threads: threads)
        let family = "the model \(path) is not a YOLOX model"
        let columns = session.outputs.first?.dimensions.last.flatMap { $0 }
        let labels = labels ?? ClassNames.coco
        guard let columns, columns > YOLOX.rowHead else {
            throw DetectionError(
                .modelUnusable,
                "\(family): a row of its output does not consist of 5 values and the scores of the classes")
        }
        guard columns == YOLOX.rowHead + labels.count else {
            throw DetectionError(
                .modelUnusable,
                """
                the model \(path) has \(columns - YOLOX.rowHead) classes, but there are \(labels.count) class names: \
                write the names to a file, one per line, and set --labels to it
                """)
        }
        self.session = session
        self.labels = labels
        fixedSize = size
        name = File.target(of: path).stem ?? "\(path)"
    }

    /// Runs the network.
    ///
    /// - Parameters:
    ///   - input: A blue, a green and a red plane of `width` × `height` values each.
    ///   - width: The width in pixels, a multiple of 32.
    ///   - height: The height in pixels, a multiple of 32.
    /// - Returns: The candidates, beginning with the most confident one.
    /// - Throws: The runtime's error message.
    func candidates(
        in input: inout [Float], width: Int, height: Int
    ) throws(RuntimeFailure) -> [YOLOX.Candidate] {
        let columns = columns
        let found: [YOLOX.Candidate]? = try session.run(&input, shape: [1, 3, height, width]) { rows, shape in
            guard shape == [1, YOLOX.rowCount(width: width, height: height), columns] else { return nil }
            return YOLOX.candidates(in: rows, columns: columns, width: width, height: height)
        }
        guard let found else { throw RuntimeFailure(description: "the output has an unexpected size") }
        return found
    }

    // MARK: Loading

    private static func contents(of path: FilePath) throws(DetectionError) -> [UInt8] {
        if let kind = try? FileStatus(at: path).kind, kind != .file {
            let name = kind == .folder ? "a folder" : "not a regular file"
            throw DetectionError(
                .modelUnusable,
                "the model \(path) is \(name): use an ONNX file, or install one with scripts/get-detector")
        }
        do throws(SystemError) {
            return try File.contents(of: path, maximumByteCount: 1 << 30)
        } catch {
            guard error.errno == .noSuchFileOrDirectory else {
                throw DetectionError(.modelUnusable, "cannot read the model: \(error)")
            }
            throw DetectionError(.modelMissing, "there is no model at \(path): install one with scripts/get-detector")
        }
    }

    /// Loads the model with a dynamic input size.
    ///
    /// If that does not work, loads it with its fixed size.
    private static func load(
        _ runtime: InferenceRuntime, _ bytes: [UInt8], path: FilePath, threads: Int
    ) throws(DetectionError) -> (InferenceSession, (width: Int, height: Int)?) {
        if let defect = ModelFile.defect(of: bytes) {
            throw DetectionError(
                .modelUnusable, "cannot load the model \(path) (\(defect)): reinstall it with scripts/get-detector")
        }
        if let dynamic = ModelFile.withDynamicSize(bytes),
            let session = try? session(runtime, dynamic, threads: threads), isSuitable(session),
            hasYOLOXRows(session, width: 96, height: 64)
        {
            return (session, nil)
        }
        let session: InferenceSession
        do throws(RuntimeFailure) {
            session = try Self.session(runtime, bytes, threads: threads)
        } catch {
            throw DetectionError(
                .modelUnusable, "cannot load the model \(path) (\(error)): reinstall it with scripts/get-detector")
        }
        if isSuitable(session) {
            let input = session.inputs[0].dimensions
            let (width, height) = (input[3] ?? 416, input[2] ?? 416)
            if width % 32 == 0, height % 32 == 0, (32...4096).contains(width), (32...4096).contains(height),
                hasYOLOXRows(session, width: width, height: height)
            {
                return (session, (width, height))
            }
        }
        throw DetectionError(.modelUnusable, "the model \(path) is not a YOLOX model: \(form(session))")
    }

    private static func session(
        _ runtime: InferenceRuntime, _ bytes: [UInt8], threads: Int
    ) throws(RuntimeFailure) -> InferenceSession {
        try bytes.withRawSpan { (span) throws(RuntimeFailure) in
            try InferenceSession(runtime, model: span, threads: threads)
        }
    }

    /// Returns whether the types and dimensions of the input and the output fit a YOLOX model.
    private static func isSuitable(_ session: InferenceSession) -> Bool {
        guard session.inputs.count == 1, let input = session.inputs.first, let output = session.outputs.first else {
            return false
        }
        return input.isFloat && output.isFloat && input.dimensions.count == 4 && output.dimensions.count == 3
            && input.dimensions[1] == 3 && input.dimensions[0] ?? 1 == 1
    }

    /// Runs the network on a grey picture, and returns whether its output has the number of rows of a YOLOX network.
    private static func hasYOLOXRows(_ session: InferenceSession, width: Int, height: Int) -> Bool {
        var input = [Float](repeating: Letterbox.padding, count: 3 * width * height)
        let shape = try? session.run(&input, shape: [1, 3, height, width]) { $1 }
        return shape?.count == 3 && shape?[1] == YOLOX.rowCount(width: width, height: height)
    }

    private static func form(_ session: InferenceSession) -> String {
        guard session.inputs.allSatisfy(\.isFloat) else { return "its input is not 32-bit floating-point" }
        guard session.outputs.allSatisfy(\.isFloat) else { return "its output is not 32-bit floating-point" }
        func text(_ ports: [InferenceSession.Port]) -> String {
            ports.map { $0.dimensions.map { $0.map(String.init) ?? "any" }.joined(separator: "x") }
                .joined(separator: ", ")
        }
        return "its input is \(text(session.inputs)), and its output is \(text(session.outputs))"
    }
}
