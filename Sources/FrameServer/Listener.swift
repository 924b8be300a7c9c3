public import Linux
import SystemPackage

/// The listening socket of an event loop: while there is no room, new connections wait in the kernel.
public struct Listener: ~Copyable {
    private let socket: Descriptor
    private let token: UInt64
    /// Whether new connections are taken.
    public private(set) var isOpen: Bool

    /// Takes a listening socket that does not block; its events come with `token`.
    public init(_ socket: consuming Descriptor, in epoll: borrowing Epoll, token: UInt64) throws(SystemError) {
        try epoll.add(socket.number, [.readable, .exclusive], token: token)
        self.socket = socket
        self.token = token
        isOpen = true
    }

    /// Takes the connections that wait, at most 64 at once.
    ///
    /// - Parameter take: Gets each of them; says false when there is no room for another one.
    /// - Returns: False when no more can be taken: to be closed until some of them have ended.
    public func accept(_ take: (consuming Descriptor) -> Bool) -> Bool {
        for _ in 0..<64 {
            switch Socket.accept(from: socket.number) {
            case .success(let number): if !take(Descriptor(owning: number)) { return false }
            case .failure(.tooManyOpenFiles), .failure(.tooManyOpenFilesInSystem), .failure(.noMemory): return false
            case .failure: return true
            }
        }
        return true
    }

    /// Leaves new connections to wait.
    public mutating func close(in epoll: borrowing Epoll) {
        guard isOpen else { return }
        isOpen = false
        epoll.remove(socket.number)
    }

    /// Takes new connections again.
    public mutating func open(in epoll: borrowing Epoll) {
        guard !isOpen else { return }
        isOpen = (try? epoll.add(socket.number, [.readable, .exclusive], token: token)) != nil
    }
}
