import Linux
import Logging
import Names
import SharedFrame
import Synchronization
import SystemPackage

/// The control socket, `<runtime folder>/control.<camera>.sock`: one line of JSON in, one out, a connection for each.
///
/// A thread of its own serves it and talks to the camera, so that whoever connects can hold up another who does, for a
/// second at most, and never the pictures.
final class ControlServer: Sendable {
    /// Who may connect: the user and the group that the program runs as.
    static let permissions: UInt32 = 0o660

    let path: FilePath
    private let own: FileStatus
    private let listener: Descriptor
    private let stopEvent: EventDescriptor
    private let isOver = Atomic(false)

    /// Listens; a socket that a killed program has left is replaced.
    ///
    /// Throws when there is no such folder, or another program listens there.
    init(_ folder: FilePath, _ camera: CameraName) throws(SystemError) {
        let path = camera.controlSocket(in: folder)
        if let old = try? FileStatus(at: path), old.kind == .other {
            do throws(SystemError) {
                _ = try Socket.connect(to: path, isBlocking: false)
                throw SystemError("bind", "\(path)", .addressInUse)
            } catch {
                guard error.errno == .connectionRefused else { throw error }
                File.remove(path)
            }
        }
        let listener = try Socket.listen(at: path, backlog: 64, permissions: Self.permissions)
        try listener.setNonBlocking(true)
        let own = try FileStatus(at: path)
        let stopEvent = try EventDescriptor()
        self.path = path
        self.own = own
        self.listener = listener
        self.stopEvent = stopEvent
    }

    /// Serves on a thread until it is stopped.
    func start(_ makeService: @escaping @Sendable () -> ControlService) throws(SystemError) {
        try Thread("controls") { [self] in
            if let loop = try? ControlLoop(listener.number, stop: stopEvent.descriptor.number, makeService()) {
                loop.run()
            }
            isOver.store(true, ordering: .releasing)
        }.detach()
    }

    /// Ends it and removes the socket; waits a second at most for what is being done.
    func stop() {
        stopEvent.signal()
        if let current = try? FileStatus(at: path), current.isSameFile(as: own) { File.remove(path) }
        let deadline = Clock.monotonic + 1_000_000_000
        while !isOver.load(ordering: .acquiring), Clock.monotonic < deadline { Poll.wait([], milliseconds: 5) }
    }
}
