import CLinux
import Glibc
public import SystemPackage

/// Reports changes in folders (inotify(7)).
public struct Inotify: ~Copyable, Sendable {
    public struct Mask: OptionSet, Sendable {
        public let rawValue: UInt32
        public init(rawValue: UInt32) { self.rawValue = rawValue }

        public static let created = Mask(rawValue: UInt32(IN_CREATE))
        public static let deleted = Mask(rawValue: UInt32(IN_DELETE))
        public static let movedIn = Mask(rawValue: UInt32(IN_MOVED_TO))
        public static let movedOut = Mask(rawValue: UInt32(IN_MOVED_FROM))
        /// Permissions, owner or times changed.
        public static let attributes = Mask(rawValue: UInt32(IN_ATTRIB))
        public static let closedAfterWriting = Mask(rawValue: UInt32(IN_CLOSE_WRITE))
    }

    /// The descriptor to poll; readable when there are events.
    public let descriptor: Descriptor

    public init() throws(SystemError) {
        descriptor = Descriptor(
            owning: try systemCall("inotify_init1", "") { inotify_init1(Int32(IN_CLOEXEC) | Int32(IN_NONBLOCK)) })
    }

    /// Reports changes of the entries of `folder` from now on, if `mask` contains the kind of change.
    public func watch(_ folder: FilePath, _ mask: Mask) throws(SystemError) {
        try systemCall("inotify_add_watch", "\(folder)") {
            unsafe folder.withPlatformString { unsafe inotify_add_watch(descriptor.number, $0, mask.rawValue) }
        }
    }

    /// Returns the names of the entries that changed since the last call; empty if none changed.
    ///
    /// The result contains an empty name if the kernel dropped events or removed a watch. In that case anything may
    /// have changed, and the caller must watch the folder again.
    public func changedNames() -> Set<String> {
        var names: Set<String> = []
        let number = descriptor.number
        unsafe withUnsafeTemporaryAllocation(byteCount: 16384, alignment: 8) { buffer in
            while true {
                let count = unsafe read(number, buffer.baseAddress, buffer.count)
                guard count > 0 else { return }
                var offset = 0
                while offset + 16 <= count {
                    let nameLength = Int(unsafe buffer.load(fromByteOffset: offset + 12, as: UInt32.self))
                    let end = min(offset + 16 + nameLength, count)
                    let bytes = unsafe buffer[(offset + 16)..<end].prefix { $0 != 0 }
                    names.insert(unsafe String(decoding: bytes, as: UTF8.self))
                    offset = end
                }
            }
        }
        return names
    }
}
