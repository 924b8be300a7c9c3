import Glibc
import Linux
import SystemPackage

/// The ways in which a ring cannot be had, each with its remedy. Exit statuses are those of sysexits.h.
extension RingError {
    init(cannotCreate name: RingName, byteCount: Int, _ error: SystemError) {
        let megabytes = (byteCount + 999_999) / 1_000_000
        switch error.errno {
        case .noSpace, .noMemory:
            self.init(
                EX_CANTCREAT,
                "shared memory \(name) needs \(megabytes) MB and /dev/shm is full: free some, choose a smaller --size, "
                    + "or give the container more (--shm-size)")
        case .permissionDenied, .readOnlyFileSystem, .notPermitted:
            self.init(EX_NOPERM, "shared memory \(name) cannot be made: /dev/shm is not writable for this user")
        default:
            self.init(EX_OSERR, "shared memory \(name) cannot be made: \(error)")
        }
    }

    init(cannotOpen name: RingName, _ error: SystemError) {
        switch error.errno {
        case .permissionDenied:
            self.init(
                EX_NOPERM,
                "shared memory \(name) belongs to another user: run as that user, or choose another ORIEL_PREFIX")
        case .tooManySymbolicLinkLevels:
            self.init(EX_NOPERM, "shared memory \(name) is a symbolic link: remove \(name.path)")
        default:
            self.init(EX_OSERR, "shared memory \(name) cannot be opened: \(error)")
        }
    }

    init(foreign name: RingName, owner: UInt32) {
        self.init(
            EX_NOPERM,
            "shared memory \(name) belongs to user \(owner): remove \(name.path), or choose another ORIEL_PREFIX")
    }

    init(writable name: RingName) {
        self.init(EX_NOPERM, "shared memory \(name) can be written by other users: remove \(name.path)")
    }

    init(notARing name: RingName) {
        self.init(
            EX_CONFIG, "shared memory \(name) is no ring of frames: remove \(name.path), or choose another ORIEL_PREFIX"
        )
    }

    init(version: UInt32, _ name: RingName) {
        self.init(
            EX_CONFIG,
            "shared memory \(name) has layout version \(version), this program needs \(RingLayout.version): "
                + "stop the programs of the other version, then remove \(name.path)")
    }

    init(otherSource name: RingName, _ source: String) {
        self.init(
            EX_UNAVAILABLE,
            "shared memory \(name) is written from another source, \(source): stop that program, "
                + "or choose another name or ORIEL_PREFIX")
    }

    /// Another writer holds the lock; who it is stands in the header, for people only.
    init(taken name: RingName, _ descriptor: borrowing Descriptor) {
        var writer = "another program"
        if let status = try? descriptor.status(),
            let memory = try? RingMemory(opening: descriptor, byteCount: status.byteCount, name, access: .read)
        {
            writer = "process \(memory.load32(RingLayout.Header.writerProcess))"
        }
        self.init(
            EX_UNAVAILABLE,
            "camera \(name.camera) already has a writer, \(writer) (shared memory \(name)): "
                + "stop it, or choose another --camera or ORIEL_PREFIX")
    }
}
