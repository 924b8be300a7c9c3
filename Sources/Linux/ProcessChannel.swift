import CLinux
import Glibc
import SystemPackage

/// Connects processes with pipes, and with Unix sockets that pass descriptors (unix(7), SCM_RIGHTS).
public enum ProcessChannel {
    /// Returns two connected sockets, which are closed on exec and owned by the caller.
    public static func pair() throws(SystemError) -> (CInt, CInt) {
        var ends: [CInt] = [-1, -1]
        try systemCall("socketpair", "") {
            unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends)
        }
        return (ends[0], ends[1])
    }

    /// Returns both ends of a pipe, which are closed on exec and owned by the caller.
    public static func pipe() throws(SystemError) -> (reading: CInt, writing: CInt) {
        var ends: [CInt] = [-1, -1]
        try systemCall("pipe2", "") { unsafe pipe2(&ends, O_CLOEXEC) }
        return (ends[0], ends[1])
    }

    /// Sends a duplicate of the descriptor `number` through `socket`.
    public static func send(_ number: CInt, through socket: CInt) throws(SystemError) {
        try systemCall("sendmsg", "a descriptor") { linux_send_descriptor(socket, number) }
    }

    /// Receives a descriptor through `socket`; throws if none arrives within `timeout`.
    public static func receive(from socket: CInt, timeout: Duration) throws(SystemError) -> Descriptor {
        guard !Poll.wait([socket], milliseconds: timeout.millisecondsRoundedUp).isEmpty else {
            throw SystemError("recvmsg", "a descriptor", .timedOut)
        }
        return Descriptor(owning: try systemCall("recvmsg", "a descriptor") { linux_receive_descriptor(socket) })
    }

    /// Returns whether the descriptor is a listening socket.
    public static func isListening(_ number: CInt) -> Bool {
        var value: CInt = 0
        var length = socklen_t(MemoryLayout<CInt>.size)
        return unsafe getsockopt(number, SOL_SOCKET, SO_ACCEPTCONN, &value, &length) == 0 && value != 0
    }
}
