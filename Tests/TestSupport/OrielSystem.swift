public import Glibc
import Linux
import Synchronization
public import SystemPackage

/// A system started with scripts/run, as users start it, with its own prefix, ports and folder.
///
/// It is stopped when this object is released.
public final class OrielSystem: Sendable {
    /// The folder of Package.swift.
    public static let root = FilePath(#filePath).removingLastComponent().removingLastComponent().removingLastComponent()

    /// Whether other users may enter this folder and all folders above it, as tests that become another user require.
    public static let isOpenToOthers: Bool = {
        var path = root
        while (try? FileStatus(at: path)).map({ $0.permissions & 0o001 != 0 }) == true {
            if path == "/" { return true }
            path.removeLastComponent()
        }
        return false
    }()

    /// The folder of the release programs: `ORIEL_BIN_DIR`, or the output folder of `swift build -c release`.
    public static let programs =
        Environment.value("ORIEL_BIN_DIR").map { FilePath($0) } ?? root.appending(".build/release")

    /// Whether the release programs have been built.
    public static var isBuilt: Bool {
        ["oriel", "capture-daemon", "mjpeg-fcgi", "relay-fcgi", "load-generator"].allSatisfy { name in
            unsafe programs.appending(name).withPlatformString { unsafe access($0, X_OK) } == 0
        }
    }

    public let prefix: String
    public let webPort: Int
    public let ingestPort: Int
    /// The folder of the system's sockets and logs.
    public let runtime: FilePath
    public let process: ChildProcess
    private let folder = TemporaryFolder()
    private let watchdog: ChildProcess
    private let lifeline: Descriptor

    /// Starts a system with a synthetic camera and waits until it has announced its address or has exited.
    ///
    /// - Parameters:
    ///   - environment: Settings of scripts/run, which override the defaults set here.
    ///   - configuration: A folder that replaces deploy/, or nil.
    ///   - launcher: Words to put in front of the command scripts/run, such as `nsenter` with options. They must
    ///     execute scripts/run without starting another process.
    ///   - isReadyAwaited: Whether to wait until the address has been announced, for at most 30 s.
    /// - Throws: `SystemError` if scripts/run cannot be started.
    public init(
        environment: [String: String] = [:], configuration: FilePath? = nil, launcher: [String] = [],
        isReadyAwaited: Bool = true
    ) throws {
        Signals.ignoreBrokenPipe()
        prefix = environment["ORIEL_PREFIX"] ?? "oriel-test-\(getpid())-\(Clock.monotonic)"
        webPort = try environment["ORIEL_WEB_PORT"].flatMap { Int($0) } ?? Self.freePort()
        ingestPort = try environment["ORIEL_INGEST_PORT"].flatMap { Int($0) } ?? Self.freePort()
        runtime = folder.path.appending("run")
        // If root runs the tests, nginx's workers run as another user, who must be able to enter the folder.
        _ = unsafe folder.path.withPlatformString { unsafe chmod($0, 0o711) }
        var settings = [
            "ORIEL_BIN_DIR": Self.programs.string, "ORIEL_DEVICE": "pattern", "ORIEL_PREFIX": prefix,
            "ORIEL_WEB_PORT": "\(webPort)", "ORIEL_INGEST_PORT": "\(ingestPort)",
            "ORIEL_RUNTIME_DIR": runtime.string, "ORIEL_DEPLOY_DIR": configuration?.string ?? "",
            "ORIEL_CAMERAS": "", "ORIEL_SIZE": "", "ORIEL_FPS": "", "ORIEL_BIND": "", "ORIEL_INGEST_BIND": "",
            "ORIEL_HOSTS": "", "ORIEL_CONFIG": "",
        ]
        settings.merge(environment) { $1 }
        let command = launcher + [Self.root.appending("scripts/run").string]
        process = try ChildProcess(
            command[0], Array(command.dropFirst()), environment: settings, log: folder.path.appending("output").string)

        // If the test process is killed, the pipe is closed, and then this shell stops the system.
        var ends: [CInt] = [-1, -1]
        try systemCall("pipe", "") { unsafe pipe(&ends) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        lifeline = Descriptor(owning: ends[1])
        let reading = Descriptor(owning: ends[0])
        watchdog = try ChildProcess(
            "sh", ["-c", "read -r _; kill -TERM \(process.processIdentifier)"], input: reading.number)

        guard isReadyAwaited else { return }
        _ = eventually(30) { output.contains("Press Ctrl-C to stop.") || !process.isRunning }
    }

    deinit {
        watchdog.end()
        stop()
    }

    /// The output of scripts/run so far.
    public var output: String {
        let bytes = try? File.contents(of: folder.path.appending("output"))
        return bytes.map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    /// Returns the log of a part, such as `capture-main`.
    public func log(of part: String) -> String {
        let bytes = try? File.contents(of: runtime.appending("log").appending("\(part).log"))
        return bytes.map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    public func web(_ path: String) -> String { "http://127.0.0.1:\(webPort)\(path)" }
    public func ingest(_ path: String) -> String { "http://127.0.0.1:\(ingestPort)\(path)" }

    /// All processes of the system except scripts/run itself.
    public var processes: [ProcessTable.Entry] { ProcessTable.descendants(of: process.processIdentifier) }

    /// Returns the processes whose command line contains `text`, such as `/mjpeg-fcgi ` or `nginx-web`.
    public func processes(with text: String) -> [ProcessTable.Entry] {
        processes.filter { $0.commandLine.contains(text) }
    }

    /// The files in shared memory whose names start with the system's prefix.
    public var rings: [String] { Folder.names(in: "/dev/shm").filter { $0.hasPrefix(prefix + ".") } }

    /// Stops the system with `signal`.
    ///
    /// Returns the exit status of scripts/run, or the negated number of the signal that killed it, or nil if it is
    /// still running after 15 s.
    @discardableResult
    public func stop(by signal: CInt = SIGTERM) -> CInt? {
        process.send(signal)
        return process.wait(milliseconds: 15_000)
    }

    private static let chosenPorts = Mutex<Set<Int>>([])

    /// Returns a free TCP port of 127.0.0.1 that this process has not returned before.
    public static func freePort() throws -> Int {
        // If nothing listens on a port that was returned before, the kernel may choose that port again.
        while true {
            let port = try portOfKernel()
            if chosenPorts.withLock({ $0.insert(port).inserted }) { return port }
        }
    }

    private static func portOfKernel() throws -> Int {
        let type = Int32(SOCK_STREAM.rawValue)
        let socket = Descriptor(owning: try systemCall("socket", "") { Glibc.socket(AF_INET, type, 0) })
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        return try unsafe withUnsafeMutablePointer(to: &address) { pointer in
            try unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                try systemCall("bind", "a free port") { unsafe bind(socket.number, pointer, length) }
                try systemCall("getsockname", "") { unsafe getsockname(socket.number, pointer, &length) }
            }
            return unsafe Int(UInt16(bigEndian: pointer.pointee.sin_port))
        }
    }
}
