public import Linux
public import SystemPackage

/// The configuration of a detector.
public struct DetectorConfiguration: Sendable {
    /// The library of ONNX Runtime; nil means that ``folder`` and the standard places are searched for it.
    public var runtime: String?
    /// The model file; nil means that ``folder`` and the standard place are searched for it.
    public var model: FilePath?
    /// The folder in which scripts/get-detector installs the library and the model, unless it installs them
    /// system-wide.
    public var folder: FilePath?
    /// A file with the names of the model's classes, one per line; nil means the classes of COCO.
    public var labels: FilePath?
    /// The program that tests whether loading a library makes a process crash or hang (see ``RuntimeProbe``).
    ///
    /// Nil means that libraries are loaded without this test.
    public var prober: FilePath?
    /// The number of threads that one inference uses.
    public var threads: Int
    /// The longer side of the network's input in pixels.
    ///
    /// It is ignored if the model's input has a fixed size.
    public var longSide: Int

    public init(
        runtime: String? = nil, model: FilePath? = nil, folder: FilePath? = nil, labels: FilePath? = nil,
        prober: FilePath? = nil, threads: Int = 1, longSide: Int = 416
    ) {
        self.runtime = runtime
        self.model = model
        self.folder = folder
        self.labels = labels
        self.prober = prober
        self.threads = threads
        self.longSide = longSide
    }

    /// The path at which `scripts/get-detector --system` installs the model.
    private static let systemModel: FilePath = "/usr/local/share/oriel/models/model.onnx"

    /// The path of the model to load.
    ///
    /// If ``model`` is nil, this is the first place at which a model exists. If no place has a model, it is the place
    /// that is searched first.
    var modelPath: FilePath {
        if let model { return model }
        guard let own = folder?.appending("models/model.onnx") else { return Self.systemModel }
        let isOnlyInSystem = Self.status(own) == nil && Self.status(Self.systemModel) != nil
        return isOnlyInSystem ? Self.systemModel : own
    }

    /// The status of every file that a detector may load.
    ///
    /// If loading failed, it may succeed after one of these files has changed.
    public var sources: [FileStatus?] {
        let files = runtime == nil ? libraries + [RuntimeSearch.linkerCache] : libraries
        return modelSources + files.map { Self.status(FilePath($0)) }
    }

    /// The status of the files that can be loaded again while the program runs.
    ///
    /// The library is not one of these files, because it stays loaded until the program exits.
    public var modelSources: [FileStatus?] { ([modelPath] + [labels].compactMap { $0 }).map(Self.status) }

    /// The places that are searched for the library, in order.
    ///
    /// The status is nil if there is no such file, or if `path` is a name that the dynamic linker resolves.
    public var runtimeSources: [(path: String, status: FileStatus?)] {
        libraries.map { ($0, $0.contains("/") ? Self.status(FilePath($0)) : nil) }
    }

    private var libraries: [String] { runtime.map { [$0] } ?? RuntimeSearch.candidates(folder: folder) }

    private static func status(_ path: FilePath) -> FileStatus? { try? FileStatus(at: path) }
}
