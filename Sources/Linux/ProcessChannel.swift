import CLinux
import Glibc
import SystemPackage

/// What connects two processes: pipes, and Unix sockets through which descriptors are sent (unix(7), SCM_RIGHTS).
public enum ProcessChannel {
    /// Two connected sockets, closed on exec.
    public static func pair() throws(SystemError) -> (CInt, CInt) {
        var ends: [CInt] = [-1, -1]
        try systemCall("socketpair", "") {
            unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends)
        }
        return (ends[0], ends[1])
    }

    /// A pipe's ends, for reading and for writing, closed on exec.
    public static func pipe() throws(SystemError) -> (reading: CInt, writing: CInt) {
        var ends: [CInt] = [-1, -1]
        try systemCall("pipe2", "") { unsafe pipe2(&ends, O_CLOEXEC) }
        return (ends[0], ends[1])
    }

    /// Sends a copy of `number` through `socket`.
    public static func send(_ number: CInt, through socket: CInt) throws(SystemError) {
        try systemCall("sendmsg", "a descriptor") { linux_send_descriptor(socket, number) }
    }

    /// The descriptor that comes through `socket`; throws if none comes within `timeout`.
    public static func receive(from socket: CInt, timeout: Duration) throws(SystemError) -> Descriptor {
        guard !Poll.wait([socket], milliseconds: timeout.millisecondsRoundedUp).isEmpty else {
            throw SystemError("recvmsg", "a descriptor", .timedOut)
        }
        return Descriptor(owning: try systemCall("recvmsg", "a descriptor") { linux_receive_descriptor(socket) })
    }

    /// Whether the descriptor is a socket that listens.
    public static func isListening(_ number: CInt) -> Bool {
        var value: CInt = 0
        var length = socklen_t(MemoryLayout<CInt>.size)
        return unsafe getsockopt(number, SOL_SOCKET, SO_ACCEPTCONN, &value, &length) == 0 && value != 0
    }
}
