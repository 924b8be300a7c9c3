import FastCGI
import JSON
import Linux
import Names
import SharedFrame
import SystemPackage

/// The camera's controls: asked of the program that has the camera, by its control socket, without waiting for it.
extension ServerLoop {
    // MARK: Requests with a body

    /// Whether a request that is there whole, but for its body, is one to change controls; begins to read it if so.
    func beginsWithBody(_ connection: Connection, count: Int) -> Bool {
        guard let request = RequestHead.request(in: peeked, count: count), request["REQUEST_METHOD"] == "PUT",
            case .controls = route(of: request, Query(request["QUERY_STRING"] ?? ""))
        else { return false }
        connection.phase = .receiving
        connection.exchange = ControlExchange()
        connection.request = request.id
        service.countRequest()
        receiveBody(connection)
        return true
    }

    /// Takes in what has come of the request and its body.
    func receiveBody(_ connection: Connection) {
        while connection.phase == .receiving, let exchange = connection.exchange {
            switch Socket.receive(from: connection.socket.number, into: &peeked) {
            case .success(let count) where count > 0:
                var progress = exchange.assembler.feed(peeked[..<count])
                if case .head(let request) = progress {
                    guard admit(request, connection, exchange) else { return }
                    progress = exchange.assembler.feed([])
                }
                switch progress {
                case .incomplete, .head: continue
                case .complete: change(connection, exchange)
                case .bodyTooLarge: answer(connection, Self.tooLarge)
                case .refused:
                    service.countRefusal()
                    drop(connection)
                }
            case .failure(.resourceTemporarilyUnavailable): return
            default: drop(connection)
            }
        }
    }

    private static let tooLarge = Response.error(
        413, "too_large", "The request has more than \(ControlExchange.bodyLimit >> 10) KiB.")

    /// Looks at the head of a request to change controls; false when it was answered that it may not.
    private func admit(_ request: Request, _ connection: Connection, _ exchange: ControlExchange) -> Bool {
        let query = Query(request["QUERY_STRING"] ?? "")
        guard let route = route(of: request, query), case .controls(let name) = route,
            let camera = camera(name, for: connection, false)
        else { return false }
        do throws(Query.Refusal) { try query.check(known: route.parameters) } catch {
            answer(connection, .error(400, "bad_query", error.message))
            return false
        }
        if let origin = request.foreignOrigin {
            let message = "Pages of other sites (\(HeaderText(origin))) may not change anything here."
            answer(connection, .error(403, "foreign_origin", message))
            return false
        }
        let kind = (request["CONTENT_TYPE"] ?? "").split(separator: ";").first ?? ""
        guard kind.filter({ $0 != " " }).lowercased() == "application/json" else {
            answer(connection, .error(415, "wrong_type", "Send JSON, as Content-Type: application/json."))
            return false
        }
        guard let length = Int(request["CONTENT_LENGTH"] ?? "0"), length >= 0 else {
            answer(connection, .error(400, "bad_length", "The request's Content-Length is no number."))
            return false
        }
        guard length <= ControlExchange.bodyLimit else {
            answer(connection, Self.tooLarge)
            return false
        }
        exchange.camera = camera
        exchange.assembler.allowBody(byteCount: ControlExchange.bodyLimit, expected: length)
        return true
    }

    private func change(_ connection: Connection, _ exchange: ControlExchange) {
        guard let camera = exchange.camera else { return drop(connection) }
        guard let wishes = JSON(exchange.assembler.takeBody()), case .object = wishes else {
            let message = "The body is no JSON object of controls, such as {\"brightness\": 140}."
            answer(connection, .error(400, "bad_request", message))
            return
        }
        askForControls(connection, of: camera, .object([("do", .text("set")), ("controls", wishes)]))
    }

    // MARK: The camera's program

    /// Sends `request` to the program that has the camera, and lets the connection wait for the answer.
    func askForControls(_ connection: Connection, of camera: Camera, _ request: JSON, isHeadOnly: Bool = false) {
        let exchange = connection.exchange ?? ControlExchange()
        exchange.camera = camera
        exchange.isHeadOnly = isHeadOnly
        connection.exchange = exchange
        guard asking.count < ControlExchange.limit else {
            let message = "\(ControlExchange.limit) requests wait for cameras already; try again."
            answer(connection, .error(503, "busy", message).adding("Retry-After", "1"), isHeadOnly: isHeadOnly)
            return
        }
        guard let folder = configuration.runtimeDirectory else {
            return refuseControls(connection, "This server has no folder with sockets of cameras (--runtime-dir).")
        }
        let path = camera.name.controlSocket(in: folder)
        do throws(SystemError) {
            let socket = try Socket.connect(to: path, isBlocking: false)
            let line = Array((request.text + "\n").utf8)
            // An empty socket takes a whole line; if not, its program is in no state to answer.
            guard case .success(line.count) = Socket.send(line, from: 0, to: socket.number) else {
                throw SystemError("send", "\(path)", .resourceTemporarilyUnavailable)
            }
            try epoll.add(socket.number, .readable, token: nextToken)
            exchange.socket = ControlExchange.ControlSocket(descriptor: socket, token: nextToken)
            asking[nextToken] = connection
            nextToken += 1
            connection.phase = .asking
            connection.deadline = now + ControlExchange.patience
        } catch {
            let isAway = error.errno == .noSuchFileOrDirectory || error.errno == .connectionRefused
            let reason = isAway ? "it is not running, or keeps its socket in another folder than \(folder)" : "\(error)"
            refuseControls(connection, "The capture-daemon of camera '\(camera.name)' cannot be asked: \(reason).")
        }
    }

    /// Takes in what a camera's program has answered.
    func hearControls(_ connection: Connection) {
        guard let exchange = connection.exchange else { return }
        switch exchange.hear(into: &peeked) {
        case .incomplete: return
        case .complete(let status, let body):
            let response = Response.json(body, status: status)
            answer(
                connection, status == 503 ? response.adding("Retry-After", "2") : response,
                isHeadOnly: exchange.isHeadOnly)
        case .failed: refuseControls(connection, "\(name(of: exchange)) gave no answer that could be understood.")
        }
    }

    /// The time to answer is over.
    func giveUpControls(_ connection: Connection) {
        guard let exchange = connection.exchange else { return }
        refuseControls(connection, "\(name(of: exchange)) did not answer in time.")
    }

    /// Closes the connection to the camera's program, if there is one.
    func endExchange(_ connection: Connection) {
        guard let exchange = connection.exchange else { return }
        connection.exchange = nil
        guard let socket = exchange.socket.take() else { return }
        epoll.remove(socket.descriptor.number)
        asking[socket.token] = nil
    }

    private func name(of exchange: ControlExchange) -> String {
        "The capture-daemon of camera '\(exchange.camera?.name.text ?? "")'"
    }

    private func refuseControls(_ connection: Connection, _ message: String) {
        answer(
            connection, Response.error(503, "controls_unavailable", message).adding("Retry-After", "2"),
            isHeadOnly: connection.exchange?.isHeadOnly ?? false)
    }
}
