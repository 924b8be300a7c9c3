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
        Folder.remove(runtime)
    }

    /// Removes the rings and lock files that killed writers have left behind.
    ///
    /// A ring remains if a process has mapped it, and a lock file remains if a process has locked it.
    private func removeRings() {
        let folder = RingName.folder
        let rings = cameras.flatMap { camera in
            RingName.Kind.allCases.map { RingName(prefix: prefix, camera: camera, kind: $0).fileName }
        }
        let present = Set(Folder.names(in: folder))
        let leftovers = rings.flatMap { [$0, "\($0).new"] }.filter { present.contains($0) }
        if !leftovers.isEmpty {
            let mapped = Self.mappedFiles(in: folder)
            for name in leftovers where !mapped.contains(name) { File.remove(folder.appending(name)) }
        }
        for lock in rings.map({ ".\($0).lock" }) where present.contains(lock) {
            Self.removeLock(folder.appending(lock))
        }
    }

    /// Returns the names of files in `folder` that any process has mapped.
    private static func mappedFiles(in folder: FilePath) -> Set<String> {
        var names: Set<String> = []
        let beginning = Array("\(folder)/".utf8)
        for process in Folder.names(in: "/proc") where process.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            guard let maps = try? File.contents(of: FilePath("/proc/\(process)/maps")) else { continue }
            for line in maps.split(separator: UInt8(ascii: "\n")) {
                guard let slash = line.firstIndex(of: UInt8(ascii: "/")),
                    line[slash...].starts(with: beginning)
                else { continue }
                names.insert(String(decoding: line[(slash + beginning.count)...], as: UTF8.self))
            }
        }
        return names
    }

    /// Removes a writer's lock file if no process has locked it.
    ///
    /// This process locks the file before it removes it, so that no writer can take the lock in the meantime.
    private static func removeLock(_ path: FilePath) {
        guard let file = try? Descriptor(opening: path, flags: O_RDWR | O_NOFOLLOW),
            (try? FileLock.tryLock(file, byte: 0, .exclusive)) == true
        else { return }
        File.remove(path)
    }
}
