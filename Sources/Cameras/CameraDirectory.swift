public import Names
public import SharedFrame

/// The known cameras: those configured at startup and those that have a ring.
///
/// It belongs to one thread.
public final class CameraDirectory {
    private let prefix: SystemPrefix
    private let kinds: [RingName.Kind]
    private let configured: [CameraName]
    /// The same as a set, for fast lookup.
    private let configuredSet: Set<CameraName>
    private var found: [CameraName: RingName] = [:]
    /// ``RingFolder/generation`` when the folder was last listed, or nil if it never was.
    private var listedGeneration: UInt64?
    /// The configured cameras in order, then the others sorted by name with `main` first.
    public private(set) var names: [CameraName] = []

    /// - Parameters:
    ///   - prefix: The system's prefix.
    ///   - kinds: The kinds of rings to look for, in order of preference.
    ///   - configured: Cameras that exist even without a ring; their rings are of the first kind.
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

    /// Lists the rings again if one may have been added or removed; costs one system call if not.
    ///
    /// Sees every change made before the call, unless the folder cannot be watched: see ``folderProblem``.
    public func refreshIfChanged() {
        // Read before the folder is listed, so that the next call sees any change made meanwhile.
        let generation = RingFolder.shared.generation
        guard generation != listedGeneration else { return }
        listedGeneration = generation
        refresh()
    }

    /// Why changes are seen up to 250 ms late, in one sentence with the remedy, or nil if they are seen at once.
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
        // Requests without a name need a camera even before there is one.
        if names.isEmpty { names = [.main] }
    }

    /// The camera for requests without a name.
    public var first: CameraName { names.first ?? .main }

    /// Returns whether the camera exists.
    public func contains(_ name: CameraName) -> Bool {
        if configuredSet.contains(name) { return true }
        refreshIfChanged()
        return found[name] != nil
    }

    /// Returns whether the camera is configured: it exists even without a ring.
    public func isConfigured(_ name: CameraName) -> Bool { configuredSet.contains(name) }

    /// Returns the ring to read the camera's frames from.
    public func ring(of name: CameraName) -> RingName {
        let standard = RingName(prefix: prefix, camera: name, kind: kinds[0])
        // A configured camera's writer is of the first kind; it may not have started yet.
        return configuredSet.contains(name) ? standard : found[name] ?? standard
    }
}
