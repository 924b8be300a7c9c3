import Glibc
import Linux
import SystemPackage
import TestSupport
import Testing

extension EndToEnd {
    /// A system with two cameras, a and b, which share relay-fcgi.
    @Suite("A camera that the relay cannot serve", .timeLimit(.minutes(5)))
    struct RelayIsolation {
        @Test("If something takes the name of one camera's relay ring, the other's viewer misses no frame")
        func squatted() throws {
            let prefix = "oriel-test-\(getpid())-squatted"
            let ring = FilePath("/dev/shm/\(prefix).relay.b")
            try squat(ring)
            defer { remove(ring) }
            let system = try OrielSystem(
                environment: [
                    "ORIEL_PREFIX": prefix, "ORIEL_CAMERAS": "a=pattern b=pattern", "ORIEL_SIZE": "320x240",
                    "ORIEL_FPS": "4",
                ])
            let isStarted = eventually(20) { isFresh("a", system) }
            try #require(isStarted, "\(system.output)")
            let witness = try Witness(system.web("/video/a"))
            #expect(eventually { witness.numbers.count > 2 })
            let relay = system.processes.first { $0.name == "relay-fcgi" }?.identifier

            // Camera b shows the true reason.
            #expect(self.reason(of: "b", system).contains(reason), "\(self.reason(of: "b", system))")
            let viewer = try StreamViewer(system.web("/video/b"))
            let picture = try viewer.next()
            #expect(picture != nil && !isFresh("b", system))
            let snapshot = try request("GET", system.web("/snapshot/b"))
            #expect(snapshot.status == 503 && snapshot.text.contains(reason))
            #expect(system.log(of: "relay-fcgi").contains("camera b: shared memory /\(prefix).relay.b \(reason)"))

            // The connection that was open during the outage gets pictures afterwards.
            remove(ring)
            expectRecovery(of: viewer, system)

            // The name is taken again while pictures arrive.
            // The relay may create its ring again before the test has taken the name.
            let isTaken = eventually {
                remove(ring)
                return (try? squat(ring)) != nil
            }
            #expect(isTaken)
            let isSaid = eventually(20) { self.reason(of: "b", system).contains(reason) }
            #expect(isSaid, "\(self.reason(of: "b", system))")
            remove(ring)
            expectRecovery(of: viewer, system)
            let isOver = eventually(5) { self.reason(of: "b", system).isEmpty }
            #expect(isOver, "\(self.reason(of: "b", system))")

            let numbers = witness.stop()
            #expect(!witness.hasEnded, "the viewer of camera a was disconnected")
            let gaps = zip(numbers, numbers.dropFirst()).filter { $1 != $0 + 1 }
            #expect(gaps.isEmpty && numbers.count > 10, "the viewer of camera a missed frames: \(gaps)")
            #expect(system.processes.first { $0.name == "relay-fcgi" }?.identifier == relay)
            #expect(!system.output.contains("relay-fcgi exited"), "\(system.output)")
        }

        @Test("A camera whose upstream is its own address on this page says so")
        func ownAddress() throws {
            let port = try OrielSystem.freePort()
            let system = try OrielSystem(
                environment: [
                    "ORIEL_WEB_PORT": "\(port)", "ORIEL_SIZE": "320x240",
                    "ORIEL_CAMERAS": "a=pattern b=http://localhost:\(port)/video/b c=http://127.0.0.1:\(port)/video/a",
                ])
            let isSaid = eventually(20) { reason(of: "b", system).contains("leads back to this camera itself") }
            #expect(isSaid, "\(reason(of: "b", system))")
            // The address of another camera of the same page is allowed.
            let areFresh = eventually(20) { isFresh("a", system) && isFresh("c", system) }
            #expect(areFresh, "\(reason(of: "c", system))")
        }

        @Test("Credentials that the relay would refuse are refused before anything starts", arguments: ["/x", "c=u:p"])
        func credentials(text: String) throws {
            let system = try OrielSystem(
                environment: ["ORIEL_CAMERAS": "a=pattern b=http://127.0.0.1:1/", "ORIEL_UPSTREAM_CREDENTIALS": text])
            #expect(system.process.wait(milliseconds: 15_000) == 78)
            #expect(system.output.contains("error: ORIEL_UPSTREAM_CREDENTIALS: "), "\(system.output)")
        }

        /// The reason that must be reported after ``squat(_:)``.
        private let reason = geteuid() == 0 ? "belongs to user 65534: remove" : "is not an Oriel frame ring: remove"

        /// Gives the ring's name to another object, which belongs to another user if root runs the test.
        private func squat(_ ring: FilePath) throws {
            guard geteuid() == 0 else { return try Folder.make(ring, permissions: 0o755) }
            let file = try FileDescriptor.open(
                ring, .writeOnly, options: [.create, .exclusiveCreate], permissions: .ownerReadWrite)
            _ = try file.closeAfter { try systemCall("fchown", "\(ring)") { fchown(file.rawValue, 65_534, 65_534) } }
        }

        private func remove(_ ring: FilePath) { _ = unsafe ring.withPlatformString { unsafe Glibc.remove($0) } }

        private func isFresh(_ camera: String, _ system: OrielSystem) -> Bool {
            (try? request("GET", system.web("/snapshot/\(camera)?max_age=1000")))?.status == 200
        }

        /// Returns the reason in the camera's status.
        private func reason(of camera: String, _ system: OrielSystem) -> String {
            (try? request("GET", system.web("/status/\(camera)")))?.json?["reason"]?.string ?? "no status"
        }

        /// Expects a new picture on an open connection, and on a new one, within 5 s.
        private func expectRecovery(of viewer: StreamViewer, _ system: OrielSystem) {
            let isBack = eventually(5) { isFresh("b", system) }
            #expect(isBack, "\(reason(of: "b", system))\n\(system.output)")
            let began = Clock.realtime
            let deadline = Deadline(seconds: 5)
            var last: UInt64 = 0
            while last < began, !deadline.isOver {
                let picture = try? viewer.next(within: Double(deadline.milliseconds) / 1000)
                last = picture?.timestamp ?? 0
                if picture == nil { break }
            }
            #expect(last >= began, "the viewer of camera b gets no new picture")
        }
    }
}
