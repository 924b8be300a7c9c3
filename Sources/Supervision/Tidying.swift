import Glibc
public import Linux
public import Names
import SharedFrame
public import SystemPackage

/// Terminates the processes of a system that has stopped, and removes its rings and its runtime folder.
public struct Tidying: Sendable {
    /// How long processes may take to exit after SIGTERM.
    static let timeout = Duration.seconds(3)

    private let runtime: FilePath
    private let prefix: SystemPrefix
    private let cameras: [CameraName]

    public init(runtime: FilePath, prefix: SystemPrefix, cameras: [CameraName]) {
        self.runtime = runtime
        self.prefix = prefix
        self.cameras = cameras
    }

    /// The arguments for `oriel tidy`.
    var arguments: [String] { ["tidy", runtime.string, prefix.text] + cameras.map(\.text) }

    /// The body of `oriel tidy`, the process that outlives `oriel run`.
    ///
    /// Reads lines from standard input until the end of the file: `+ GROUP` adds a process group, and `- GROUP` removes
    /// it. Then terminates the remaining groups and cleans up.
    public func run() throws(SystemError) {
        // Signals that are sent to the supervisor's process group or terminal must not kill this process.
        let signals = try SignalDescriptor(blocking: [SIGHUP, SIGINT, SIGTERM])
        var groups: Set<Int32> = []
        while let line = readLine() {
            guard let group = Int32(line.dropFirst(2)), group > 1 else { continue }
            if line.hasPrefix("+ ") { groups.insert(group) } else { groups.remove(group) }
        }
        end(groups)
        _ = signals.next()
    }

    /// Terminates the process groups, and removes the rings and the runtime folder.
    ///
    /// ``RuntimeFolder/remove(_:)`` says when the folder remains.
    ///
    /// `reap` is called periodically, so that a caller that is the parent of the processes can reap them.
    func end(_ groups: Set<Int32>, reap: () -> Void = {}) {
        // Only the leaders of the groups receive SIGTERM, so that nginx can shut down its workers itself.
        for group in groups { ChildProcesses.signal(group, SIGTERM) }
        let deadline = Instant.now + Self.timeout
        while groups.contains(where: ChildProcesses.isRunning), Instant.now < deadline {
            Poll.wait([], milliseconds: 20)
            reap()
        }
        for group in groups { ChildProcesses.signal(group: group, SIGKILL) }
        while groups.contains(where: ChildProcesses.isRunning), Instant.now < deadline + .seconds(1) {
            Poll.wait([], milliseconds: 20)
            reap()
        }
        removeRings()
        RuntimeFolder.remove(runtime)
    }

    /// Removes the rings and lock files that killed writers have left behind.
    ///
    /// ``RingName/removeLeftovers(mapped:)`` says what remains.
    private func removeRings() {
        let rings = cameras.flatMap { camera in
            RingName.Kind.allCases.map { RingName(prefix: prefix, camera: camera, kind: $0) }
        }
        let present = Folder.names(in: RingName.folder).filter {
            $0.hasPrefix("\(prefix).") || $0.hasPrefix(".\(prefix).")
        }
        guard !present.isEmpty else { return }
        let mapped = MappedObjects()
        for ring in rings {
            let name = ring.fileName
            guard present.contains(where: { $0 == name || $0 == ".\(name).lock" || $0.hasPrefix("\(name).") }) else {
                continue
            }
            ring.removeLeftovers(mapped: mapped)
        }
    }
}
