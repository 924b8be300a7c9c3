public import Linux
public import SystemPackage

/// What a detector is made of.
public struct DetectorConfiguration: Sendable {
    /// The runtime's library; nil: the one in ``folder``, or where it usually is.
    public var runtime: String?
    /// The model's file; nil: the one in ``folder``, or where it usually is.
    public var model: FilePath?
    /// Where scripts/get-detector puts both, unless it is told to put them where the system has such things.
    public var folder: FilePath?
    /// A file with the names of the model's classes, one a line; nil: those of COCO.
    public var labels: FilePath?
    /// Threads that compute one picture.
    public var threads: Int
    /// The longer side of the network's input in pixels, where the model leaves the choice.
    public var longSide: Int

    public init(
        runtime: String? = nil, model: FilePath? = nil, folder: FilePath? = nil, labels: FilePath? = nil,
        threads: Int = 1, longSide: Int = 416
    ) {
        self.runtime = runtime
        self.model = model
        self.folder = folder
        self.labels = labels
        self.threads = threads
        self.longSide = longSide
    }

    /// Where `scripts/get-detector --system` puts the model.
    private static let systemModel: FilePath = "/usr/local/share/oriel/models/model.onnx"

    /// The model to be loaded: the first that is there, or else the one that is missed.
    var modelPath: FilePath {
        if let model { return model }
        guard let own = folder?.appending("models/model.onnx") else { return Self.systemModel }
        let isOnlyInSystem = Self.status(own) == nil && Self.status(Self.systemModel) != nil
        return isOnlyInSystem ? Self.systemModel : own
    }

    /// All files that a detector may be made of, as they are now; when they change, it may be worth another try.
    public var sources: [FileStatus?] {
        let files = runtime == nil ? libraries + [RuntimeSearch.linkerCache] : libraries
        return modelSources + files.map { Self.status(FilePath($0)) }
    }

    /// Those of them that a detector which runs can be given anew: the library stays loaded until the program ends.
    public var modelSources: [FileStatus?] { ([modelPath] + [labels].compactMap { $0 }).map(Self.status) }

    /// Where the library is looked for, in this order, and what is there now; of names that the linker looks for,
    /// nothing is known.
    public var runtimeSources: [(path: String, status: FileStatus?)] {
        libraries.map { ($0, $0.contains("/") ? Self.status(FilePath($0)) : nil) }
    }

    private var libraries: [String] { runtime.map { [$0] } ?? RuntimeSearch.candidates(folder: folder) }

    private static func status(_ path: FilePath) -> FileStatus? { try? FileStatus(at: path) }
}
