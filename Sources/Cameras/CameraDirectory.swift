public import Names
public import SharedFrame

/// The cameras that exist: those that were named at the start, and those whose rings are there.
///
/// It belongs to one thread.
public final class CameraDirectory {
    private let prefix: SystemPrefix
    private let kinds: [RingName.Kind]
    private let configured: [CameraName]
    /// The same: a lookup must not take longer with more cameras.
    private let configuredSet: Set<CameraName>
    private var found: [CameraName: RingName] = [:]
    /// ``RingFolder/generation`` when the folder was last listed; nil if it was never listed.
    private var listedGeneration: UInt64?
    /// The configured cameras in their order, then the others by name, `main` before all.
    public private(set) var names: [CameraName] = []

    /// - Parameters:
    ///   - prefix: The system's.
    ///   - kinds: Whose rings are looked for; of a camera with several, the first kind in this list counts.
    ///   - configured: Cameras that exist even while they have no ring; it is of the first kind then.
    public init(prefix: SystemPrefix, kinds: [RingName.Kind], configured: [CameraName]) {
        precondition(!kinds.isEmpty)
        self.prefix = prefix
        self.kinds = kinds
        self.configured = configured
        configuredSet = Set(configured)
        refreshIfChanged()
    }

    /// Counts changes of ``names`` and of what ``ring(of:)`` returns.
    public private(set) var generation: UInt64 = 0

    /// Lists the rings again if one may have come or gone; costs one system call if not.
    ///
    /// A change that happened before the call is always seen, except where the folder cannot be watched: see
    /// ``folderProblem``.
    public func refreshIfChanged() {
        // Read before the folder is listed: what changes meanwhile is seen by the next call.
        let generation = RingFolder.shared.generation
        guard generation != listedGeneration else { return }
        listedGeneration = generation
        refresh()
    }

    /// Why changes are seen up to 250 ms late, in one sentence with the remedy; nil while they are seen at once.
    public var folderProblem: String? { RingFolder.shared.problem }

    private func refresh() {
        let before = (names, found)
        defer { if before.0 != names || before.1 != found { generation += 1 } }
        found = [:]
        for kind in kinds.reversed() {
            for ring in RingName.existing(prefix: prefix, kind: kind) { found[ring.camera] = ring }
        }
        names = configured
        if found[.main] != nil, !configuredSet.contains(.main) { names.append(.main) }
        names += found.keys.filter { $0 != .main && !configuredSet.contains($0) }.sorted()
        // Before any camera has come, `main` is the one that requests without a name mean.
        if names.isEmpty { names = [.main] }
    }

    /// The camera that a request without a name means.
    public var first: CameraName { names.first ?? .main }

    /// Whether a camera exists.
    public func contains(_ name: CameraName) -> Bool {
        if configuredSet.contains(name) { return true }
        refreshIfChanged()
        return found[name] != nil
    }

    /// Whether a camera exists even without a ring.
    public func isConfigured(_ name: CameraName) -> Bool { configuredSet.contains(name) }

    /// The ring that a camera's frames are read from.
    public func ring(of name: CameraName) -> RingName {
        let standard = RingName(prefix: prefix, camera: name, kind: kinds[0])
        // A configured camera has a writer of the first kind, which may only be late.
        return configuredSet.contains(name) ? standard : found[name] ?? standard
    }
}
