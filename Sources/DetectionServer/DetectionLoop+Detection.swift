import Detection
import FastCGI
import FrameServer
import Linux
import Logging
import Names
import SharedFrame

/// From a whole request to work, and from work done to answers.
extension DetectionLoop {
    /// Does what a request asks for, once all of it is there.
    func perform(_ client: Client) {
        guard let route = client.route, let wish = client.wish else { return }
        do throws(Refusal) {
            switch route {
            case .status: answer(client, status(), outcome: "ok")
            case .metrics: answer(client, metrics(), outcome: "ok")
            case .result(let id):
                try checkLabels(wish)
                try show(result(id), wish, to: client)
            case .picture(let id):
                let result = try result(id)
                let jpeg = try jpeg(of: result)
                let headers = Answer.pictureHeaders(jpeg, result)
                answer(client, Response(status: 200, headers: headers, body: jpeg), outcome: "ok")
            case .overlay(let id):
                try checkLabels(wish)
                try draw(result(id), for: client)
            case .deepStack: try detectForm(client)
            case .detect(let name):
                try checkReadiness(wish)
                if client.reserved > 0 {
                    try detect(picture: client.assembler.takeBody(), for: client)
                } else if let number = client.frame {
                    try detect(frame: number, of: camera(name), for: client)
                } else {
                    try detectNewest(of: camera(name), for: client)
                }
            }
        } catch {
            answer(client, error.response, outcome: error.outcome)
        }
    }

    // MARK: What is to be looked at

    /// The picture in a form's field, as DeepStack's clients send it.
    private func detectForm(_ client: Client) throws(Refusal) {
        guard let request = client.request, let wish = client.wish else { return }
        try checkReadiness(wish)
        guard let boundary = FormData.boundary(in: request["CONTENT_TYPE"] ?? ""), client.reserved > 0 else {
            throw Refusal(400, "bad_form", "Send a form (multipart/form-data) with a JPEG in its field 'image'.")
        }
        let body = client.assembler.takeBody()
        let form: FormData
        do throws(FormData.Defect) {
            form = try FormData(body, boundary: boundary)
        } catch {
            throw Refusal(400, "bad_form", error.message)
        }
        guard let content = form.first("image"), !content.isEmpty else {
            throw Refusal(400, "bad_form", "The form has no field 'image' with a JPEG in it.")
        }
        guard content.count <= Limit.pictureByteCount else {
            throw Refusal(response: Self.tooLarge, outcome: "too_large")
        }
        if let range = form.first("min_confidence"), range.count < 32 {
            let text = String(decoding: body[range], as: UTF8.self).trimmed
            guard let value = Float(text), (0...1).contains(value) else {
                throw Refusal(400, "bad_form", "The form's field 'min_confidence' takes a number from 0 to 1.")
            }
            client.wish?.minimum = max(value, YOLOX.leastConfidence)
        }
        try detect(picture: Array(body[content]), for: client)
    }

    /// A picture that came with the request; the same one is looked at once for all who wait for it.
    private func detect(picture: [UInt8], for client: Client) throws(Refusal) {
        if let job = uploads.first(where: { $0.picture == picture })?.job, waiting[job] != nil {
            // Its own copy is not needed any more.
            reserved -= client.reserved
            client.reserved = 0
            join(client, job)
        } else {
            try wait(client, for: .picture(picture))
            if let job = client.job { uploads.append((job, picture)) }
        }
    }

    /// The frame of a camera that was named.
    private func detect(frame number: UInt64, of camera: WatchedCamera, for client: Client) throws(Refusal) {
        let key = FrameKey(camera: camera.name, number: number)
        if let result = store.result(of: camera.name, number: number) {
            counters.countShared()
            try show(result, client.wish, to: client)
        } else if let job = frames[key] ?? inference.running(camera.name, number: number), waiting[job] != nil {
            join(client, job)
        } else if let frame = camera.subscriber.copyFrame(number: number) {
            try wait(client, for: .frame(camera.name, frame))
            if let job = client.job { frames[key] = job }
        } else {
            throw Refusal(410, "frame_gone", "Frame \(number) of camera '\(camera.name)' is no longer there.")
        }
    }

