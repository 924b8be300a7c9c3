import Linux
import SystemPackage
import TestSupport
import Testing

extension EndToEnd {
    /// The security of a system with the default settings.
    @Suite("Default security", .timeLimit(.minutes(2)))
    struct DefaultSecurity {
        /// Returns the addresses and ports of all listening TCP sockets, as /proc/net lists them.
        private func listeners() throws -> [(address: String, port: Int)] {
            try ["tcp", "tcp6"].flatMap { family -> [(String, Int)] in
                guard let bytes = try? File.contents(of: FilePath("/proc/net/\(family)")) else { return [] }
                return try String(decoding: bytes, as: UTF8.self).split(separator: "\n").dropFirst().compactMap {
                    line in
                    let words = line.split(separator: " ")
                    // 0A is TCP_LISTEN.
                    guard words.count > 3, words[3] == "0A" else { return nil }
                    let parts = words[1].split(separator: ":")
                    return (String(parts[0]), try #require(Int(parts[1], radix: 16)))
                }
            }
        }

        @Test("The system listens only on loopback addresses")
        func loopbackOnly() throws {
            let system = try OrielSystem()
            let ours = try listeners().filter { [system.webPort, system.ingestPort].contains($0.port) }
            #expect(ours.count >= 2)
            for listener in ours {
                // 127.0.0.1 and ::1, in the form that /proc/net uses on a little-endian machine.
                let loopback = ["0100007F", "00000000000000000000000001000000"]
                #expect(loopback.contains(listener.address), "\(listener)")
            }
        }

        @Test("Other users can open neither the workers' sockets nor the shared memory")
        func permissions() throws {
            let system = try OrielSystem()
            for name in ["mjpeg-fcgi.sock", "relay-fcgi.sock"] {
                let status = try FileStatus(at: system.runtime.appending(name))
                #expect(status.permissions & 0o007 == 0, "\(name)")
            }
            // A camera has the rings of its daemon and of the relay, and two rings of the detector, which is optional.
            let count = system.leader(of: "detect-fcgi") == nil ? 2 : 4
            #expect(eventually { system.rings.count == count }, "\(system.rings)")
            for ring in system.rings {
                let status = try FileStatus(at: FilePath("/dev/shm").appending(ring))
                #expect(status.permissions == 0o640, "\(ring)")
            }
        }

        @Test("No response reveals the web server's version, and every response has the security headers")
        func headers() throws {
            let system = try OrielSystem()
            for server in [system.web, system.ingest] {
                for path in ["/", "/snapshot", "/status", "/healthz", "/nothing", "/metrics", "/.git", "/status?x=1"] {
                    for host in ["localhost", "evil.example"] {
                        let answer = try request("GET", server(path), headers: ["Host": host])
                        #expect(answer["server"] == "nginx", "\(path)")
                        #expect(!answer.text.contains("nginx/"), "\(path)")
                        #expect(answer["x-content-type-options"] == "nosniff", "\(path) \(host)")
                        #expect(answer["referrer-policy"] == "no-referrer", "\(path) \(host)")
                        #expect(answer["cross-origin-resource-policy"] == "same-origin", "\(path) \(host)")
                    }
                }
            }
            for file in ["/", "/app.js", "/style.css"] {
                let policy = try #require(try request("GET", system.web(file))["content-security-policy"])
                #expect(policy.hasPrefix("default-src 'none';"), "\(file)")
                #expect(!policy.contains("unsafe") && !policy.contains("*"), "\(policy)")
                #expect(policy.contains("frame-ancestors 'none'"))
            }
        }
    }
}
