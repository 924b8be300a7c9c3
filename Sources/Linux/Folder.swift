import Glibc
public import SystemPackage

/// What lies in a folder.
public enum Folder {
    /// The names of the entries of `path` but `.` and `..`, in no order; empty where it cannot be read.
    public static func names(in path: FilePath) -> [String] {
        guard let stream = unsafe path.withPlatformString({ unsafe opendir($0) }) else { return [] }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) {
                unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }
}

extension Folder {
    /// Makes the folder at `path`, and those that it lies in, where they are not there yet.
    public static func make(_ path: FilePath, permissions: UInt32) throws(SystemError) {
        if let status = try? FileStatus(at: path), status.kind == .folder { return }
        let parent = path.removingLastComponent()
        if !parent.isEmpty, parent != path { try make(parent, permissions: permissions) }
        switch retryingOnInterrupt({ unsafe path.withPlatformString { unsafe mkdir($0, permissions) } }) {
        case .success, .failure(.fileExists): return
        case .failure(let errno): throw SystemError("mkdir", "\(path)", errno)
        }
    }
}
