import Linux
import SystemPackage

/// A network of the YOLOX family, loaded and tried.
///
/// One thread uses it.
final class Model {
    /// The file's name without its ending, such as `yolox_nano`.
    let name: String
    /// What its classes are called.
    let labels: [String]
    /// The only size of input that it takes; nil where any multiple of 32 will do.
    let fixedSize: (width: Int, height: Int)?
    private let session: InferenceSession

    /// Numbers of a row.
    private var columns: Int { YOLOX.rowHead + labels.count }

    /// - Parameters:
    ///   - runtime: What computes it.
    ///   - path: An ONNX file.
    ///   - labels: The names of its classes; nil: those of COCO.
    ///   - threads: How many compute one picture.
    /// - Throws: One sentence that says what is wrong with the file.
    init(_ runtime: InferenceRuntime, path: FilePath, labels: [String]?, threads: Int) throws(DetectionError) {
        let bytes = try Self.contents(of: path)
        let (session, size) = try Self.load(runtime, bytes, path: path, threads: threads)
        let family = "the model \(path) is not of the YOLOX family"
        let columns = session.outputs.first?.dimensions.last.flatMap { $0 }
        let labels = labels ?? ClassNames.coco
        guard let columns, columns > YOLOX.rowHead else {
            throw DetectionError(.modelUnusable, "\(family): its output has no rows of 5 numbers and its classes")
        }
        guard columns == YOLOX.rowHead + labels.count else {
            throw DetectionError(
                .modelUnusable,
                """
                the model \(path) tells \(columns - YOLOX.rowHead) classes apart, but \(labels.count) names are \
                given: name them in a file of one line each and give it as --labels
                """)
        }
        self.session = session
        self.labels = labels
        fixedSize = size
        name = File.target(of: path).stem ?? "\(path)"
    }

    /// Computes the network.
    ///
    /// - Parameters:
    ///   - input: Three planes of the given size.
    ///   - width: Pixels, a multiple of 32.
    ///   - height: Pixels, a multiple of 32.
    /// - Returns: What it may have found, the most likely first.
    /// - Throws: The runtime's own words.
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
            let name = kind == .folder ? "a folder" : "no regular file"
            throw DetectionError(
                .modelUnusable, "the model \(path) is \(name): give an ONNX file, or get one by scripts/get-detector")
        }
        do throws(SystemError) {
            return try File.contents(of: path, maximumByteCount: 1 << 30)
        } catch {
            guard error.errno == .noSuchFileOrDirectory else {
                throw DetectionError(.modelUnusable, "the model cannot be read: \(error)")
            }
            throw DetectionError(.modelMissing, "there is no model at \(path): get one by scripts/get-detector")
        }
    }

    /// Loads the model for pictures of any shape if it can, else for the one that it was made with.
    private static func load(
        _ runtime: InferenceRuntime, _ bytes: [UInt8], path: FilePath, threads: Int
    ) throws(DetectionError) -> (InferenceSession, (width: Int, height: Int)?) {
        if let defect = ModelFile.defect(of: bytes) {
            throw DetectionError(
                .modelUnusable, "the model \(path) cannot be loaded (\(defect)): get it again by scripts/get-detector")
        }
        if let open = ModelFile.withOpenSize(bytes), let session = try? session(runtime, open, threads: threads),
            isSuitable(session), hasYOLOXRows(session, width: 96, height: 64)
        {
            return (session, nil)
        }
        let session: InferenceSession
        do throws(RuntimeFailure) {
            session = try Self.session(runtime, bytes, threads: threads)
        } catch {
            throw DetectionError(
                .modelUnusable, "the model \(path) cannot be loaded (\(error)): get it again by scripts/get-detector")
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
        throw DetectionError(.modelUnusable, "the model \(path) is not of the YOLOX family: \(form(session))")
    }

    private static func session(
        _ runtime: InferenceRuntime, _ bytes: [UInt8], threads: Int
    ) throws(RuntimeFailure) -> InferenceSession {
        try bytes.withRawSpan { (span) throws(RuntimeFailure) in
            try InferenceSession(runtime, model: span, threads: threads)
        }
    }

    /// Whether input and output have the family's form.
    private static func isSuitable(_ session: InferenceSession) -> Bool {
        guard session.inputs.count == 1, let input = session.inputs.first, let output = session.outputs.first else {
            return false
        }
        return input.isFloat && output.isFloat && input.dimensions.count == 4 && output.dimensions.count == 3
            && input.dimensions[1] == 3 && input.dimensions[0] ?? 1 == 1
    }

    /// Whether a grey picture gives as many rows as the family's three grids have cells.
    private static func hasYOLOXRows(_ session: InferenceSession, width: Int, height: Int) -> Bool {
        var input = [Float](repeating: Letterbox.padding, count: 3 * width * height)
        let shape = try? session.run(&input, shape: [1, 3, height, width]) { $1 }
        return shape?.count == 3 && shape?[1] == YOLOX.rowCount(width: width, height: height)
    }

    private static func form(_ session: InferenceSession) -> String {
        guard session.inputs.allSatisfy(\.isFloat) else { return "its input takes no 32-bit floating-point numbers" }
        guard session.outputs.allSatisfy(\.isFloat) else { return "its output has no 32-bit floating-point numbers" }
        func text(_ ports: [InferenceSession.Port]) -> String {
            ports.map { $0.dimensions.map { $0.map(String.init) ?? "any" }.joined(separator: "x") }
                .joined(separator: ", ")
        }
        return "it makes \(text(session.outputs)) of \(text(session.inputs))"
    }
}
