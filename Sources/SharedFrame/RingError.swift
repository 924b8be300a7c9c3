import Glibc
import Linux
import SystemPackage

/// The error for a ring that cannot be used.
///
/// Its `description` is one sentence for people.
public struct RingError: Error, Equatable, CustomStringConvertible, Sendable {
    /// The kind of an error, for callers that handle some kinds differently from others.
    public enum Kind: Sendable {
        /// The ring has another live writer.
        case hasWriter
        /// The ring has another live writer, which takes its frames from another source.
        case hasOtherSource
        /// Another program keeps removing and recreating the ring.
        case contested
        /// /dev/shm is full.
        case full
        /// The object belongs to another user, is writable by others, or may not be opened.
        case forbidden
        /// The object is not a ring.
        case notARing
        /// The ring has an unknown layout version.
        case otherVersion
        /// One frame exceeds the maximum slot size; other frames are not affected.
        case frameTooLarge
        /// A system call failed.
        case system
        /// A bug in the program.
        case software
    }

    public let kind: Kind
    public let description: String

    init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }

    /// The exit status of a program that exits because of this error (sysexits.h).
    public var exitStatus: Int32 {
        switch kind {
        case .hasWriter, .hasOtherSource, .contested: EX_UNAVAILABLE
        case .full: EX_CANTCREAT
        case .forbidden: EX_NOPERM
        case .notARing, .otherVersion: EX_CONFIG
        case .frameTooLarge: EX_DATAERR
        case .system: EX_OSERR
        case .software: EX_SOFTWARE
        }
    }
}

// The error messages, each of which also says what to do.
extension RingError {
    init(cannotCreate name: RingName, byteCount: Int, _ error: SystemError) {
        let megabytes = (byteCount + 999_999) / 1_000_000
        switch error.errno {
        case .noSpace, .noMemory:
            self.init(
                .full,
                "shared memory \(name) needs \(megabytes) MB, but /dev/shm is full: free some memory, choose a smaller "
                    + "--size, or increase the container's shared memory (--shm-size)")
        case .permissionDenied, .readOnlyFileSystem, .notPermitted:
            self.init(.forbidden, "shared memory \(name) cannot be created: this user cannot write to /dev/shm")
        default:
            self.init(.system, "shared memory \(name) cannot be created: \(error)")
        }
    }

    init(cannotOpen name: RingName, _ error: SystemError) {
        switch error.errno {
        case .permissionDenied:
            self.init(
                .forbidden,
                "shared memory \(name) belongs to another user: run as that user, or choose another ORIEL_PREFIX")
        case .isDirectory, .noSuchAddressOrDevice: self.init(notARing: name)
        case .tooManySymbolicLinkLevels:
            self.init(.forbidden, "shared memory \(name) is a symbolic link: remove \(name.path)")
        case .isDirectory, .noSuchAddressOrDevice: self.init(notARing: name)
        default:
            self.init(.system, "shared memory \(name) cannot be opened: \(error)")
        }
    }

    init(foreign name: RingName, owner: UInt32) {
        self.init(
            .forbidden,
            "shared memory \(name) belongs to user \(owner): remove \(name.path), or choose another ORIEL_PREFIX")
    }

    init(untrusted name: RingName, owner: UInt32) {
        self.init(
            .forbidden,
            "shared memory \(name) belongs to user \(owner), who is not trusted: remove \(name.path), "
                + "or add the user to \(RingOwners.variable)")
    }

    init(cannotLock name: RingName, _ error: SystemError) {
        switch error.errno {
        case .permissionDenied, .notPermitted:
            self.init(
                .forbidden,
                "lock file \(name.lockPath) cannot be opened: remove this file, or choose another ORIEL_PREFIX")
        default:
            self.init(.system, "lock file \(name.lockPath) cannot be used: \(error)")
        }
    }

    init(writable name: RingName) {
        self.init(.forbidden, "shared memory \(name) is writable by other users: remove \(name.path)")
    }

    init(notARing name: RingName) {
        self.init(
            .notARing,
            "shared memory \(name) is not an Oriel frame ring: remove \(name.path), or choose another ORIEL_PREFIX")
    }

    init(version: UInt32, _ name: RingName) {
        self.init(
            .otherVersion,
            "shared memory \(name) has layout version \(version), but this program needs \(RingLayout.version): "
                + "stop the programs of the other version, then remove \(name.path)")
    }

    init(recreated name: RingName) {
        self.init(
            .contested, "shared memory \(name) was removed and recreated by another program: stop that program")
    }

    init(otherSource name: RingName, _ source: String) {
        self.init(
            .hasOtherSource,
            "another program writes shared memory \(name) from a different source, \(source): stop that program, "
                + "or choose another name or ORIEL_PREFIX")
    }

    /// Creates the error for a ring that another writer has locked.
    ///
    /// The message contains the process ID from the ring's header, which is only meant to help people find the writer.
    init(taken name: RingName) {
        var writer = "another program"
        if let descriptor = try? name.open(O_RDONLY), let status = try? descriptor.status(),
            let memory = try? RingMemory(opening: descriptor, byteCount: status.byteCount, name, access: .read)
        {
            writer = "process \(memory.load32(RingLayout.Header.writerProcess))"
        }
        self.init(
            .hasWriter,
            "camera \(name.camera) already has a writer, \(writer) (shared memory \(name)): "
                + "stop that program, or choose another --camera or ORIEL_PREFIX")
    }
}
