import Glibc
public import SystemPackage

/// Reads whole files.
public enum File {
    /// Returns the bytes of the regular file at `path`.
    ///
    /// - Throws: `EFBIG` if the file is larger than `maximumByteCount`, and `ENXIO` if it is not a regular file:
    ///   reading a pipe or a device might block, or might never reach an end.
    public static func contents(of path: FilePath, maximumByteCount: Int = 64 << 20) throws(SystemError) -> [UInt8] {
        // O_NONBLOCK: opening a pipe without a writer must not block.
        let descriptor = try Descriptor(opening: path, flags: O_RDONLY | O_NONBLOCK)
        let status = try descriptor.status()
        guard status.kind == .file else { throw SystemError("read", "\(path)", .noSuchAddressOrDevice) }
        let expected = status.byteCount
        guard expected <= maximumByteCount else { throw SystemError("read", "\(path)", .fileTooLarge) }
        // The buffer is one byte larger than the file, to detect whether the file has grown. Files in /proc do not
        // report their sizes. Some of them may change between two reads, so the buffer should be large enough to read
        // the whole file at once.
        var bytes = [UInt8](repeating: 0, count: expected == 0 ? 4096 : expected + 1)
        var count = 0
        while true {
            let added = try systemCall("read", "\(path)") {
                unsafe bytes.withUnsafeMutableBytes { buffer in
                    unsafe read(descriptor.number, buffer.baseAddress.map { unsafe $0 + count }, buffer.count - count)
                }
            }
            if added == 0 { break }
            count += added
            if count > maximumByteCount { throw SystemError("read", "\(path)", .fileTooLarge) }
            if count == bytes.count { bytes.append(contentsOf: repeatElement(0, count: max(4096, count))) }
        }
        bytes.removeLast(bytes.count - count)
        return bytes
    }

    /// Returns `path` with symbolic links resolved, or `path` itself if they cannot be resolved.
    public static func target(of path: FilePath) -> FilePath {
        guard let text = unsafe path.withPlatformString({ unsafe realpath($0, nil) }) else { return path }
        defer { unsafe free(text) }
        return FilePath(unsafe String(cString: text))
    }
}

// Writing whole files.
extension File {
    /// Atomically replaces the content of the file at `path` with `bytes`.
    ///
    /// Readers find either the old or the new content, even after a power failure. This is because the new content is
    /// first written to a second file, whose name ends in `.new`. The second file then replaces the old one.
    ///
    /// If `isDurable` is false, a power failure may leave an empty file, but the call does not wait for the disk.
    public static func replace(
        _ path: FilePath, with bytes: [UInt8], permissions: UInt32, isDurable: Bool = true
    ) throws(SystemError) {
        let new = FilePath(path.string + ".new")
        do throws(SystemError) {
            let descriptor = try Descriptor(opening: new, flags: O_WRONLY | O_CREAT | O_TRUNC, mode: permissions)
            var count = 0
            while count < bytes.count {
                count += try systemCall("write", "\(new)") {
                    unsafe bytes.withUnsafeBytes { buffer in
                        unsafe write(
                            descriptor.number, buffer.baseAddress.map { unsafe $0 + count }, buffer.count - count)
                    }
                }
            }
            if isDurable { try systemCall("fsync", "\(new)") { fsync(descriptor.number) } }
            try systemCall("rename", "\(new)") {
                unsafe new.withPlatformString { old in
                    unsafe path.withPlatformString { unsafe rename(old, $0) }
                }
            }
        } catch {
            remove(new)
            throw error
        }
    }

    /// Unlinks a file or a socket, if it exists.
    public static func remove(_ path: FilePath) {
        _ = unsafe path.withPlatformString { unsafe unlink($0) }
    }
}

extension File {
    /// Renames the file at `path` to `new`, replacing any file at `new`.
    ///
    /// Ignores errors.
    public static func move(_ path: FilePath, to new: FilePath) {
        _ = unsafe path.withPlatformString { old in
            unsafe new.withPlatformString { unsafe rename(old, $0) }
        }
    }
}
