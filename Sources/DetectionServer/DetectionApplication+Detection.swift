import Cameras
import Detection
import FastCGI
import Linux
import Logging
import Names
import Service
import SharedFrame
import Web

/// Creates jobs for requests.
extension DetectionApplication {
    /// Handles a request after its body has been received completely.
    func perform(
        _ exchange: DetectionExchange, _ request: Request, _ frame: UInt64?, body: [UInt8]
    ) throws(HTTPError) {
        switch exchange.route {
        case .status: answer(exchange, status())
        case .result(let id):
            try checkLabels(exchange.filter)
            try show(result(id), to: exchange)
        case .picture(let id):
            let result = try result(id)
            try exchange.connection.require(.watch, for: result.camera)
            let jpeg = try jpeg(of: result)
            let headers = Answer.pictureHeaders(jpeg, result)
            answer(exchange, Response(status: 200, headers: headers, body: jpeg))
        case .overlay(let id):
            try checkLabels(exchange.filter)
            try draw(result(id), for: exchange)
        case .deepStack(let model): try detectForm(body, request, model: model, for: exchange)
        case .modelList, .ping, .updateAvailable, .version: answer(exchange, document(exchange.route))
        case .detect(let name):
            try checkReadiness(exchange.filter)
            if !body.isEmpty {
                try detect(picture: body, for: exchange)
            } else if let frame {
                try detect(frame: frame, of: camera(name, for: exchange.connection), for: exchange)
            } else {
                try detectNewest(of: camera(name, for: exchange.connection), for: exchange)
            }
        }
    }

    // MARK: Pictures

    /// Detects objects in the picture that a form contains; DeepStack clients send pictures in this way.
    private func detectForm(
        _ body: [UInt8], _ request: Request, model: String?, for exchange: DetectionExchange
    ) throws(HTTPError) {
        try checkReadiness(exchange.filter)
        if let model, case .ready(let description) = inference.readiness,
            model.lowercased() != description.model.lowercased()
        {
            let message = "There is no model '\(Excerpt(model))'; the model is '\(description.model)'."
            throw HTTPError(404, "model_not_found", message)
        }
        guard let boundary = FormData.boundary(in: request["CONTENT_TYPE"] ?? ""), !body.isEmpty else {
            throw HTTPError(400, "bad_form", "Send a form (multipart/form-data) with a picture in the field 'image'.")
        }
        let form: FormData
        do throws(FormData.Defect) {
            form = try FormData(body, boundary: boundary)
        } catch {
            throw HTTPError(400, "bad_form", error.message)
        }
        guard let content = form.first("image"), !content.isEmpty else {
            throw HTTPError(400, "bad_form", "The form has no field 'image' with a picture.")
        }
        guard content.count <= Limit.pictureByteCount else { throw Self.tooLarge }
        let field = form.first("min_confidence").map { String(decoding: body[$0.prefix(100)], as: UTF8.self) }
        if let text = field ?? request.query.first("min_confidence"), let value = try Self.confidence(text) {
            exchange.filter.minimum = value
        }
        try detect(picture: Array(body[content]), for: exchange)
    }

