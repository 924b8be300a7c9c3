import SystemPackage
import TestSupport
import Testing

extension EndToEnd {
    @Suite("Optional includes of web.conf", .timeLimit(.minutes(2)))
    struct Switches {
        @Test("With password.conf, the page and the pictures require a user name and a password")
        func password() throws {
            let configuration = try Configuration()
            try configuration.switchOn("password")
            let hash = try ChildProcess.run("openssl", ["passwd", "-6", "secret"]).output
            try configuration.add("oriel/passwords", "anna:\(hash)")
            let system = try OrielSystem(configuration: configuration.path)
            #expect(!system.output.contains("No pictures"), "\(system.output)")
            for path in ["/", "/video", "/snapshot", "/status"] {
                let refused = try request("GET", system.web(path))
                #expect(refused.status == 401, "\(path)")
                #expect(refused["www-authenticate"] == "Basic realm=\"Oriel\"")
                #expect(refused.json?["error"]?.string == "unauthorized")
            }
            // "anna:secret" and "anna:wrong" in Base64.
            let right = ["Authorization": "Basic YW5uYTpzZWNyZXQ="]
            let wrong = ["Authorization": "Basic YW5uYTp3cm9uZw=="]
            #expect(try request("GET", system.web("/snapshot"), headers: right).status == 200)
            #expect(try request("GET", system.web("/snapshot"), headers: wrong).status == 401)
            #expect(try StreamViewer(system.web("/video"), headers: right).next() != nil)
        }

        @Test("With tls.conf, nginx serves HTTPS and HTTP/2 on a separate port")
        func encrypted() throws {
            let configuration = try Configuration()
            try configuration.switchOn("tls")
            let port = try OrielSystem.freePort()
            try configuration.edit("oriel/tls.conf", "listen 8443 ", to: "listen 127.0.0.1:\(port) ")
            try configuration.edit("oriel/tls.conf", "listen [::]:8443 ", to: "listen [::1]:\(port) ")
            let folder = configuration.path.appending("oriel")
            let made = try ChildProcess.run(
                "openssl",
                [
                    "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                    "1", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
                    "-keyout", folder.appending("key.pem").string, "-out", folder.appending("cert.pem").string,
                ])
            #expect(made.status == 0, "\(made.output)")
            let system = try OrielSystem(configuration: configuration.path)
            try #require(system.process.isRunning, "\(system.output)")
            func curl(_ path: String, _ options: [String]) throws -> String {
                let certificate = folder.appending("cert.pem").string
                let result = try ChildProcess.run(
                    "curl",
                    ["-sS", "--noproxy", "*", "--cacert", certificate, "--max-time", "3"] + options
                        + ["-o", "/dev/null", "-w", "%{http_code} %{http_version} %{size_download}"]
                        + ["https://localhost:\(port)\(path)"])
                return result.output
            }
            #expect(try curl("/status", []).hasPrefix("200 2 "))
            #expect(try curl("/status", ["--http1.1"]).hasPrefix("200 1.1 "))
            let stream = try curl("/video", [])
            #expect(stream.contains("200 2 "))
            #expect(try request("GET", system.web("/snapshot")).status == 200)
        }

        @Test("With embedding.conf, only the sites that it names may embed and read the pictures")
        func embedding() throws {
            let configuration = try Configuration()
            try configuration.switchOn("embedding")
            let system = try OrielSystem(configuration: configuration.path)
            let friend = "http://octopi.local"
            for path in ["/video", "/snapshot", "/status"] {
                let answer = try HTTPExchange("GET", system.web(path), headers: ["Origin": friend]).head
                #expect(answer["access-control-allow-origin"] == friend, "\(path)")
                #expect(answer["cross-origin-resource-policy"] == "cross-origin")
                #expect(answer["access-control-expose-headers"]?.contains("X-Timestamp") == true, "\(path)")
                let stranger = ["Origin": "http://octopi.local.evil.example"]
                let foreign = try HTTPExchange("GET", system.web(path), headers: stranger).head
                #expect(foreign["access-control-allow-origin"] == nil, "\(path)")
            }
            let policy = try request("GET", system.web("/"))["content-security-policy"]
            #expect(policy?.contains("frame-ancestors http://octopi.local") == true)
        }

        @Test("By default no other site may embed or read anything")
        func closed() throws {
            let system = try OrielSystem()
            let answer = try request("GET", system.web("/snapshot"), headers: ["Origin": "http://octopi.local"])
            #expect(answer["access-control-allow-origin"] == nil)
            #expect(answer["cross-origin-resource-policy"] == "same-origin")
            #expect(answer["access-control-expose-headers"] == nil)
            #expect(answer["vary"] == nil)
        }
    }
}
