import ArgumentParser
import Glibc
import Linux
import SharedFrame

/// A hostile reader: it locks the byte of the ring that the writer locks, as soon as it can, and keeps that lock.
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

    /// Prints a line and flushes it, since standard output is a pipe.
    private func say(_ line: String) {
        print(line)
        fflush(nil)
    }
}
