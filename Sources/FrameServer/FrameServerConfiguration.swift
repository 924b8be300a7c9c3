public import Names
public import SharedFrame
public import SystemPackage

/// What a streaming worker serves.
public struct FrameServerConfiguration: Sendable {
    /// The program's name: in log lines, in metrics, and as the name of the file of counters.
    public var service: String
    /// What the names of the rings begin with (`ORIEL_PREFIX`).
    public var prefix: SystemPrefix
    /// Whose rings are served: those of cameras here, or the relay's.
    public var kind: RingName.Kind
    /// Cameras that exist even while they have no ring; the first is the one that a path without a name means.
    public var cameras: [CameraName]
    /// Streams at once; further ones are refused with status 503.
    public var maximumViewers: Int
    /// Where the workers of a service count together (`<runtimeDirectory>/<service>.stats`); nil: each for itself.
    public var runtimeDirectory: FilePath?

    public init(
        service: String, prefix: SystemPrefix, kind: RingName.Kind, cameras: [CameraName], maximumViewers: Int = 2000,
        runtimeDirectory: FilePath? = nil
    ) {
        self.service = service
        self.prefix = prefix
        self.kind = kind
        self.cameras = cameras
        self.maximumViewers = maximumViewers
        self.runtimeDirectory = runtimeDirectory
    }
}
