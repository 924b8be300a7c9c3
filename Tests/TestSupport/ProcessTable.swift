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
        entries = Folder.names(in: "/proc").compactMap { name in
            guard let identifier = Int32(name), let stat = text("/proc/\(name)/stat"),
                let open = stat.firstIndex(of: "("), let close = stat.lastIndex(of: ")")
            else { return nil }
            let fields = stat[stat.index(after: close)...].split(separator: " ")
            guard fields.count > 1, fields[0] != "Z", let parent = Int32(fields[1]) else { return nil }
            return Entry(
                identifier: identifier, parent: parent, name: String(stat[stat.index(after: open)..<close]))
        }
    }

    /// All descendants of `root`.
    public func descendants(of root: Int32) -> [Entry] {
        let children = entries.filter { $0.parent == root }
        return children + children.flatMap { descendants(of: $0.identifier) }
    }
}

private func text(_ path: String) -> String? {
    (try? File.contents(of: FilePath(path))).map { String(decoding: $0, as: UTF8.self) }
}
