import Daemon
import Glibc
import Linux
import SystemPackage

/// The process that outlives the supervisor and cleans up after it, however it ends; see ``Tidying``.
///
/// It is told the system's process groups through a pipe. End of file means that the supervisor has ended.
struct Tidier: ~Copyable {
    let process: Int32
    private let pipe: Descriptor

    /// Starts the process, detached from this process's terminal.
    init(_ tidying: Tidying, program: FilePath) throws(SystemError) {
        let ends = try ProcessChannel.pipe()
        let reading = Descriptor(owning: ends.reading)
        let writing = Descriptor(owning: ends.writing)
        let null = try Descriptor(opening: "/dev/null", flags: O_WRONLY)
        // A stopped tidier must not block the supervisor.
        try writing.setNonBlocking(true)
        let process = try ChildProcesses.start(
            Command(program, tidying.arguments), streams: .init(input: reading.number, output: null.number),
            deathSignal: nil)
        self.process = process
        pipe = writing
    }

    /// Adds a group to terminate with the system.
    func add(_ group: Int32) { write("+ \(group)\n") }

    /// Removes a group that has ended.
    func remove(_ group: Int32) { write("- \(group)\n") }

    /// Errors are ignored: they mean that the process has ended, and its successor is given all groups.
    private func write(_ line: String) {
        _ = try? FileDescriptor(rawValue: pipe.number).writeAll(line.utf8)
    }
}
