public import Linux
public import SystemPackage

/// The configuration of a detector.
public struct DetectorConfiguration: Sendable {
    /// The library of ONNX Runtime, or nil to search ``folder`` and the standard places.
    public var runtime: String?
    /// The model file, or nil to search ``folder`` and the standard place.
    public var model: FilePath?
    /// The folder in which scripts/get-detector installs both, unless it installs them system-wide.
    public var folder: FilePath?
    /// A file with the model's class names, one per line, or nil for COCO's.
    public var labels: FilePath?
    /// The program that loads a library first to see whether it is harmful, see ``RuntimeProbe``; nil for none.
    public var prober: FilePath?
    /// The number of threads per inference.
    public var threads: Int
    /// The longer side of the network's input in pixels, if the model's size is not fixed.
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

    /// Where `scripts/get-detector --system` installs the model.
    private static let systemModel: FilePath = "/usr/local/share/oriel/models/model.onnx"

    /// The model to load: the first that exists, or the preferred path if none does.
    var modelPath: FilePath {
        if let model { return model }
        guard let own = folder?.appending("models/model.onnx") else { return Self.systemModel }
        let isOnlyInSystem = Self.status(own) == nil && Self.status(Self.systemModel) != nil
        return isOnlyInSystem ? Self.systemModel : own
    }

    /// The status of all files that a detector may load; if it changes, loading may be worth a retry.
    public var sources: [FileStatus?] {
        let files = runtime == nil ? libraries + [RuntimeSearch.linkerCache] : libraries
        return modelSources + files.map { Self.status(FilePath($0)) }
    }

    /// The status of the files that can be reloaded; the library stays loaded until the program ends.
    public var modelSources: [FileStatus?] { ([modelPath] + [labels].compactMap { $0 }).map(Self.status) }

    /// The places searched for the library, in order, with the current status of each path; nil for names that the
    /// dynamic linker resolves.
    public var runtimeSources: [(path: String, status: FileStatus?)] {
        libraries.map { ($0, $0.contains("/") ? Self.status(FilePath($0)) : nil) }
    }

    private var libraries: [String] { runtime.map { [$0] } ?? RuntimeSearch.candidates(folder: folder) }

    private static func status(_ path: FilePath) -> FileStatus? { try? FileStatus(at: path) }
}
