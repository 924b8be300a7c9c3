import Linux
public import Names
public import SharedFrame

/// The cameras that exist: those that were named at the start, and those whose rings are there.
///
/// It belongs to one thread.
public final class CameraDirectory {
    private let prefix: SystemPrefix
    private let kinds: [RingName.Kind]
    private let configured: [CameraName]
    private var found: [CameraName: RingName] = [:]
    /// When the folder had last changed as it was read, and when that was (CLOCK_REALTIME, ns).
    private var folderState: (modified: UInt64, read: UInt64)?
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
        refreshIfChanged()
    }

    /// Counts changes of ``names`` and of what ``ring(of:)`` returns.
    public private(set) var generation: UInt64 = 0

    /// A folder's time of change moves in steps of the kernel's clock tick: a change in the tick in which it was read
    /// would go unseen.
    private static let coarsestTick: UInt64 = 20_000_000

    /// Looks which rings are there, if any has come or gone: one system call if none has.
    public func refreshIfChanged() {
        let modified = (try? FileStatus(at: RingName.folder).modified) ?? 0
        if let state = folderState, state.modified == modified, state.read > modified &+ Self.coarsestTick { return }
        folderState = (modified, Clock.realtime)
        refresh()
    }

    private func refresh() {
        let before = (names, found)
        defer { if before.0 != names || before.1 != found { generation += 1 } }
        found = [:]
        for kind in kinds.reversed() {
            for ring in RingName.existing(prefix: prefix, kind: kind) { found[ring.camera] = ring }
        }
        names = configured
        if found[.main] != nil, !configured.contains(.main) { names.append(.main) }
        names += found.keys.filter { $0 != .main && !configured.contains($0) }.sorted()
        // Before any camera has come, `main` is the one that requests without a name mean.
        if names.isEmpty { names = [.main] }
    }

    /// The camera that a request without a name means.
    public var first: CameraName { names.first ?? .main }

    /// Whether a camera exists.
    public func contains(_ name: CameraName) -> Bool {
        if configured.contains(name) { return true }
        refreshIfChanged()
        return found[name] != nil
    }

    /// Whether a camera exists even without a ring.
    public func isConfigured(_ name: CameraName) -> Bool { configured.contains(name) }

    /// The ring that a camera's frames are read from.
    public func ring(of name: CameraName) -> RingName {
        let standard = RingName(prefix: prefix, camera: name, kind: kinds[0])
        // A configured camera has a writer of the first kind, which may only be late.
        return configured.contains(name) ? standard : found[name] ?? standard
    }
}
