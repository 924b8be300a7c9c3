import FastCGI
import Linux
import Logging
import SystemPackage

/// Connections: how they come, how their requests are read, how they go.
extension ServerLoop {
    /// Takes the connections that wait.
    func accept() {
        let hasRoom = listener.accept { socket in
            let number = socket.number
            let connection = Connection(token: nextToken, socket: socket, deadline: now + Self.arrivalTime)
            nextToken += 1
            do {
                try epoll.add(number, [.readable, .peerClosed, .edge], token: connection.token)
                connections[connection.token] = connection
            } catch {
                log.warning("a connection was refused: \(error)")
            }
            return connections.count < connectionLimit + Self.descriptorsForRefusals
        }
        guard !hasRoom else { return }
        listener.close(in: epoll)
        log.warning(
            """
            new connections wait, because \(connections.count) are open and no descriptors are left; a higher limit of \
            open files (ulimit -n) allows more
            """)
    }

    /// Accepts again once there are descriptors for it.
    func resumeAccepting() {
        guard !isEnding, connections.count < connectionLimit + Self.descriptorsForRefusals / 2 else { return }
        listener.open(in: epoll)
    }

    /// Whether there is room for a connection that stays.
    var hasRoom: Bool { connections.count <= connectionLimit }

    /// Takes in what a web server has sent: a request, or what comes after it and means nothing.
    func receive(_ connection: Connection) {
        if connection.phase == .arriving {
            readRequest(connection)
            return
        }
        if connection.phase == .receiving {
            receiveBody(connection)
            return
        }
        while true {
            switch Socket.discardInput(of: connection.socket.number) {
            case .success(let count) where count > 0: continue
            case .success:
                // A web server that has an answer coming may have closed its own side; one with a stream has left.
                if connection.phase != .ending { drop(connection) }
                return
            case .failure(.resourceTemporarilyUnavailable): return
            case .failure:
                drop(connection)
                return
            }
        }
    }

    /// Begins to answer a request once it is there whole.
    func readRequest(_ connection: Connection) {
        switch Socket.peek(at: connection.socket.number, into: &peeked) {
        case .success(let count) where count > 0:
            switch RequestHead.examine(peeked, count: count) {
            case .incomplete: return
            case .refused(let defect):
                log.debug("a connection was closed: \(defect)")
                service.countRefusal()
                drop(connection)
            case .complete:
                if beginsWithBody(connection, count: count) { return }
                do {
                    let request = try reader.read(from: connection.socket)
                    connection.request = request.id
                    service.countRequest()
                    start(request, on: connection)
                } catch {
                    log.debug("a connection was closed: \(error)")
                    service.countRefusal()
                    drop(connection)
                }
            }
        case .failure(.resourceTemporarilyUnavailable): return
        default: drop(connection)
        }
    }

    /// Forgets a connection and closes it.
    func drop(_ connection: Connection) {
        // Closing it takes it out of epoll: there is no other descriptor of this socket.
        guard connections.removeValue(forKey: connection.token) != nil else { return }
        leave(connection)
    }

    /// Takes a connection out of its camera's lists.
    func leave(_ connection: Connection) {
        endExchange(connection)
        guard let camera = connection.camera else { return }
        connection.camera = nil
        switch connection.phase {
        case .streaming:
            camera.remove(connection)
            camera.counts.viewers -= 1
            camera.relax()
            service.update(camera)
        case .waiting: camera.waiters.removeAll { $0 === connection }
        default: break
        }
    }
}
