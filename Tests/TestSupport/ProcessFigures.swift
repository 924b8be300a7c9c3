import Glibc
import Linux
import SystemPackage

/// The resources that a process uses, from /proc.
public struct ProcessFigures: Sendable, CustomStringConvertible {
    public let descriptors: Int
    public let threads: Int
    /// Private memory (`RssAnon` and `RssShmem`) in bytes.
    public let memory: Int

    /// Reads the current figures; returns nil if there is no such process.
    public init?(of process: Int32) {
        let folder = FilePath("/proc/\(process)")
        guard let bytes = try? File.contents(of: folder.appending("status")) else { return nil }
        var fields: [Substring: Int] = [:]
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
            let words = line.split(whereSeparator: { $0 == "\t" || $0 == " " })
            if words.count >= 2, let value = Int(words[1]) { fields[words[0]] = value }
        }
        descriptors = Folder.names(in: folder.appending("fd")).count
        threads = fields["Threads:"] ?? 0
        memory = ((fields["RssAnon:"] ?? 0) + (fields["RssShmem:"] ?? 0)) * 1024
    }

    /// The figures of this process.
    public static var own: ProcessFigures? { ProcessFigures(of: getpid()) }

    public var description: String {
        "\(descriptors) descriptors, \(threads) threads, \(memory >> 10) KiB"
    }
}
