import Linux
import Synchronization

/// Files in memory whose pictures everybody has read, kept for the next pictures.
///
/// To make such a file, to get pages for it and to give them back takes longer than to fill it.
final class FileReserve: Sendable {
    /// A file that one picture after the other is in.
    final class File: Sendable {
        let memory: MemoryFile

        init() throws(SystemError) { memory = try MemoryFile("frame") }
    }

    /// The most files that are kept: of one picture in two framings, and of the one before it.
    private static let limit = 4

    private let files = Mutex<[File]>([])

    /// A file for the next picture, one of before if there is one.
    func take() throws(SystemError) -> File {
        if let file = files.withLock({ $0.popLast() }) { return file }
        return try File()
    }

    /// Takes back a file that nothing reads any more.
    func put(_ file: File) {
        files.withLock {
            if $0.count < Self.limit { $0.append(file) }
        }
    }
}
