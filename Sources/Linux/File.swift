import Glibc
public import SystemPackage

/// Files that are read whole.
public enum File {
    /// The bytes of the regular file at `path`.
    ///
    /// Throws `EFBIG` when there are more than `maximumByteCount`, and `ENXIO` for a pipe or a device, which might never
    /// end or never begin.
    public static func contents(of path: FilePath, maximumByteCount: Int = 64 << 20) throws(SystemError) -> [UInt8] {
        // O_NONBLOCK: a pipe that nobody writes into must not hold the caller.
        let descriptor = try Descriptor(opening: path, flags: O_RDONLY | O_NONBLOCK)
        let status = try descriptor.status()
        guard status.kind == .file else { throw SystemError("read", "\(path)", .noSuchAddressOrDevice) }
        let expected = status.byteCount
        guard expected <= maximumByteCount else { throw SystemError("read", "\(path)", .fileTooLarge) }
        // One byte more than expected shows whether the file has grown meanwhile, or does not tell its size (/proc).
        var bytes = [UInt8](repeating: 0, count: expected + 1)
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

    /// The file that `path` leads to, links followed; `path` itself where that is none.
    public static func target(of path: FilePath) -> FilePath {
        guard let text = unsafe path.withPlatformString({ unsafe realpath($0, nil) }) else { return path }
        defer { unsafe free(text) }
        return FilePath(unsafe String(cString: text))
    }
}
