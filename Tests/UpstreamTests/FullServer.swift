import Glibc
import Linux
import Synchronization
import TestSupport

/// A listening socket on 127.0.0.1 whose accept queue is full, so that connection attempts get no response.
final class FullServer: Sendable {
    let port: UInt16
    private let listener: Descriptor
    private let callers = Mutex<[CInt]>([])

    /// Listens on the port `wanted`, or on any free port if `wanted` is 0, and fills the queue.
    init(port wanted: UInt16 = 0) throws {
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let listener = Descriptor(owning: try systemCall("socket", "") { socket(AF_INET, type, 0) })
        let number = listener.number
        var one: CInt = 1
        _ = unsafe setsockopt(number, SOL_SOCKET, SO_REUSEADDR, &one, 4)
        var address = sockaddr_in()
        address.sin_family = UInt16(AF_INET)
        address.sin_port = wanted.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        var calls: [CInt] = []
        try unsafe withUnsafeMutableBytes(of: &address) { buffer in
            guard let base = unsafe buffer.baseAddress?.assumingMemoryBound(to: sockaddr.self) else { return }
            try systemCall("bind", "") { unsafe bind(number, base, length) }
            try systemCall("listen", "") { listen(number, 0) }
            try systemCall("getsockname", "") { unsafe getsockname(number, base, &length) }
            // The queue holds one connection more than the limit given to listen(2). Open three, to fill it reliably.
            for _ in 0..<3 {
                let call = socket(AF_INET, type | Int32(SOCK_NONBLOCK.rawValue), 0)
                _ = unsafe connect(call, base, length)
                calls.append(call)
            }
        }
        port = UInt16(bigEndian: address.sin_port)
        self.listener = listener
        callers.withLock { $0 = calls }
    }

    deinit { makeRoom() }

    /// Empties the queue, so that later connection attempts succeed.
    func makeRoom() {
        let calls = callers.withLock { calls in
            defer { calls = [] }
            return calls
        }
        guard !calls.isEmpty else { return }
        for call in calls { close(call) }
        for _ in calls {
            guard !Poll.wait([listener.number], milliseconds: 100).isEmpty else { return }
            let number = accept(listener.number, nil, nil)
            if number >= 0 { close(number) }
        }
    }

    /// Returns a server on the same port that accepts connections from now on and runs `script` for each of them.
    func serve(_ script: @escaping @Sendable (ScriptedClient) -> Void) throws -> ScriptedServer {
        let copy = Descriptor(
            owning: try systemCall("fcntl", "") { fcntl(listener.number, F_DUPFD_CLOEXEC, 0) })
        try systemCall("listen", "") { listen(listener.number, 64) }
        makeRoom()
        return try ScriptedServer(copy, port: port, script)
    }
}
