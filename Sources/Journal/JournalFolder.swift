import JSON
public import Linux
public import SystemPackage

/// The folder of a journal, which is a sequence of files with one JSON document per line.
///
/// New lines are appended to the file `current.jsonl`. When this file is full or a day old, it is renamed to
/// `<number>.jsonl`, and a new file is begun. The first line of each file is a header with the format's version and the
/// file's number.
public struct JournalFolder: Sendable {
    /// The format that this code writes, and the newest one that it reads.
    public static let version = 1
    /// The maximum length of a line, including the line feed.
    ///
    /// Each line is written with one call of write(2).
    public static let maximumLineByteCount = 4096

    public let path: FilePath
    /// What the lines of the journal are, such as `events`; a file with other lines is not read.
    public let content: String

    public init(_ path: FilePath, content: String) {
        self.path = path
        self.content = content
    }

    var current: FilePath { path.appending("current.jsonl") }
    var lock: FilePath { path.appending("lock") }

    func file(_ number: Int64) -> FilePath { path.appending("\(number).jsonl") }

    /// The numbers of the files that are no longer written, in ascending order; empty if the folder does not exist.
    var finishedFiles: [Int64] {
        get throws(SystemError) {
            let names: [String]
            do throws(SystemError) { names = try Folder.list(path) } catch {
                if error.errno == .noSuchFileOrDirectory { return [] }
                throw error
            }
            return names.compactMap { name in
                let position = JournalPosition("\(name.dropLast(6))-0")
                // A number must be written without leading zeros, so that each number has only one name.
                return position.flatMap { file($0.file).lastComponent?.string == name ? $0.file : nil }
            }.sorted()
        }
    }

    /// Returns the first line of a file with the given number.
    func header(number: Int64) -> [UInt8] {
        let header = JSON.object([
            ("content", .text(content)), ("version", .count(Self.version)), ("file", .count(number)),
        ])
        return Array((header.text + "\n").utf8)
    }

    /// What the first line of a file says.
    enum Header: Equatable {
        case file(Int64)
        /// The file has a newer version of the format.
        case newer
        case invalid
    }

    /// Reads the first line of an open file.
    func readHeader(_ descriptor: borrowing Descriptor) throws(SystemError) -> Header {
        let bytes = try descriptor.read(at: 0, count: 256)
        guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")), let line = JSON(Array(bytes[..<end])),
            line["content"]?.string == content, let version = line["version"]?.integer
        else { return .invalid }
        guard version <= Self.version else { return .newer }
        guard let number = line["file"]?.integer, number > 0 else { return .invalid }
        return .file(number)
    }
}

/// The reason why a journal cannot be used.
public enum JournalError: Error, Equatable, CustomStringConvertible, Sendable {
    case system(SystemError)
    /// The file was written by a newer version of Oriel.
    case newerFormat(FilePath)
    /// Another process owns the journal.
    case inUse(FilePath)

    public var description: String {
        switch self {
        case .system(let error): "\(error)"
        case .newerFormat(let path):
            "\(path) was written by a newer version of Oriel: install that version, or move the file away"
        case .inUse(let path):
            "another process writes the journal in \(path): stop that process, or use another state folder"
        }
    }
}
