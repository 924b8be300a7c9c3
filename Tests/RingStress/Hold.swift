import ArgumentParser
import Glibc
import Linux
import SharedFrame

/// A hostile reader: locks the writer's byte of the ring as soon as it can, and keeps it.
struct Hold: ParsableCommand {
    @Option var prefix: String

    func run() throws {
        let parent = getppid()
        let descriptor = try Descriptor(opening: try ringName(prefix).path, flags: O_RDONLY)
        say("waiting")
        while try !FileLock.waitForLock(descriptor, byte: 0, .shared) {}
        say("held")
        while getppid() == parent { Poll.wait([], milliseconds: 20) }
    }

    /// Flushes each line: standard output is a pipe.
    private func say(_ line: String) {
        print(line)
        fflush(nil)
    }
}
