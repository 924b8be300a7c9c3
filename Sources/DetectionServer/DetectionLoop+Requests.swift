import Detection
import FastCGI
import FrameServer
import JSON
import Linux
import MotionJPEG
import Names
import SharedFrame

/// What a request is answered with before anything is detected.
extension DetectionLoop {
    static let tooLarge = Response.refusal(
        413, "too_large", "The picture has more than \(Limit.pictureByteCount >> 20) MiB.")
    static let stopping = Response.refusal(503, "stopping", "The detector is being stopped; try again.")
        .adding("Retry-After", "1")
    static let busy = Response.refusal(
        503, "busy", "More pictures wait than can be looked at soon; try again."
    ).adding("Retry-After", "1")

    /// Looks at a request's head; true when its body is to be read.
    func begin(_ request: Request, on client: Client) -> Bool {
        let method = request["REQUEST_METHOD"] ?? "GET"
        client.isHeadOnly = method == "HEAD"
        do throws(Refusal) {
            try admit(request, method, on: client)
            return true
        } catch {
            answer(client, error.response, outcome: error.outcome)
            return false
        }
    }

    private func admit(_ request: Request, _ method: String, on client: Client) throws(Refusal) {
        guard let route = DetectionRoute(path: request.path) else {
            throw Refusal(404, "not_found", "There is nothing at \(Excerpt(request.path)); POST to /detect_once.")
        }
        client.route = route
        let allowed = route.isPost ? ["POST"] : ["GET", "HEAD"]
        guard allowed.contains(method) else {
            let verb = allowed.count == 1 ? "is" : "are"
            let sentence = "Only \(allowed.joined(separator: " and ")) \(verb) possible here, not \(method)."
            throw Refusal(405, "method_not_allowed", sentence, headers: [("Allow", allowed.joined(separator: ", "))])
        }
        if route.isPost, let origin = request.foreignOrigin {
            throw Refusal(403, "foreign_origin", "Pages of other sites (\(HeaderText(origin))) may not ask here.")
        }
        let query = Query(request["QUERY_STRING"] ?? "")
        do throws(Query.Refusal) {
            try query.check(known: route.parameters)
            client.wish = try Wish(query, threshold: configuration.threshold, accept: request["HTTP_ACCEPT"])
            client.frame = try query.integer("frame", in: 0...UInt64(1) << 53)
        } catch {
            throw Refusal(400, "bad_query", error.message)
        }
        // Also where a picture comes with the request: who names a camera that is not there is mistaken.
        if case .detect(let name?) = route { _ = try camera(name) }
        try admitBody(request, route, on: client)
    }

    /// Reserves memory for the body, of which all bodies together have only so much.
    private func admitBody(_ request: Request, _ route: DetectionRoute, on client: Client) throws(Refusal) {
        let text = request["CONTENT_LENGTH"] ?? "0"
        guard let length = Int(text), length >= 0 else {
            throw Refusal(400, "bad_length", "The request's Content-Length is no number.")
        }
        let kind = request["CONTENT_TYPE"] ?? ""
        let isPicture = kind.split(separator: ";").first.map { $0.trimmed.lowercased() } == "image/jpeg"
        // Who sends a picture wants to know of that one, not of the camera's.
        if length == 0, route.isPost, isPicture { throw Refusal(400, "bad_picture", "The picture is empty.") }
        guard length > 0, route.isPost else {
            client.assembler.allowBody(byteCount: 0, expected: 0)
            return
        }
        guard client.frame == nil else {
            throw Refusal(400, "bad_query", "Send a picture or name a frame, not both.")
        }
        let isForm = FormData.boundary(in: kind) != nil
        switch route {
        case .deepStack where !isForm:
            throw Refusal(415, "wrong_type", "Send a form (multipart/form-data) with a JPEG in its field 'image'.")
        case .detect where !isPicture:
            throw Refusal(
                415, "wrong_type", "Send a JPEG as Content-Type: image/jpeg, or nothing for the camera's own picture.")
        default: break
        }
        let limit = isForm ? Limit.bodyByteCount : Limit.pictureByteCount
        guard length <= limit else { throw Refusal(response: Self.tooLarge, outcome: "too_large") }
        guard reserved + length <= Limit.bodiesByteCount, waitingCount < Limit.waitingCount,
            inference.pendingCount < configuration.queueLength
        else { throw Refusal(response: Self.busy, outcome: "busy") }
        reserved += length
        client.reserved = length
        client.assembler.allowBody(byteCount: length, expected: length)
    }

    /// Requests that wait for a fresh frame or for a result.
    var waitingCount: Int {
        waiting.values.reduce(0) { $0 + $1.count } + cameras.values.reduce(0) { $0 + $1.waiters.count }
    }

    // MARK: Answers

    /// Answers a request, whatever it waited for.
    func answer(_ client: Client, _ response: Response, outcome: String) {
        leave(client)
        counters.count(outcome, isDetection: client.route?.isPost ?? (client.request?["REQUEST_METHOD"] == "POST"))
        client.phase = .answering
        client.deadline = now + Limit.resultTime
        client.begin(response.records(request: client.request?.id ?? 1, isHeadOnly: client.isHeadOnly))
        push(client)
    }

    /// Takes a request out of everything that it waits in.
    func leave(_ client: Client) {
        reserved -= client.reserved
        client.reserved = 0
        client.camera?.remove(client)
        client.camera = nil
        client.result = nil
        client.assembler = RequestAssembler()
        guard let job = client.job else { return }
        client.job = nil
        waiting[job]?.removeAll { $0 === client }
        // Nobody is left who wants it.
        if waiting[job]?.isEmpty ?? true {
            waiting[job] = nil
            newest = newest.filter { $0.value != job }
            frames = frames.filter { $0.value != job }
            drawings = drawings.filter { $0.value != job }
            uploads.removeAll { $0.job == job }
            inference.cancel(job)
        }
    }

    /// The time of a request that waits is over.
    func giveUp(_ client: Client) {
        if let camera = client.camera {
            let outage = outage(of: camera) ?? .silent
            answer(client, offline(camera.name, outage), outcome: "camera_offline")
            return
        }
        let message = "The detector has not come to this picture in \(Limit.resultTime / 1_000_000_000) seconds."
        answer(client, Response.refusal(504, "timeout", message).adding("Retry-After", "1"), outcome: "timeout")
    }

    func offline(_ camera: CameraName, _ outage: Outage) -> Response {
        Response.refusal(503, "camera_offline", outage.message, fields: [("camera", .text(camera.text))])
            .adding("Retry-After", "2")
    }

    func outage(of camera: WatchedCamera) -> Outage? {
        Outage.current(
            camera.subscriber.status, refusal: camera.subscriber.refusal, kind: configuration.kind, now: now)
    }
}

/// Why a request gets no result.
struct Refusal: Error {
    let response: Response
    let outcome: String

    init(response: Response, outcome: String) {
        self.response = response
        self.outcome = outcome
    }

    init(
        _ status: Int, _ error: String, _ message: String, headers: [(String, String)] = []
    ) {
        var response = Response.refusal(status, error, message)
        for (name, value) in headers { response = response.adding(name, value) }
        self.init(response: response, outcome: error)
    }
}
