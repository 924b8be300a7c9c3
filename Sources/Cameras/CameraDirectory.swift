public import Names
public import SharedFrame

/// The cameras that a program knows: all cameras configured at startup, and all cameras that have a ring.
///
/// Use it from only one thread.
public final class CameraDirectory {
    private let prefix: SystemPrefix
    private let kinds: [RingName.Kind]
    private let configured: [CameraName]
    /// The names in ``configured`` as a set, for fast lookup.
    private let configuredSet: Set<CameraName>
    private var found: [CameraName: RingName] = [:]
    /// The value of ``RingFolder/generation`` when the folder was last listed; nil if it has never been listed.
    private var listedGeneration: UInt64?
    /// The configured cameras in their order, then `main` unless it is configured, then the others, sorted by name.
    public private(set) var names: [CameraName] = []

    /// - Parameters:
    ///   - prefix: The system's prefix.
    ///   - kinds: The kinds of rings to look for, in order of preference.
    ///   - configured: Cameras to list even if they have no ring yet. Their rings are assumed to be of the first kind
    ///     in `kinds`.
    public init(prefix: SystemPrefix, kinds: [RingName.Kind], configured: [CameraName]) {
        precondition(!kinds.isEmpty)
        self.prefix = prefix
        self.kinds = kinds
        self.configured = configured
        configuredSet = Set(configured)
        refreshIfChanged()
    }

    /// A counter that increases whenever ``names`` or a result of ``ring(of:)`` changes.
    public private(set) var generation: UInt64 = 0

    /// Lists the rings again if one may have been added or removed.
    ///
    /// If nothing has changed, this function makes only one system call. It detects every change that was made before
    /// it was called, unless the folder cannot be watched (see ``folderProblem``).
    public func refreshIfChanged() {
        // Read the generation before listing the folder, so that the next call detects changes made during the listing.
        let generation = RingFolder.shared.generation
        guard generation != listedGeneration else { return }
        listedGeneration = generation
        refresh()
    }

    /// The reason why changes are detected up to 250 ms late, and the remedy, in one sentence.
    ///
    /// Nil if changes are detected at once.
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
        // A request that names no camera is for the first camera, so there must always be at least one camera.
        if names.isEmpty { names = [.main] }
    }

    /// The camera for requests that do not name a camera.
    public var first: CameraName { names.first ?? .main }

    /// Returns whether the camera exists.
    public func contains(_ name: CameraName) -> Bool {
        if configuredSet.contains(name) { return true }
        refreshIfChanged()
        return found[name] != nil
    }

    /// Returns whether the camera is configured, and therefore exists even without a ring.
    public func isConfigured(_ name: CameraName) -> Bool { configuredSet.contains(name) }

    /// Returns the ring to read the camera's frames from.
    public func ring(of name: CameraName) -> RingName {
        let standard = RingName(prefix: prefix, camera: name, kind: kinds[0])
        // The ring of a configured camera is of the first kind, even if its writer has not started yet.
        return configuredSet.contains(name) ? standard : found[name] ?? standard
    }
}
