import Glibc
import Linux
import SystemPackage

/// Reads small files and symbolic links in /sys and /dev.
enum SystemFile {
    /// Returns the first line of a small file, or nil if the file cannot be read.
    static func text(of path: String) -> String? {
        guard let bytes = try? File.contents(of: FilePath(path), maximumByteCount: 4096) else { return nil }
        return String(decoding: bytes.prefix { $0 != 0x0a }, as: UTF8.self)
    }

    /// Returns the absolute path with all symbolic links resolved, or nil if there is no such file.
    static func realPath(_ path: String) -> FilePath? {
        guard let resolved = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(resolved) }
        return unsafe FilePath(platformString: resolved)
    }
}
