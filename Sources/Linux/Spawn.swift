import CLinux
import Glibc
public import SystemPackage

/// A program with its arguments.
public struct Command: Equatable, Sendable {
    /// The path of the executable.
    ///
    /// PATH is not searched; use ``Executable/find(_:)`` for that.
    public var program: FilePath
    /// The arguments, without the program's name.
    public var arguments: [String]
    /// Environment variables, added to those of this process.
    public var variables: [String: String]

    public init(_ program: FilePath, _ arguments: [String] = [], variables: [String: String] = [:]) {
        self.program = program
        self.arguments = arguments
        self.variables = variables
    }
}

/// The descriptors that become the three standard streams of a child process; this process still owns them.
public struct StandardStreams: Sendable {
    public var input: CInt
    public var output: CInt
    public var error: CInt

    public init(input: CInt = 0, output: CInt = 1, error: CInt = 2) {
        self.input = input
        self.output = output
        self.error = error
    }
}

/// How a process ended.
public enum ProcessEnding: Hashable, Sendable, CustomStringConvertible {
    /// It exited with this status.
    case status(CInt)
    /// It was killed by this signal.
    case signal(CInt)

    /// A text such as `status 73` or `SIGKILL`.
    public var description: String {
        switch self {
        case .status(let status): "status \(status)"
        case .signal(let number): Self.name(of: number)
        }
    }

    private static func name(of signal: CInt) -> String {
        guard let text = unsafe sigabbrev_np(signal) else { return "signal \(signal)" }
        return unsafe "SIG" + String(cString: text)
    }
}

/// Starts, kills and reaps child processes.
///
/// Each child leads its own session and process group, so that it can be killed with all its descendants.
///
/// Unsafe code: the argument arrays for execve(2) must live until the call returns.
public enum ChildProcesses {
    /// Starts a program with default signal actions and an empty signal mask.
    ///
    /// The kernel sends `deathSignal` to the child when the calling thread exits or is killed. If it is nil, the child
    /// receives no signal.
    ///
    /// - Returns: The process ID, which is also the process group ID.
    /// - Throws: `SystemError` if no process can be created, or if the file cannot be executed.
    public static func start(
        _ command: Command, streams: StandardStreams, deathSignal: CInt?
    ) throws(SystemError) -> Int32 {
        var environment = Environment.all
        environment.merge(command.variables) { $1 }
        let words = TextArray([command.program.string] + command.arguments)
        let variables = TextArray(environment.map { "\($0)=\($1)" })
        let numbers = [streams.input, streams.output, streams.error]
        let child = unsafe command.program.withPlatformString { path in
            unsafe linux_spawn(path, words.pointers, variables.pointers, numbers, deathSignal ?? 0)
        }
        guard child > 0 else { throw SystemError("execve", "\(command.program)", .current) }
        return child
    }

    /// Returns the ID of a child that has exited but has not been reaped yet, or nil if there is none.
    ///
    /// The kernel does not reuse this process and group ID before ``reap(_:)`` is called.
    public static func ended() -> Int32? {
        let child = linux_ended_child()
        return child > 0 ? child : nil
    }

    /// Reaps a child and returns how it ended.
    ///
    /// Returns nil if it is still running, or if it is not a child of this process.
    public static func reap(_ child: Int32) -> ProcessEnding? {
        var word: CInt = 0
        guard unsafe waitpid(child, &word, WNOHANG) == child else { return nil }
        return word & 0x7f == 0 ? .status((word >> 8) & 0xff) : .signal(word & 0x7f)
    }

    /// Waits until `child` exits, and reaps it; kills its process group if it is still running after `timeout`.
    public static func wait(for child: Int32, timeout: Duration) -> ProcessEnding {
        let deadline = Instant.now + timeout
        while true {
            if let ending = reap(child) { return ending }
            if Instant.now >= deadline { signal(group: child, SIGKILL) }
            Poll.wait([], milliseconds: 5)
        }
    }

    /// Sends a signal to one process.
    public static func signal(_ process: Int32, _ number: CInt) { _ = kill(process, number) }

    /// Sends a signal to all processes of a group.
    public static func signal(group: Int32, _ number: CInt) { _ = kill(-group, number) }

    /// Returns whether the process exists and is not a zombie.
    public static func isRunning(_ process: Int32) -> Bool {
        guard let bytes = try? File.contents(of: FilePath("/proc/\(process)/stat")),
            let end = bytes.lastIndex(of: UInt8(ascii: ")"))
        else { return false }
        // The state follows the name, which is in parentheses (proc_pid_stat(5)).
        return !bytes[end...].dropFirst(2).starts(with: [UInt8(ascii: "Z")])
    }

    /// Runs a program and returns its standard output and how it ended.
    ///
    /// The program is killed if it is still running after `timeout`. At most 1 MiB of its output is read.
    public static func output(
        of command: Command, timeout: Duration, errorStream: CInt = 2
    ) throws(SystemError) -> (text: String, ending: ProcessEnding) {
        let ends = try ProcessChannel.pipe()
        let reading = Descriptor(owning: ends.reading)
        var child: Int32 = 0
        do {
            let writing = Descriptor(owning: ends.writing)
            let null = try Descriptor(opening: "/dev/null", flags: O_RDONLY)
            child = try start(
                command, streams: .init(input: null.number, output: writing.number, error: errorStream),
                deathSignal: SIGKILL)
        }
        let deadline = Instant.now + timeout
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while bytes.count < 1 << 20 {
            let remaining = (deadline - Instant.now).millisecondsRoundedUp
            guard remaining > 0 else { break }
            guard !Poll.wait([reading.number], milliseconds: remaining).isEmpty else { continue }
            let count = unsafe read(reading.number, &buffer, buffer.count)
            guard count > 0 else { break }
            bytes += buffer[..<count]
        }
        let ending = wait(for: child, timeout: deadline - Instant.now)
        return (String(decoding: bytes, as: UTF8.self), ending)
    }
}

/// Finds executables.
public enum Executable {
    /// Returns the path of the program `name` in PATH, /usr/sbin or /sbin, or nil if it is not found.
    public static func find(_ name: String) -> FilePath? {
        let folders = (Environment.value("PATH") ?? "/usr/bin:/bin").split(separator: ":").map { String($0) }
        return (folders + ["/usr/sbin", "/sbin"]).lazy.map { FilePath($0).appending(name) }.first { isExecutable($0) }
    }

    /// Returns whether `path` is a regular file that this process may execute.
    public static func isExecutable(_ path: FilePath) -> Bool {
        guard let status = try? FileStatus(at: path), status.kind == .file else { return false }
        return unsafe path.withPlatformString { unsafe access($0, X_OK) } == 0
    }

    /// The executable of this process.
    public static var current: FilePath { File.target(of: "/proc/self/exe") }
}

/// A NULL-terminated array of C strings for execve(2), valid as long as the object lives.
@safe
private final class TextArray {
    let pointers: [UnsafeMutablePointer<CChar>?]

    init(_ texts: [String]) {
        let copies: [UnsafeMutablePointer<CChar>?] = unsafe texts.map { unsafe strdup($0) }
        unsafe pointers = unsafe copies + [nil]
    }

    deinit { unsafe pointers.forEach { unsafe free($0) } }
}
