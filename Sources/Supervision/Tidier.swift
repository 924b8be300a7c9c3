import Daemon
import Glibc
import Linux
import SystemPackage

/// The process that outlives the supervisor and cleans up after it, even if the supervisor is killed.
///
/// The supervisor writes the IDs of the system's process groups to a pipe. When the supervisor exits, the pipe is
/// closed, and this process starts to clean up: see ``Tidying``.
struct Tidier: ~Copyable {
    let process: Int32
    private let pipe: Descriptor

    /// Starts the process, detached from this process's terminal.
    init(_ tidying: Tidying, program: FilePath) throws(SystemError) {
        let ends = try ProcessChannel.pipe()
        let reading = Descriptor(owning: ends.reading)
        let writing = Descriptor(owning: ends.writing)
        let null = try Descriptor(opening: "/dev/null", flags: O_WRONLY)
        // A tidier that is stopped (SIGSTOP) must not block the supervisor.
        try writing.setNonBlocking(true)
        let process = try ChildProcesses.start(
            Command(program, tidying.arguments), streams: .init(input: reading.number, output: null.number),
            deathSignal: nil)
        self.process = process
        pipe = writing
    }

    /// Adds a process group that must be terminated when the supervisor has exited.
    func add(_ group: Int32) { write("+ \(group)\n") }

    /// Removes a process group that no longer exists.
    func remove(_ group: Int32) { write("- \(group)\n") }

    /// Writes a line to the pipe.
    ///
    /// Errors are ignored, because they mean that the process has exited. The supervisor then starts another one and
    /// passes all groups to it.
    private func write(_ line: String) {
        _ = try? FileDescriptor(rawValue: pipe.number).writeAll(line.utf8)
    }
}
