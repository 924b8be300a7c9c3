import Detection
import FrameServer
import JSON

/// What the worker says of itself.
extension DetectionLoop {
    /// Refuses at once what cannot be done: nothing can be detected, or not the classes that are asked for.
    func checkReadiness(_ wish: Wish) throws(Refusal) {
        if case .unavailable(let error, let since) = inference.readiness {
            // Somebody may have installed meanwhile what was missing: then this request finds out.
            if now >= since + Limit.retryTime { return }
            throw Self.unavailable(error)
        }
        try checkLabels(wish)
    }

    /// Refuses classes that the model does not know.
    func checkLabels(_ wish: Wish) throws(Refusal) {
        guard case .ready(let description) = inference.readiness, let label = wish.unknownLabel(description.labels)
        else { return }
        throw Refusal(400, "bad_query", "The model \(description.model) knows no '\(Excerpt(label))'.")
    }

    /// Has the detector's files looked at again, for who only asks whether it is there.
    func lookAgain() {
        switch inference.readiness {
        case .loading: return
        case .unavailable(_, let since): if now < since + Limit.retryTime { return }
        case .ready: break
        }
        inference.lookAgain()
    }

    static func unavailable(_ error: DetectionError) -> Refusal {
        Refusal(503, error.kind.rawValue, "Nothing can be detected: \(error).", headers: [("Retry-After", "10")])
    }

    static func refusal(_ error: DetectionError) -> Refusal {
        let sentence = error.description.prefix(1).uppercased() + error.description.dropFirst() + "."
        switch error.kind {
        case .badPicture: return Refusal(400, error.kind.rawValue, sentence)
        case .pictureTooLarge: return Refusal(413, error.kind.rawValue, sentence)
        default: return Refusal(503, error.kind.rawValue, sentence, headers: [("Retry-After", "1")])
        }
    }

    func status() -> Response {
        lookAgain()
        var fields: [(String, JSON)] = []
        switch inference.readiness {
        case .loading: fields = [("state", .text("loading")), ("ready", .bool(false))]
        case .unavailable(let error, _):
            fields = [
                ("state", .text("unavailable")), ("ready", .bool(false)), ("error", .text(error.kind.rawValue)),
                ("message", .text("Nothing can be detected: \(error).")),
            ]
        case .ready(let description):
            fields = [
                ("state", .text("ready")), ("ready", .bool(true)),
                (
                    "model",
                    .object([
                        ("name", .text(description.model)), ("runtime", .text(description.runtime)),
                        ("library", .text(description.runtimePath)),
                        ("labels", .array(description.labels.map { .text($0) })),
                    ])
                ),
            ]
        }
        if inference.hasOtherRuntime {
            let sentence = "Another ONNX Runtime has been installed: it is used once detect-fcgi is started again."
            fields.append(("notice", .text(sentence)))
        }
        fields.append(("threshold", Answer.rounded(Double(configuration.threshold))))
        fields += counters.json
        fields.append(("waiting", .count(waitingCount)))
        fields.append(
            ("results", .object([("count", .count(store.count)), ("bytes", .count(store.byteCount))])))
        return .json(.object(fields))
    }

    func metrics() -> Response {
        let text = counters.metrics(inference.readiness, store: store, waiting: waitingCount)
        let body = Array(text.utf8)
        return Response(
            status: 200,
            headers: [
                ("Content-Type", "text/plain; version=0.0.4; charset=utf-8"), ("Content-Length", "\(body.count)"),
                ("Cache-Control", "no-store"),
            ], body: body)
    }
}
