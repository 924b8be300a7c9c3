import Cameras
import Daemon
import Detection
import JSON
import Linux
import Logging
import Names
import Service
import SharedFrame
import Web

/// Responds with the results of jobs and with stored results.
extension DetectionApplication {
    /// Answers all requests that wait for a job.
    func finish(_ id: UInt64, _ outcome: Job.Outcome) {
        let exchanges = forget(id)
        for exchange in exchanges { exchange.job = nil }
        func refuseAll(_ error: HTTPError) {
            for exchange in exchanges { refuse(error, to: exchange) }
        }
        switch outcome {
        case .detected(let detection, let jpeg, let camera, let frame):
            counters.countInference(detection.inferenceNanoseconds)
            let result = keep(detection, jpeg, camera, frame)
            for exchange in exchanges {
                do throws(HTTPError) {
                    try show(result, to: exchange)
                } catch {
                    refuse(error, to: exchange)
                }
            }
        case .drawn(let jpeg):
            for exchange in exchanges {
                guard let result = exchange.result else { continue }
                let headers = Answer.pictureHeaders(jpeg, result)
                answer(exchange, Response(status: 200, headers: headers, body: jpeg))
            }
        case .noFrame: refuseAll(.temporary("camera_offline", Outage.silent.message, retryAfter: 2))
        case .failed(let error): refuseAll(Self.refusal(error))
        case .unavailable(let error): refuseAll(Self.unavailable(error))
        }
    }

    /// Returns the stored result for the frame, or stores a new one.
    private func keep(
        _ detection: Detection, _ jpeg: [UInt8], _ camera: CameraName?, _ frame: FrameDescription?
    ) -> StoredResult {
        if let camera, let frame, let known = store.result(of: camera, number: frame.number) { return known }
        let result = StoredResult(
            id: store.makeID(), camera: camera, frame: frame, detection: detection, picture: jpeg,
            mayOpenFile: store.count < maximumFileCount)
        store.keep(result, now: now)
        return result
    }

    /// Answers a request with a result, as JSON or as a picture.
    func show(_ result: StoredResult, to exchange: DetectionExchange) throws(HTTPError) {
        try exchange.connection.require(.watch, for: result.camera)
        if exchange.filter.wantsPicture, exchange.route.isPost {
            try draw(result, for: exchange)
            return
        }
        guard case .ready(let description) = inference.readiness else { throw Self.busy }
        let answer = Answer(description: description, threshold: configuration.threshold, now: now)
        let response = answer.json(result, exchange.filter, linksValid: store.time(of: result, now: now))
        self.answer(exchange, response)
    }

    func draw(_ result: StoredResult, for exchange: DetectionExchange) throws(HTTPError) {
        try exchange.connection.require(.watch, for: result.camera)
        let (width, height) = (result.detection.width, result.detection.height)
        guard Overlay.isPossible(width: width, height: height) else {
            throw Self.refusal(Overlay.refusal(width: width, height: height))
        }
        let key = JobKey.drawing(result: result.id, exchange.filter)
        if let job = jobsByKey[key], jobs[job] != nil {
            try join(exchange, job)
        } else {
            let predictions = exchange.filter.filter(result.detection.predictions)
            try add(
                .overlay(jpeg(of: result), predictions), key: key, for: exchange, isBegun: exchange.route.isPost)
        }
        exchange.result = result
    }

    func result(_ id: String) throws(HTTPError) -> StoredResult {
        if let result = store.result(id) { return result }
        if store.mayHaveHad(id) { throw HTTPError(410, "result_gone", "Result \(id) has expired; detect again.") }
        throw HTTPError(404, "not_found", "There is no result \(Excerpt(id)).")
    }

    func jpeg(of result: StoredResult) throws(HTTPError) -> [UInt8] {
        do throws(SystemError) {
            return try result.jpeg()
        } catch {
            throw HTTPError(503, "internal", "Cannot read the picture: \(error)")
        }
    }

    // MARK: Errors

    /// Throws if the detector is not available or does not know the requested classes.
    func checkReadiness(_ filter: ResultFilter) throws(HTTPError) {
        if case .unavailable(let error, let since) = inference.readiness {
            // The missing files may have been installed since the last attempt, so let this request start a new one.
            if now - since >= Limit.retryInterval { return }
            throw Self.unavailable(error)
        }
        try checkLabels(filter)
    }

    /// Throws if the model does not have a requested class.
    func checkLabels(_ filter: ResultFilter) throws(HTTPError) {
        guard case .ready(let description) = inference.readiness, let label = filter.unknownLabel(description.labels)
        else { return }
        throw HTTPError(400, "bad_query", "The model \(description.model) has no class '\(Excerpt(label))'.")
    }

    static func unavailable(_ error: DetectionError) -> HTTPError {
        .temporary(error.kind.rawValue, "Detection is not available: \(error).", retryAfter: 10)
    }

    static func refusal(_ error: DetectionError) -> HTTPError {
        let sentence = error.description.prefix(1).uppercased() + error.description.dropFirst() + "."
        switch error.kind {
        case .badPicture: return HTTPError(400, error.kind.rawValue, sentence)
        case .pictureTooLarge: return HTTPError(413, error.kind.rawValue, sentence)
        default: return .temporary(error.kind.rawValue, sentence, retryAfter: 1)
        }
    }

    // MARK: Status

    /// Returns one of the small documents that clients of DeepStack and CodeProject.AI request before they send
    /// pictures.
    func document(_ route: DetectionRoute) -> Response {
        var fields: [(String, JSON)] = [("success", .bool(true))]
        switch route {
        case .modelList:
            var models: [JSON] = []
            if case .ready(let description) = inference.readiness { models = [.text(description.model)] }
            fields.append(("models", .array(models)))
        case .updateAvailable:
            fields += [
                ("updateAvailable", .bool(false)), ("message", .text("Oriel does not check for updates.")),
                ("current", .text(orielVersion)),
            ]
        case .version: fields.append(("message", .text(orielVersion)))
        default: fields.append(("message", .text("Oriel is running.")))
        }
        return .json(.object(fields + [("code", .integer(200))]))
    }

    func status() -> Response {
        recheck()
        var fields: [(String, JSON)] = []
        switch inference.readiness {
        case .loading: fields = [("state", .text("loading")), ("ready", .bool(false))]
        case .unavailable(let error, _):
            fields = [
                ("state", .text("unavailable")), ("ready", .bool(false)), ("error", .text(error.kind.rawValue)),
                ("message", .text("Detection is not available: \(error).")),
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
            let sentence = "Another ONNX Runtime has been installed: restart detect-fcgi to use it."
            fields.append(("notice", .text(sentence)))
        }
        fields.append(("threshold", Answer.rounded(Double(configuration.threshold))))
        fields += counters.json
        fields.append(("waiting", .count(waitingCount)))
        fields.append(
            ("results", .object([("count", .count(store.count)), ("bytes", .count(store.byteCount))])))
        fields += configuration.liveStatus()
        return .json(.object(fields))
    }

    /// Makes the inference thread check the detector's files again, because clients may request only the status.
    private func recheck() {
        switch inference.readiness {
        case .loading: return
        case .unavailable(_, let since): if now - since < Limit.retryInterval { return }
        case .ready: break
        }
        inference.recheck()
    }
}
