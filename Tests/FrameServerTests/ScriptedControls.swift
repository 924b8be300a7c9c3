import Linux
import Synchronization
import SystemPackage

/// A camera's control socket that sends replies which the test defines.
final class ScriptedControls: Sendable {
    enum Reply: Sendable {
        /// This text is sent unchanged, and then the connection is closed.
        case text(String)
        /// No reply is sent, and the connection stays open.
        case silence
    }

    private struct State {
        var requests: [String] = []
        var held: [CInt] = []
    }

    private let state = Mutex(State())
    private let listener: Descriptor
    private let isStopping = Atomic(false)
    private let isOver = Atomic(false)

    init(_ path: FilePath, _ script: @escaping @Sendable (String) -> Reply) throws {
        listener = try Socket.listen(at: path)
        try listener.setNonBlocking(true)
        try Thread("scripted controls") { [self] in
            serve(script)
            isOver.store(true, ordering: .releasing)
        }.detach()
    }

    /// The requests received so far.
    var requests: [String] { state.withLock(\.requests) }

    /// The number of unanswered connections that the other side has closed.
    var abandonedCount: Int {
        state.withLock { state in
            state.held.count { number in
                if case .success(0) = Socket.discardInput(of: number) { return true }
                return false
            }
        }
    }

    func stop() {
        isStopping.store(true, ordering: .releasing)
        while !isOver.load(ordering: .acquiring) { Poll.wait([], milliseconds: 2) }
    }

    private func serve(_ script: (String) -> Reply) {
        while !isStopping.load(ordering: .acquiring) {
            Poll.wait([listener.number], milliseconds: 20)
            guard case .success(let number) = Socket.accept(from: listener.number) else { continue }
            var bytes: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 65536)
            while bytes.last != UInt8(ascii: "\n"), !Poll.wait([number], milliseconds: 5000).isEmpty {
                guard case .success(let count) = Socket.receive(from: number, into: &buffer), count > 0 else { break }
                bytes += buffer[..<count]
            }
            let line = String(decoding: bytes.dropLast(), as: UTF8.self)
            state.withLock { $0.requests.append(line) }
            switch script(line) {
            case .silence: state.withLock { $0.held.append(number) }
            case .text(let text):
                try? setNonBlocking(number, false)
                let bytes = Array(text.utf8)
                var sent = 0
                while sent < bytes.count, case .success(let count) = Socket.send(bytes, from: sent, to: number) {
                    sent += count
                }
                _ = Descriptor(owning: number)
            }
        }
        for number in state.withLock(\.held) { _ = Descriptor(owning: number) }
    }
}
