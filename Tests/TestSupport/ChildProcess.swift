import Glibc
import Linux
import Synchronization
public import SystemPackage

/// A program started by a test, in a process group of its own; ended with its group when its owner goes away.
public final class ChildProcess: Sendable {
    /// How a process ended.
    public enum Ending: Equatable, Sendable {
        case exited(CInt)
        case killed(CInt)
    }

    public let identifier: Int32
    private let ending = Mutex<Ending?>(nil)

    /// Starts `arguments[0]`, looked up in PATH.
    ///
    /// - Parameters:
    ///   - arguments: The program and its arguments.
    ///   - environment: Variables added to the test's own; an empty value removes one.
    ///   - input: A descriptor for standard input; nil: there is none.
    ///   - output: The file that standard output and standard error are appended to; nil: the test's own.
    /// - Throws: `SystemError` when it cannot be started.
    public init(
        _ arguments: [String], environment: [String: String] = [:], input: CInt? = nil, output: FilePath? = nil
    ) throws {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        if let input {
            unsafe posix_spawn_file_actions_adddup2(&actions, input, 0)
        } else {
            unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        }
        if let output {
            let flags = O_WRONLY | O_CREAT | O_APPEND
            unsafe posix_spawn_file_actions_addopen(&actions, 1, output.string, flags, 0o600)
            unsafe posix_spawn_file_actions_adddup2(&actions, 1, 2)
        }
        // Signals that the test ignores or blocks are the test's business.
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe posix_spawnattr_setsigmask(&attributes, &signals)
        unsafe sigaddset(&signals, SIGPIPE)
        unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
        unsafe posix_spawnattr_setpgroup(&attributes, 0)
        let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK
        unsafe posix_spawnattr_setflags(&attributes, Int16(flags))

        var identifier: pid_t = 0
        let program = arguments[0]
        let status = unsafe withCStrings(arguments) { arguments in
            unsafe withCStrings(Self.variables(with: environment)) { variables in
                unsafe posix_spawnp(&identifier, program, &actions, &attributes, arguments, variables)
            }
        }
        guard status == 0 else { throw SystemError("posix_spawnp", program, Errno(rawValue: status)) }
        self.identifier = identifier
    }

    deinit {
        kill(-identifier, SIGKILL)
        _ = wait(seconds: 5)
    }

    /// Sends a signal to the process, or with `toGroup` to all that it started and that stayed in its group.
    public func signal(_ number: CInt, toGroup: Bool = false) {
        guard ending.withLock({ $0 == nil }) else { return }
        kill(toGroup ? -identifier : identifier, number)
    }

    public var isRunning: Bool { reap() == nil }

    /// Waits until the process has ended; nil when it has not within `seconds`.
    public func wait(seconds: Double) -> Ending? {
        _ = eventually(seconds) { reap() != nil }
        return reap()
    }

    private func reap() -> Ending? {
        ending.withLock { ending in
            var status: CInt = 0
            guard ending == nil, unsafe waitpid(identifier, &status, WNOHANG) == identifier else { return ending }
            ending = status & 0x7f == 0 ? .exited(status >> 8 & 0xff) : .killed(status & 0x7f)
            return ending
        }
    }

    private static func variables(with added: [String: String]) -> [String] {
        var variables: [String] = []
        var next = unsafe environ
        while let variable = unsafe next.pointee {
            let text = unsafe String(cString: variable)
            if let name = text.split(separator: "=").first, added[String(name)] == nil { variables.append(text) }
            unsafe next += 1
        }
        return variables + added.filter { !$0.value.isEmpty }.map { "\($0.key)=\($0.value)" }
    }
}

/// Lends `strings` as a C array of C strings, with NULL at its end.
private func withCStrings<Value>(
    _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Value
) -> Value {
    let copies: [UnsafeMutablePointer<CChar>?] = unsafe strings.map { unsafe strdup($0) } + [nil]
    defer { unsafe copies.forEach { unsafe free($0) } }
    return unsafe copies.withUnsafeBufferPointer { buffer in
        guard let base = buffer.baseAddress else { preconditionFailure("there is at least the NULL") }
        return unsafe body(base)
    }
}

extension ChildProcess {
    /// What a program that was run to its end has said.
    public struct Result: Sendable {
        public let ending: Ending?
        public let output: String

        public var isSuccess: Bool { ending == .exited(0) }
    }

    /// Runs `arguments[0]` to its end, at most for `seconds`, and gives what it wrote.
    public static func run(
        _ arguments: [String], environment: [String: String] = [:], seconds: Double = 60
    ) throws -> Result {
        let folder = TemporaryFolder()
        let file = folder.path.appending("output")
        let process = try ChildProcess(arguments, environment: environment, output: file)
        let ending = process.wait(seconds: seconds)
        return Result(ending: ending, output: String(decoding: try File.contents(of: file), as: UTF8.self))
    }
}
