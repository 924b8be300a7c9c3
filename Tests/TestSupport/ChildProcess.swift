import Glibc
public import Linux
import Synchronization
import SystemPackage

/// A child process whose output a test can read.
///
/// It is killed when this object is released.
public final class ChildProcess: Sendable {
    public let processIdentifier: Int32
    private let output: Descriptor
    private let unread = Mutex<[UInt8]>([])
    private let status = Mutex<CInt?>(nil)

    /// Starts `program`.
    ///
    /// The test can read the program's standard output. By default, the program inherits the test's other streams.
    ///
    /// - Parameters:
    ///   - program: A path, or a name that is searched for in PATH.
    ///   - arguments: The arguments without the program name.
    ///   - environment: Variables to add to the test's environment.
    ///   - input: The descriptor for standard input, such as a listening socket, or nil to inherit it.
    ///   - log: A file to which standard error is appended, or nil to inherit it.
    /// - Throws: If the program cannot be started.
    public init(
        _ program: String, _ arguments: [String] = [], environment: [String: String] = [:], input: CInt? = nil,
        log: String? = nil
    ) throws(SystemError) {
        var ends: [CInt] = [0, 0]
        try systemCall("pipe", "") { unsafe pipe(&ends) }
        output = Descriptor(owning: ends[0])
        let writeEnd = Descriptor(owning: ends[1])
        _ = fcntl(ends[0], F_SETFD, FD_CLOEXEC)
        _ = fcntl(ends[1], F_SETFD, FD_CLOEXEC)
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_adddup2(&actions, writeEnd.number, 1)
        if let input { unsafe posix_spawn_file_actions_adddup2(&actions, input, 0) }
        if let log { unsafe posix_spawn_file_actions_addopen(&actions, 2, log, O_WRONLY | O_CREAT | O_APPEND, 0o600) }
        // The child must not inherit blocked or ignored signals.
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        var all = sigset_t()
        unsafe sigemptyset(&none)
        unsafe sigfillset(&all)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setsigdefault(&attributes, &all)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        let words = CStringArray([program] + arguments)
        let variables = CStringArray(Self.environment(adding: environment))
        var child = pid_t()
        let result = unsafe posix_spawnp(
            &child, program, &actions, &attributes, words.pointers, variables.pointers)
        guard result == 0 else { throw SystemError("posix_spawnp", program, Errno(rawValue: result)) }
        processIdentifier = child
    }

    deinit { end() }

    /// Whether the process is still running.
    public var isRunning: Bool { collect() == nil }

    public func send(_ signal: CInt) {
        if isRunning { kill(processIdentifier, signal) }
    }

    /// Waits until the process exits.
    ///
    /// Returns its exit status, or the negated number of the signal that killed it.
    @discardableResult
    public func wait() -> CInt {
        while true {
            if let status = wait(milliseconds: 60_000) { return status }
        }
    }

    /// Waits at most `milliseconds` until the process exits.
    ///
    /// Returns the same as ``wait()``, or nil if the process is still running.
    public func wait(milliseconds: Int) -> CInt? {
        let deadline = Clock.monotonic + UInt64(milliseconds) * 1_000_000
        while true {
            if let status = collect() { return status }
            guard Clock.monotonic < deadline else { return nil }
            Poll.wait([], milliseconds: 5)
        }
    }

    /// Kills the process if it is still running.
    public func end() {
        guard isRunning else { return }
        kill(processIdentifier, SIGKILL)
        wait()
    }

    /// Waits for the next line of the output, and returns it without its line feed.
    ///
    /// Returns nil if the output ends or `milliseconds` pass before a line is complete.
    public func readLine(milliseconds: Int = 60_000) -> String? {
        let deadline = Clock.monotonic + UInt64(milliseconds) * 1_000_000
        while true {
            if let line = takeLine() { return line }
            let now = Clock.monotonic
            guard now < deadline else { return nil }
            guard !Poll.wait([output.number], milliseconds: Int((deadline - now) / 1_000_000) + 1).isEmpty else {
                continue
            }
            var buffer = [UInt8](repeating: 0, count: 4096)
            let count = unsafe read(output.number, &buffer, buffer.count)
            guard count > 0 else { return nil }
            let bytes = buffer[..<count]
            unread.withLock { $0 += bytes }
        }
    }

    private func takeLine() -> String? {
        unread.withLock { unread in
            guard let end = unread.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
            let line = String(decoding: unread[..<end], as: UTF8.self)
            unread.removeSubrange(...end)
            return line
        }
    }

    /// Returns the rest of the output, up to its end.
    public func readToEnd() -> String {
        var lines: [String] = []
        while let line = readLine() { lines.append(line) }
        return (lines + [unread.withLock { String(decoding: $0, as: UTF8.self) }]).joined(separator: "\n")
    }

    /// The exit status as ``wait()`` returns it, or nil while the process is running.
    private func collect() -> CInt? {
        status.withLock { status in
            var word: CInt = 0
            guard status == nil, unsafe waitpid(processIdentifier, &word, WNOHANG) == processIdentifier else {
                return status
            }
            status = word & 0x7f == 0 ? (word >> 8) & 0xff : -(word & 0x7f)
            return status
        }
    }

    private static func environment(adding variables: [String: String]) -> [String] {
        var result: [String: String] = variables
        var index = 0
        while let entry = unsafe environ[index] {
            let text = unsafe String(cString: entry)
            index += 1
            guard let separator = text.firstIndex(of: "=") else { continue }
            let name = String(text[..<separator])
            if result[name] == nil { result[name] = String(text[text.index(after: separator)...]) }
        }
        return result.map { "\($0)=\($1)" }
    }
}

/// A NULL-terminated array of C strings.
@safe
private final class CStringArray {
    let pointers: [UnsafeMutablePointer<CChar>?]

    init(_ strings: [String]) {
        let copies: [UnsafeMutablePointer<CChar>?] = unsafe strings.map { unsafe strdup($0) }
        unsafe pointers = unsafe copies + [nil]
    }

    deinit { unsafe pointers.forEach { unsafe free($0) } }
}

extension ChildProcess {
    /// The build folder, which contains the test program and all other programs.
    public static func buildFolder() throws(SystemError) -> String {
        guard let program = unsafe realpath("/proc/self/exe", nil) else {
            throw SystemError("realpath", "/proc/self/exe", .current)
        }
        defer { unsafe free(program) }
        let path = FilePath(unsafe String(cString: program))
        return "\(path.removingLastComponent())"
    }
}

extension ChildProcess {
    /// The exit status and the standard output of a program that has exited.
    public struct Result: Sendable {
        /// The exit status, or the negated number of the signal that killed the program.
        public let status: CInt
        public let output: String
    }

    /// Runs `program` until it exits, and returns its status and standard output.
    public static func run(_ program: String, _ arguments: [String]) throws(SystemError) -> Result {
        let process = try ChildProcess(program, arguments)
        let output = process.readToEnd()
        return Result(status: process.wait(), output: output)
    }
}
