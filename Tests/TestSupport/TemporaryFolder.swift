import Glibc
import Linux
public import SystemPackage

/// A temporary folder, which is removed with its contents when this object is released.
public final class TemporaryFolder: Sendable {
    public let path: FilePath

    public init() {
        var template = Array("/tmp/oriel-test.XXXXXX".utf8CString)
        guard let name = unsafe mkdtemp(&template) else {
            preconditionFailure("no temporary folder: \(Errno.current)")
        }
        path = unsafe FilePath(String(cString: name))
    }

    deinit {
        Folder.remove(path)
    }

    /// Writes a file into the folder and returns its path.
    @discardableResult
    public func write(
        _ text: String, to name: String, permissions: FilePermissions = .ownerReadWrite
    ) throws -> FilePath {
        let file = path.appending(name)
        let descriptor = try FileDescriptor.open(
            file, .writeOnly, options: [.create, .truncate], permissions: permissions)
        try descriptor.closeAfter { _ = try descriptor.writeAll(text.utf8) }
        return file
    }

    /// Creates, in the folder, a symbolic link to `target`.
    public func link(_ name: String, to target: FilePath) throws {
        let link = path.appending(name)
        try systemCall("symlink", "\(link)") {
            unsafe target.withPlatformString { target in
                unsafe link.withPlatformString { unsafe symlink(target, $0) }
            }
        }
    }
}
