import Linux
import SystemPackage

/// The processes that run on this machine, from /proc.
public struct ProcessTable: Sendable {
    /// A process.
    public struct Entry: Sendable {
        public let identifier: Int32
        public let parent: Int32
        /// The program's name, truncated to 15 bytes.
        public let name: String

        /// The program and its arguments, separated by spaces.
        ///
        /// Empty if the process has exited.
        public var commandLine: String {
            (text("/proc/\(identifier)/cmdline") ?? "").split(separator: "\0").joined(separator: " ")
        }
    }

    public let entries: [Entry]

    /// Reads the current table, without zombies.
    public init() {
        entries = Folder.names(in: "/proc").compactMap { Int32($0) }.compactMap(Self.entry)
    }

    /// Returns all descendants of `root`, without zombies.
    ///
    /// Reads only these processes, with the files `children` in /proc (proc_pid_task(5)). Reading the whole table takes
    /// long on a busy machine.
    public static func descendants(of root: Int32) -> [Entry] {
        let children = Folder.names(in: FilePath("/proc/\(root)/task"))
            .compactMap { text("/proc/\(root)/task/\($0)/children") }
            .flatMap { $0.split(separator: " ").compactMap { Int32($0) } }
            .compactMap(entry)
        return children + children.flatMap { descendants(of: $0.identifier) }
    }

    private static func entry(of identifier: Int32) -> Entry? {
        guard let stat = text("/proc/\(identifier)/stat"), let open = stat.firstIndex(of: "("),
            let close = stat.lastIndex(of: ")")
        else { return nil }
        let fields = stat[stat.index(after: close)...].split(separator: " ")
        guard fields.count > 1, fields[0] != "Z", let parent = Int32(fields[1]) else { return nil }
        return Entry(identifier: identifier, parent: parent, name: String(stat[stat.index(after: open)..<close]))
    }
}

private func text(_ path: String) -> String? {
    (try? File.contents(of: FilePath(path))).map { String(decoding: $0, as: UTF8.self) }
}
