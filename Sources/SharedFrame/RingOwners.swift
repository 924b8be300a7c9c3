import Glibc
import Linux
import Synchronization

/// The users whose rings this process reads: its own user, root, and the users that `ORIEL_RING_OWNERS` lists.
///
/// Any user can create an object with any name in /dev/shm. Without this restriction, any local user could add cameras,
/// or provide the pictures of camera `main` while no capture-daemon is running.
public enum RingOwners {
    /// The environment variable that lists additional users by name or number, separated by commas.
    public static let variable = "ORIEL_RING_OWNERS"

    private static let more = Mutex<Set<UInt32>?>(nil)

    /// Sets the additional users for the whole process; the list in the environment is then ignored.
    ///
    /// Must be called before the first ring is opened.
    public static func accept(_ users: Set<UInt32>) {
        more.withLock { $0 = users }
    }

    /// Returns the additional users that the environment lists; throws if an entry is not a user.
    ///
    /// Programs that should exit if the list is invalid call this at startup. All other programs ignore an invalid
    /// list, and read only the rings of their own user and of root.
    public static func fromEnvironment() throws(InvalidRingOwner) -> Set<UInt32> {
        var users: Set<UInt32> = []
        for entry in (Environment.value(variable) ?? "").split(separator: ",") {
            let text = entry.filter { $0 != " " }
            guard let user = UInt32(text) ?? number(ofUser: text) else { throw InvalidRingOwner(text: text) }
            users.insert(user)
        }
        return users
    }

    /// Returns whether this process reads the rings of the user with the given ID.
    static func accepts(_ user: UInt32) -> Bool {
        if user == geteuid() || user == 0 { return true }
        return more.withLock { more in
            let users = more ?? (try? fromEnvironment()) ?? []
            more = users
            return users.contains(user)
        }
    }

    private static func number(ofUser name: String) -> UInt32? {
        var entry = unsafe passwd()
        var result: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 16384)
        guard unsafe getpwnam_r(name, &entry, &buffer, buffer.count, &result) == 0, unsafe result != nil else {
            return nil
        }
        return unsafe entry.pw_uid
    }
}

/// An entry of ``RingOwners/variable`` that is not a user of this machine.
public struct InvalidRingOwner: Error, Equatable, CustomStringConvertible, Sendable {
    public let text: String

    public var description: String {
        "\(RingOwners.variable) '\(text)' is not a user: list user names or numbers, separated by commas"
    }
}

extension FileStatus {
    /// Returns the reason why a reader must not use the object `name`, or nil if the reader may use it.
    func refusalToRead(_ name: RingName) -> RingError? {
        guard kind == .file else { return RingError(notARing: name) }
        guard RingOwners.accepts(owner) else { return RingError(untrusted: name, owner: owner) }
        guard permissions & 0o022 == 0 else { return RingError(writable: name) }
        return nil
    }
}
