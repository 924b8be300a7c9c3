import FastCGI
import JSON
import Logging
import SharedFrame

/// What a request is answered with.
extension ServerLoop {
    /// Answers a request, or begins what it asks for.
    func start(_ request: Request, on connection: Connection) {
        let method = request["REQUEST_METHOD"] ?? "GET"
        let isHeadOnly = method == "HEAD"
        let query = Query(request["QUERY_STRING"] ?? "")
        guard let route = route(of: request, query) else {
            let stream = configuration.kind == .relay ? "/video" : "/mjpeg"
            let message =
                "There is nothing at \(Excerpt(request.path)); the stream is at \(stream), pictures are at /snapshot."
            answer(connection, .error(404, "not_found", message), isHeadOnly: isHeadOnly)
            return
        }
        guard route.methods.contains(method) else {
            let methods = route.methods.joined(separator: ", ")
            let message = "Only \(methods) are possible here, not \(Excerpt(method))."
            answer(connection, .error(405, "method_not_allowed", message).adding("Allow", methods))
            return
        }
        do throws(Query.Refusal) {
            try query.check(known: route.parameters)
            switch route {
            case .stream(let name):
                let options = try StreamOptions(query, accept: request["HTTP_ACCEPT"])
                guard let camera = camera(name, for: connection, isHeadOnly) else { return }
                if isHeadOnly {
                    answer(connection, StreamOptions.response, isHeadOnly: true)
                } else if viewerCount >= configuration.maximumViewers || !hasRoom {
                    service.countRefusal()
                    answer(connection, tooManyViewers)
                } else {
                    beginStream(connection, of: camera, options)
                }
            case .snapshot(let name):
                let snapshot = try SnapshotRequest(
                    query, ifNoneMatch: request["HTTP_IF_NONE_MATCH"], isHeadOnly: isHeadOnly, now: now)
                guard let camera = camera(name, for: connection, isHeadOnly) else { return }
                beginSnapshot(connection, of: camera, snapshot)
            case .status(let name):
                if let name {
                    guard let camera = camera(name, for: connection, isHeadOnly) else { return }
                    answer(connection, .json(report.status(of: camera)), isHeadOnly: isHeadOnly)
                } else {
                    answer(connection, .json(report.status(of: cameras.known)), isHeadOnly: isHeadOnly)
                }
            case .controls(let name):
                guard let camera = camera(name, for: connection, isHeadOnly) else { return }
                askForControls(connection, of: camera, .object([("do", .text("read"))]), isHeadOnly: isHeadOnly)
            case .health: answer(connection, report.health(of: cameras.known), isHeadOnly: isHeadOnly)
            case .metrics: answer(connection, report.metrics(of: cameras.known), isHeadOnly: isHeadOnly)
            }
        } catch {
            answer(connection, .error(400, "bad_query", error.message), isHeadOnly: isHeadOnly)
        }
    }

    /// What a request is for; nil where nothing is at its path.
    func route(of request: Request, _ query: Query) -> Route? {
        let route = Route(path: request.path, query: query)
        if case .controls = route, !configuration.kind.hasControls { return nil }
        return route
    }

    private var report: Report { Report(service: service, kind: configuration.kind, now: now) }

    /// The camera that is meant; nil once the request has been answered that there is none.
    func camera(_ name: String?, for connection: Connection, _ isHeadOnly: Bool) -> Camera? {
        do {
            if let camera = try name.map(cameras.camera(named:)) ?? cameras.first() { return camera }
            let message = "There is no camera '\(Excerpt(name ?? ""))'; /status lists those that there are."
            answer(connection, .error(404, "camera_not_found", message), isHeadOnly: isHeadOnly)
        } catch {
            log.error("a camera cannot be opened: \(error)")
            let message = "The server has no descriptors left for another camera; try again later."
            answer(connection, .error(503, "overloaded", message).adding("Retry-After", "5"), isHeadOnly: isHeadOnly)
        }
        return nil
    }

    var viewerCount: Int { cameras.all.reduce(0) { $0 + $1.viewers.count } }

    private var tooManyViewers: Response {
        let message = "All \(configuration.maximumViewers) places for viewers are taken; try again later."
        return .error(503, "too_many_viewers", message).adding("Retry-After", "5")
    }
}
