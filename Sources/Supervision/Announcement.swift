import Configuration
import Daemon
import JSON
import Linux
import Synchronization
import SystemPackage

/// Prints the system's addresses as soon as the system responds, or if it does not respond within four seconds.
///
/// This happens on a separate thread.
final class Announcement: Sendable {
    private let plan: SystemPlan
    /// The directives in the configuration of the page's web server.
    private let directives: [String]
    private let isCancelled = Atomic(false)

    /// Starts the thread.
    init(_ plan: SystemPlan, directives: [String]) throws(SystemError) {
        self.plan = plan
        self.directives = directives
        try Thread("announcement") { [self] in run() }.detach()
    }

    /// Suppresses any further output.
    ///
    /// Called when the system stops.
    func cancel() { isCancelled.store(true, ordering: .relaxed) }

    private func run() {
        let deadline = Instant.now + .seconds(4)
        while !isHealthy, Instant.now < deadline, !isOver { Poll.wait([], milliseconds: 50) }
        let detection = detectionStatus()
        guard !isOver else { return }
        let configuration = plan.configuration
        let page = "http://\(configuration.web.authority)"
        var lines = ["", "Oriel is at \(page)/"]
        if configuration.web.isOpen {
            lines += Network.addresses.map {
                "            http://\(Endpoint(address: $0, port: configuration.web.port))/"
            }
        }
        lines += ["  stream    \(page)/video", "  picture   \(page)/snapshot", "  status    \(page)/status"]
        if detection?["ready"]?.boolean == true {
            lines.append("  detect    \(page)/detect_once (POST)")
        } else if Self.isLoading(detection) {
            lines.append("  detect    \(page)/detect_once (POST; the model is still loading)")
        }
        lines += ["  ingest    http://\(configuration.ingest.authority)/mjpeg", "  logs      \(plan.logFolder)"]
        if !isHealthy { lines.append("No pictures yet: \(reasonForSilence())") }
        lines += detectionLines(detection)
        if configuration.hasControls { lines.append("Everyone who can open the page can change the camera controls.") }
        lines += warnings
        lines.append("Press Ctrl-C to stop.")
        guard !isOver else { return }
        say(lines.joined(separator: "\n"))
    }

    private var isOver: Bool { isCancelled.load(ordering: .relaxed) }

    /// Whether there are pictures, or, if a password is required, whether the web server responds.
    private var isHealthy: Bool { [200, 401].contains(get("/healthz")?.status) }

    private func get(_ path: String) -> (status: Int, body: String)? {
        let web = plan.configuration.web
        return Network.get(path, from: web.reachableAddress, port: web.port, timeout: .seconds(1))
    }

    /// Returns the detector's status, or nil if it does not respond.
    ///
    /// If the detector is loading its model, this waits up to a second for it to finish.
    private func detectionStatus() -> JSON? {
        guard plan.parts.contains(where: { $0.kind.program == "detect-fcgi" }) else { return nil }
        var status: JSON?
        for _ in 0..<20 where !isOver {
            status = get("/detect/status").flatMap { JSON(Array($0.body.utf8)) } ?? status
            if let status, !Self.isLoading(status) { break }
            Poll.wait([], milliseconds: 50)
        }
        return status
    }

    private static func isLoading(_ status: JSON?) -> Bool { status?["state"]?.string == "loading" }

    private func detectionLines(_ status: JSON?) -> [String] {
        guard let status, status["ready"]?.boolean == false, !Self.isLoading(status) else { return [] }
        if status.text.contains("_missing") {
            return ["Detection is not available: install it with scripts/get-detector (no restart is needed)."]
        }
        return ["Detection is not available: \(status["message"]?.string ?? "the detector is not ready")"]
    }

    /// Returns the reasons why no camera delivers pictures, as the cameras' status states them.
    private func reasonForSilence() -> String {
        let status = get("/status").flatMap { JSON(Array($0.body.utf8)) }
        let cameras = status?["cameras"]?.array ?? status.map { [$0] } ?? []
        let reasons = cameras.compactMap { $0["reason"]?.string }
        if !reasons.isEmpty { return reasons.joined(separator: "; ") }
        guard let answer = get("/healthz") else { return "the web server does not respond" }
        return JSON(Array(answer.body.utf8))?["message"]?.string
            ?? "the web server answers with status \(answer.status)"
    }

    /// Sentences about who can watch, if the system is open to the network.
    private var warnings: [String] {
        let isOpen = directives.contains { Self.opensPort($0) }
        let hasPassword = directives.contains { $0.hasPrefix("auth_basic_user_file ") }
        let ingest = plan.configuration.ingest
        var lines: [String] = []
        if isOpen {
            lines.append(
                hasPassword
                    ? "Everyone on the network who knows the password can watch."
                    : "Everyone on the network can watch: see the README on how to set a password and enable TLS.")
        }
        if ingest.isOpen, hasPassword || !isOpen {
            lines.append(
                "Everyone on the network can watch at port \(ingest.port), which has no password: allow only the other "
                    + "servers to connect to it.")
        }
        return lines
    }

    /// Returns whether an nginx directive makes the web server listen on an address that other machines can reach.
    private static func opensPort(_ directive: String) -> Bool {
        guard directive.hasPrefix("listen ") else { return false }
        let address = directive.dropFirst("listen ".count)
        return !["127.", "[::1]", "localhost", "unix:"].contains { address.hasPrefix($0) }
    }
}
