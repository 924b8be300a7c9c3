import Glibc
import Linux
import MotionJPEG
import SystemPackage
import TestSupport
import Testing

extension EndToEnd {
    @Suite("Signals", .timeLimit(.minutes(4)))
    struct SignalTests {
        @Test(
            "A part that SIGTERM or SIGSEGV terminates is restarted, just as after kill -9",
            arguments: [SIGTERM, SIGSEGV])
        func ended(signal: CInt) throws {
            let system = try OrielSystem()
            let audience = try Audience(system)
            for part in system.parts {
                let victim = try #require(system.leader(of: part), "\(part): \(system.processes)")
                kill(victim, signal)
                #expect(eventually(20) { system.leader(of: part).map { $0 != victim } == true }, "\(part)")
                #expect(eventually(20) { system.hasFreshPicture }, "\(part): \(system.output)")
            }
            _ = try audience.groups()
            #expect(system.process.isRunning, "\(system.output)")
        }

        @Test("kill -9 of everything at once: all parts restart, and all viewers see complete pictures in order")
        func everything() throws {
            let system = try OrielSystem()
            let audience = try Audience(system)
            let names = ["capture-daemon", "mjpeg-fcgi", "relay-fcgi", "detect-fcgi", "nginx"]
            let victims = system.processes.filter { names.contains($0.name) }.map(\.identifier)
            #expect(victims.count >= 8)
            for victim in victims { kill(victim, SIGKILL) }
            for part in OrielSystem.parts {
                #expect(eventually(20) { system.leader(of: part).map { !victims.contains($0) } == true }, "\(part)")
            }
            #expect(eventually(20) { system.hasFreshPicture })
            for (side, group) in zip(["web", "ingest"], try audience.groups()) {
                report("everything killed: longest pause at the \(side) server was \(group["longest_gap"] ?? .null) s")
            }
            #expect(system.process.isRunning, "\(system.output)")
        }

        @Test(
            "A part that is stopped for a while by SIGSTOP disconnects no viewer, and all continue with the newest picture"
        )
        func stopped() throws {
            let system = try OrielSystem()
            let viewers = try [system.web("/video"), system.ingest("/mjpeg")].map { try StreamViewer($0) }
            var last: [UInt64] = try viewers.map { try #require(try $0.next()?.number) }
            for part in system.parts {
                let group = try #require(system.leader(of: part).map { getpgid($0) })
                kill(-group, SIGSTOP)
                if part == "capture-daemon" {
                    try expectHang(of: system)
                } else {
                    Poll.wait([], milliseconds: 2000)
                }
                kill(-group, SIGCONT)
                #expect(eventually(20) { system.hasFreshPicture }, "\(part)")
                let newest = try #require(try request("GET", system.web("/status/main")).json?["frame_id"]?.number)
                for (index, viewer) in viewers.enumerated() {
                    while last[index] <= UInt64(newest) {
                        let picture = try #require(try viewer.next(within: 20), "\(part): the stream ended")
                        let number = try #require(picture.number)
                        #expect(number >= last[index], "\(part): the frame number decreased")
                        let isWhole = picture.bytes.withRawSpan { (try? JPEG.inspect($0)) != nil }
                        #expect(isWhole, "\(part)")
                        last[index] = number
                    }
                }
            }
        }

        /// Waits until both servers report that the camera's daemon does not respond.
        ///
        /// From then on, snapshots and /healthz at the ingest server must return status 503.
        private func expectHang(of system: OrielSystem) throws {
            for address in [system.ingest("/status/main"), system.web("/status/main")] {
                let isTold = try eventually(20) {
                    let status = try request("GET", address).json
                    return status?["online"] == .bool(false)
                        && status?["reason"]?.string?.contains("does not respond") == true
                }
                #expect(isTold, "\(address)")
            }
            #expect(try request("GET", system.ingest("/snapshot")).status == 503)
            #expect(try request("GET", system.ingest("/healthz")).status == 503)
        }
    }
}
