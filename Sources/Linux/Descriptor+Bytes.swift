import Glibc

// Reading and writing files.
extension Descriptor {
    /// Reads up to `count` bytes, beginning at `offset`; the result is shorter at the end of the file (pread(2)).
    public func read(at offset: Int, count: Int) throws(SystemError) -> [UInt8] {
        let number = number
        var bytes = [UInt8](repeating: 0, count: count)
        let read = try systemCall("pread", "descriptor \(number)") {
            unsafe bytes.withUnsafeMutableBytes { unsafe pread(number, $0.baseAddress, $0.count, off_t(offset)) }
        }
        bytes.removeLast(count - read)
        return bytes
    }

    /// Writes `bytes` with one call of write(2), and returns how many bytes were written.
    ///
    /// This may be only a part of the bytes if the disk is full.
    public func write(_ bytes: [UInt8]) throws(SystemError) -> Int {
        let number = number
        return try systemCall("write", "descriptor \(number)") {
            unsafe bytes.withUnsafeBytes { unsafe Glibc.write(number, $0.baseAddress, $0.count) }
        }
    }

    /// Shortens the file to `byteCount` bytes; ignores errors.
    public func truncate(to byteCount: Int) {
        _ = ftruncate(number, off_t(byteCount))
    }
}
