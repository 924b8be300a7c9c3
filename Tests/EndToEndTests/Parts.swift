import Glibc
import Linux
import SystemPackage
import TestSupport
import Testing

/// The parts of a system: the workers, the daemon and the two nginx servers.
extension OrielSystem {
    /// The names of all parts except detect-fcgi, which is optional.
    static let parts = ["capture-daemon", "mjpeg-fcgi", "relay-fcgi", "nginx-ingest", "nginx-web"]

    /// The names of the parts that this system runs.
    var parts: [String] { Self.parts + (leader(of: "detect-fcgi") == nil ? [] : ["detect-fcgi"]) }

    /// Returns the process ID of a part's main process, or nil if the part is not running.
    ///
    /// For nginx, this is the master process.
    func leader(of part: String) -> Int32? {
        let entries =
            part.hasPrefix("nginx")
            ? processes(with: "/\(part)/").filter { $0.name == "nginx" }
            : processes.filter { $0.name == part.prefix(15) }
        return entries.first?.identifier
    }

    /// Whether the web server has a picture that is at most one second old.
    var hasFreshPicture: Bool {
        (try? request("GET", web("/snapshot?max_age=1000")))?.status == 200
    }
}

/// Viewers of both servers.
///
/// A viewer that is disconnected reconnects after 0.1 s.
final class Audience {
    /// The number of viewers of each server.
    static let count = 20
    private let system: OrielSystem
    private let process: ChildProcess

    /// Starts the viewers and waits until all of them are connected.
    init(_ system: OrielSystem) throws {
        self.system = system
        let addresses = ["\(Self.count)=\(system.web("/video"))", "\(Self.count)=\(system.ingest("/mjpeg"))"]
        process = try ChildProcess(
            OrielSystem.programs.appending("load-generator").string,
            ["--seconds", "150", "--warmup", "1", "--retry", "0.1"] + addresses)
        #expect(eventually(30) { isComplete })
        Poll.wait([], milliseconds: 1500)  // until the warm-up is over and all viewers have received pictures
    }

    /// Whether all viewers of both servers are connected.
    ///
    /// The ingest server has one more viewer than the web server, since the relay counts as a viewer too.
    private var isComplete: Bool {
        viewers(system.web("/status/main")) == Self.count && viewers(system.ingest("/status/main")) == Self.count + 1
    }

    private func viewers(_ address: String) -> Int? {
        (try? request("GET", address))?.json?["viewers"]?.number.map { Int($0) }
    }

    /// Waits until all viewers are connected again, stops load-generator, and returns its reports for the web and the
    /// ingest server.
    ///
    /// Expects that each viewer received only complete pictures, and that their frame numbers never decreased.
    func groups() throws -> [JSON] {
        #expect(eventually(30) { isComplete }, "some viewers did not reconnect")
        Poll.wait([], milliseconds: 1000)  // until all viewers have received pictures again
        #expect(process.isRunning)
        process.send(SIGTERM)
        let groups = try #require(JSON(process.readToEnd())?.array)
        #expect(groups.count == 2)
        for group in groups {
            #expect(group["broken"]?.number == 0, "\(group)")
            #expect(group["disordered"]?.number == 0, "a frame number decreased: \(group)")
            #expect(group["ended"]?.number == 0, "some viewers did not reconnect: \(group)")
        }
        return groups
    }
}