    /// Parses `min_confidence`; returns nil for the values with which clients request the default.
    ///
    /// A decimal comma is accepted, because some clients format numbers according to the user's language.
    static func confidence(_ text: String) throws(HTTPError) -> Float? {
        let text = text.trimmed
        if text.isEmpty || ["nan", "null", "none", "undefined"].contains(text.lowercased()) { return nil }
        let digits = String(text.map { $0 == "," ? "." : $0 })
        let isDecimal = digits.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == 0x2e }
        guard isDecimal, let value = Float(digits), (0...1).contains(value) else {
            throw HTTPError(
                400, "bad_form",
                "The form field 'min_confidence' must be a number from 0 to 1, not '\(Excerpt(text))'.")
        }
        return max(value, YOLOX.minimumConfidence)
    }

    /// Detects objects in an uploaded picture.
    ///
    /// Concurrent uploads of identical pictures share one job.
    private func detect(picture: [UInt8], for exchange: DetectionExchange) throws(HTTPError) {
        if let (id, _) = jobs.first(where: { $0.value.upload == picture }) {
            // Release the memory reserved for this copy of the picture, because it is no longer needed.
            exchange.reservation = nil
            try join(exchange, id)
        } else {
            try add(.picture(picture), key: nil, upload: picture, for: exchange)
        }
    }

    /// Detects objects in a specific frame.
    private func detect(
        frame number: UInt64, of camera: WatchedCamera, for exchange: DetectionExchange
    ) throws(HTTPError) {
        let key = JobKey.frame(camera.name, number: number)
        if let result = store.result(of: camera.name, number: number) {
            counters.countShared()
            try show(result, to: exchange)
        } else if let job = jobsByKey[key] ?? inference.running(camera.name, number: number), jobs[job] != nil {
            try join(exchange, job)
        } else if let frame = camera.subscriber.copyFrame(number: number) {
            try add(.frame(camera.name, frame), key: key, for: exchange)
        } else {
            throw HTTPError(410, "frame_gone", "Frame \(number) of camera '\(camera.name)' is no longer available.")
        }
    }

    /// Detects objects in a camera's newest frame.
    ///
    /// If that frame is not current, waits for the next one.
    private func detectNewest(of camera: WatchedCamera, for exchange: DetectionExchange) throws(HTTPError) {
        if let frame = camera.currentFrame(now: now) {
            if let result = store.result(of: camera.name, number: frame.number) {
                counters.countShared()
                try show(result, to: exchange)
            } else if let job = inference.running(camera.name, number: frame.number), jobs[job] != nil {
                try join(exchange, job)
            } else if let job = jobsByKey[.newest(camera.name)] {
                try join(exchange, job)
            } else {
                try add(.newest(camera.name, camera.subscriber), key: .newest(camera.name), for: exchange)
            }
            return
        }
        if let outage = outage(of: camera), outage.isFinal { throw offline(camera.name, outage) }
        guard waitingCount < Limit.waitingCount else { throw Self.busy }
        do throws(SystemError) {
            try camera.add(exchange, mailbox)
        } catch {
            log.error("cannot watch camera \(camera.name): \(error)")
            throw Self.busy
        }
        exchange.wait(Limit.freshTime)
        exchange.camera = camera
    }

    /// Continues the requests that wait for a fresh frame, if one has arrived or if waiting has become pointless.
    func serveWaiters(of camera: WatchedCamera) {
        guard !camera.waiters.isEmpty else { return }
        let isFresh = camera.currentFrame(now: now) != nil
        let outage = isFresh ? nil : outage(of: camera)
        guard isFresh || outage?.isFinal ?? false else { return }
        for exchange in camera.takeWaiters() {
            exchange.camera = nil
            do throws(HTTPError) {
                if let outage { throw offline(camera.name, outage) }
                try detectNewest(of: camera, for: exchange)
            } catch {
                refuse(error, to: exchange)
            }
        }
    }

    // MARK: Jobs

    /// Queues a job for a request; throws if the queue is full.
    ///
    /// `isBegun` says whether objects have already been detected for this request.
    func add(
        _ task: Job.Task, key: JobKey?, upload: [UInt8]? = nil, for exchange: DetectionExchange, isBegun: Bool = false
    ) throws(HTTPError) {
        // Requests whose inference is done may use a longer queue, so that they are finished before new requests begin.
        let room = isBegun ? configuration.queueLength * 4 : configuration.queueLength
        guard inference.pendingCount < room, waitingCount < Limit.waitingCount else { throw Self.busy }
        let job = Job(id: nextJob, task: task)
        nextJob += 1
        jobs[job.id] = PendingJob(waiters: [exchange], key: key, upload: upload)
        if let key { jobsByKey[key] = job.id }
        exchange.wait(Limit.resultTime)
        exchange.job = job.id
        inference.add(job)
    }

    /// Makes a request wait for a pending job that was created for another request.
    func join(_ exchange: DetectionExchange, _ job: UInt64) throws(HTTPError) {
        guard waitingCount < Limit.waitingCount else { throw Self.busy }
        counters.countShared()
        jobs[job]?.waiters.append(exchange)
        exchange.wait(Limit.resultTime)
        exchange.job = job
    }

    // MARK: Cameras

    /// Returns the camera that a request names, or the first camera if the request names none.
    ///
    /// Throws if there is no such camera, that is, if it is not configured and has no ring.
    func camera(_ text: String?, for connection: Connection) throws(HTTPError) -> WatchedCamera {
        directory.refreshIfChanged()
        let name = text.map { CameraName($0) } ?? directory.first
        guard let name, text == nil || directory.contains(name) else {
            let message = "There is no camera '\(Excerpt(text ?? ""))'; /status lists the cameras."
            throw HTTPError(404, "camera_not_found", message)
        }
        try connection.require(.detect, for: name)
        let ring = directory.ring(of: name)
        if let camera = cameras[name], camera.subscriber.name == ring || !camera.waiters.isEmpty { return camera }
        cameras = cameras.filter { directory.contains($0.key) || !$0.value.waiters.isEmpty }
        do throws(SystemError) {
            let camera = try WatchedCamera(ring)
            cameras[name] = camera
            return camera
        } catch {
            log.error("cannot open a camera: \(error)")
            throw Self.busy
        }
    }
}