    /// The newest frame of a camera, or the next one when that is not of now.
    private func detectNewest(of camera: WatchedCamera, for client: Client) throws(Refusal) {
        if let frame = camera.currentFrame(now: now) {
            if let result = store.result(of: camera.name, number: frame.number) {
                counters.countShared()
                try show(result, client.wish, to: client)
            } else if let job = inference.running(camera.name, number: frame.number), waiting[job] != nil {
                join(client, job)
            } else if let job = newest[camera.name] {
                join(client, job)
            } else {
                try wait(client, for: .newest(camera.name, camera.subscriber))
                newest[camera.name] = client.job
            }
            return
        }
        if let outage = outage(of: camera), outage.isFinal {
            throw Refusal(response: offline(camera.name, outage), outcome: "camera_offline")
        }
        guard waitingCount < Limit.waitingCount else { throw Refusal(response: Self.busy, outcome: "busy") }
        do throws(SystemError) {
            try camera.add(client, wakeUp: wakeUp)
        } catch {
            log.error("the pictures of \(camera.name) cannot be watched: \(error)")
            throw Refusal(response: Self.busy, outcome: "busy")
        }
        client.phase = .waiting
        client.camera = camera
        client.deadline = now + Limit.freshTime
    }

    /// Goes on with those who waited for a fresh frame, if there is one now.
    func serveWaiters(of camera: WatchedCamera) {
        guard !camera.waiters.isEmpty else { return }
        let isFresh = camera.currentFrame(now: now) != nil
        let outage = isFresh ? nil : outage(of: camera)
        guard isFresh || outage?.isFinal ?? false else { return }
        for client in camera.takeWaiters() {
            client.camera = nil
            do throws(Refusal) {
                if let outage {
                    throw Refusal(response: offline(camera.name, outage), outcome: "camera_offline")
                }
                try detectNewest(of: camera, for: client)
            } catch {
                answer(client, error.response, outcome: error.outcome)
            }
        }
    }

    // MARK: Work

    /// Puts work into the queue, if there is room in it, for a request that then waits.
    func wait(_ client: Client, for task: Job.Task, isBegun: Bool = false) throws(Refusal) {
        // What has been looked at already is not refused for those who have only come.
        let room = isBegun ? configuration.queueLength * 4 : configuration.queueLength
        guard inference.pendingCount < room, waitingCount < Limit.waitingCount else {
            throw Refusal(response: Self.busy, outcome: "busy")
        }
        let job = Job(id: nextJob, task: task)
        nextJob += 1
        waiting[job.id] = [client]
        client.job = job.id
        client.phase = .waiting
        client.deadline = now + Limit.resultTime
        inference.add(job)
    }

    /// Lets a request wait for work that another one has asked for.
    func join(_ client: Client, _ job: UInt64) {
        guard waitingCount < Limit.waitingCount else {
            answer(client, Self.busy, outcome: "busy")
            return
        }
        counters.countShared()
        waiting[job, default: []].append(client)
        client.job = job
        client.phase = .waiting
        client.deadline = now + Limit.resultTime
    }

    // MARK: Cameras

    /// The camera that is meant: one that was named at the start, or whose ring is there.
    func camera(_ name: String?) throws(Refusal) -> WatchedCamera {
        var names = configuration.cameras
        let found = RingName.existing(prefix: configuration.prefix, kind: configuration.kind).map(\.camera)
        if found.contains(.main), !names.contains(.main) { names.append(.main) }
        names += found.filter { !names.contains($0) }
        let wanted = name.map { CameraName($0) } ?? names.first ?? .main
        guard let wanted, name == nil || names.contains(wanted) else {
            let message = "There is no camera '\(Excerpt(name ?? ""))'; /status lists those that there are."
            throw Refusal(404, "camera_not_found", message)
        }
        if let camera = cameras[wanted] { return camera }
        cameras = cameras.filter { names.contains($0.key) || !$0.value.waiters.isEmpty }
        do throws(SystemError) {
            let ring = RingName(prefix: configuration.prefix, camera: wanted, kind: configuration.kind)
            let camera = try WatchedCamera(ring)
            cameras[wanted] = camera
            return camera
        } catch {
            log.error("a camera cannot be opened: \(error)")
            throw Refusal(response: Self.busy, outcome: "busy")
        }
    }
}
