import Daemon
import Glibc
import Linux
import SystemPackage

/// The process that outlives the supervisor and tidies up after it, however it ends; see ``Tidying``.
///
/// It knows the process groups of the system by a pipe. The end of the pipe is the end of the supervisor.
struct Tidier: ~Copyable {
    let process: Int32
    private let pipe: Descriptor

    /// Starts the process, which does not get the signals of this process's terminal.
    init(_ tidying: Tidying, program: FilePath) throws(SystemError) {
        let ends = try ProcessChannel.pipe()
        let reading = Descriptor(owning: ends.reading)
        let writing = Descriptor(owning: ends.writing)
        let null = try Descriptor(opening: "/dev/null", flags: O_WRONLY)
        // A tidier that is stopped must not stop the supervisor.
        try writing.setNonBlocking(true)
        let process = try ChildProcesses.start(
            Command(program, tidying.arguments), streams: .init(input: reading.number, output: null.number),
            deathSignal: nil)
        self.process = process
        pipe = writing
    }

    /// From now on the group is ended with the system.
    func add(_ group: Int32) { write("+ \(group)\n") }

    /// The group has ended.
    func remove(_ group: Int32) { write("- \(group)\n") }

    /// Fails only if the process has ended; the next one is given all groups.
    private func write(_ line: String) {
        _ = try? FileDescriptor(rawValue: pipe.number).writeAll(line.utf8)
    }
}
