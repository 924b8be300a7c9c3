import Detection
import FrameServer
import Linux
import Logging
import Names
import SharedFrame

/// Work that is done, and results that are kept.
extension DetectionLoop {
    /// Work is done: answers all who wait for it.
    func finish(_ id: UInt64, _ outcome: Job.Outcome) {
        let clients = waiting.removeValue(forKey: id) ?? []
        newest = newest.filter { $0.value != id }
        frames = frames.filter { $0.value != id }
        drawings = drawings.filter { $0.value != id }
        uploads.removeAll { $0.job == id }
        for client in clients { client.job = nil }
        switch outcome {
        case .detected(let detection, let jpeg, let camera, let frame):
            counters.countInference(nanoseconds: detection.inferenceNanoseconds)
            deliver(detection, jpeg, camera, frame, to: clients)
        case .drawn(let jpeg):
            for client in clients {
                guard let result = client.result else { continue }
                let headers = Answer.pictureHeaders(jpeg, result)
                answer(client, Response(status: 200, headers: headers, body: jpeg), outcome: "ok")
            }
        case .noFrame:
            let response = Response.refusal(503, "camera_offline", Outage.silent.message).adding("Retry-After", "2")
            for client in clients { answer(client, response, outcome: "camera_offline") }
        case .failed(let error):
            let refusal = Self.refusal(error)
            for client in clients { answer(client, refusal.response, outcome: refusal.outcome) }
        case .unavailable(let error):
            let refusal = Self.unavailable(error)
            for client in clients { answer(client, refusal.response, outcome: refusal.outcome) }
        }
    }

    private func deliver(
        _ detection: Detection, _ jpeg: [UInt8], _ camera: CameraName?, _ frame: FrameDescription?,
        to clients: [Client]
    ) {
        let result = keep(detection, jpeg, camera, frame)
        for client in clients {
            do throws(Refusal) {
                try show(result, client.wish, to: client)
            } catch {
                answer(client, error.response, outcome: error.outcome)
            }
        }
    }

    /// The result of a frame that is known already, or a new one.
    private func keep(
        _ detection: Detection, _ jpeg: [UInt8], _ camera: CameraName?, _ frame: FrameDescription?
    ) -> StoredResult {
        if let camera, let frame, let known = store.result(of: camera, number: frame.number) { return known }
        let result = StoredResult(
            id: store.makeID(), camera: camera, frame: frame, detection: detection, picture: jpeg,
            mayOpenFile: store.count < mostFiles)
        store.keep(result, now: now)
        return result
    }

    /// Answers with a result, as JSON or as a picture.
    func show(_ result: StoredResult, _ wish: Wish?, to client: Client) throws(Refusal) {
        guard let wish else { return }
        if wish.wantsPicture, client.route?.isPost ?? false {
            try draw(result, for: client)
            return
        }
        guard case .ready(let description) = inference.readiness else {
            throw Refusal(response: Self.busy, outcome: "busy")
        }
        let answer = Answer(description: description, threshold: configuration.threshold, now: now)
        self.answer(client, answer.json(result, wish, linksValid: store.time(of: result, now: now)), outcome: "ok")
    }

    func draw(_ result: StoredResult, for client: Client) throws(Refusal) {
        let (width, height) = (result.detection.width, result.detection.height)
        guard Overlay.isPossible(width: width, height: height) else {
            throw Self.refusal(Overlay.refusal(width: width, height: height))
        }
        let key = DrawingKey(result: result.id, wish: client.wish)
        if let job = drawings[key], waiting[job] != nil {
            join(client, job)
        } else {
            let predictions = client.wish?.filter(result.detection.predictions) ?? []
            try wait(client, for: .overlay(jpeg(of: result), predictions), isBegun: client.route?.isPost ?? false)
            drawings[key] = client.job
        }
        client.result = result
    }

    func result(_ id: String) throws(Refusal) -> StoredResult {
        if let result = store.result(id) { return result }
        if store.mayHaveHad(id) { throw Refusal(410, "result_gone", "Result \(id) is no longer kept; detect again.") }
        throw Refusal(404, "not_found", "There is no result \(Excerpt(id)).")
    }

    func jpeg(of result: StoredResult) throws(Refusal) -> [UInt8] {
        do throws(SystemError) {
            return try result.jpeg()
        } catch {
            throw Refusal(503, "internal", "The picture cannot be read: \(error)")
        }
    }
}
