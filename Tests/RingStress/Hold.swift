import ArgumentParser
import Glibc
import Linux
import SharedFrame

/// A hostile reader that locks the same byte of the ring as the writer.
///
/// It takes the lock as soon as it can, and never releases the lock.
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
