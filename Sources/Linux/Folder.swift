import Glibc
public import SystemPackage

/// Operations on folders.
public enum Folder {
    /// Returns the names of the entries of `path` except `.` and `..`, in no particular order.
    ///
    /// The result is empty if the folder cannot be read.
    public static func names(in path: FilePath) -> [String] { (try? list(path)) ?? [] }

    /// Returns the names of the entries of `path` like ``names(in:)``, and throws if the folder cannot be read.
    public static func list(_ path: FilePath) throws(SystemError) -> [String] {
        guard let stream = unsafe path.withPlatformString({ unsafe opendir($0) }) else {
            throw SystemError("opendir", "\(path)", .current)
        }
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
    /// Creates the folder at `path` and any missing parent folders; an existing folder keeps its permissions.
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

extension Folder {
    /// Creates a folder in `parent` that only this user can access; its unique name begins with `name`.
    public static func makeTemporary(in parent: FilePath, name: String) throws(SystemError) -> FilePath {
        var template = Array(parent.appending("\(name).XXXXXX").string.utf8CString)
        guard unsafe mkdtemp(&template) != nil else { throw SystemError("mkdtemp", "\(parent)", .current) }
        return FilePath(String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }

    /// Removes the folder at `path` and its contents, or the file at `path`; symbolic links are removed, not followed.
    public static func remove(_ path: FilePath) {
        // unlink(2) fails with EISDIR only for a folder, never for a link to a folder.
        guard unsafe path.withPlatformString({ unsafe unlink($0) }) != 0, Errno.current == .isDirectory else { return }
        empty(path)
        _ = unsafe path.withPlatformString { unsafe rmdir($0) }
    }

    /// Removes the contents of the folder at `path`; symbolic links are removed, not followed.
    public static func empty(_ path: FilePath) {
        for name in names(in: path) { remove(path.appending(name)) }
    }

    /// Sets the permission bits of the file or folder at `path`.
    public static func setPermissions(_ path: FilePath, _ permissions: UInt32) {
        _ = unsafe path.withPlatformString { unsafe chmod($0, permissions) }
    }

    /// Returns whether this process may create files in the folder at `path`.
    public static func isWritable(_ path: FilePath) -> Bool {
        unsafe path.withPlatformString { unsafe access($0, W_OK) } == 0
    }
}
