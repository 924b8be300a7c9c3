import Curl
import Linux
import Names
import SharedFrame
import SystemPackage
import Testing
import TestSupport
import UpstreamAccess

@testable import Upstream

@Suite("Credentials", .timeLimit(.minutes(5)))
struct CredentialsTests {
    /// An unusual password, so that a search for it finds every place to which it leaks.
    static let password = "correct-horse:battery=staple"

    @Test("Basic credentials are sent when the upstream requires them, and never appear in log or status")
    func basic() throws {
        let expected = "Basic dmlld2VyOmNvcnJlY3QtaG9yc2U6YmF0dGVyeT1zdGFwbGU="
        let server = try ScriptedServer { client in
            repeat {
                if client.request?.headers["authorization"] == expected { return Wire.stream(client, from: 1) }
                client.send(Self.challenge("Basic realm=\"camera\""))
            } while client.readRequest() != nil
        }
        let relay = try Relay(server.url()) { $0.credentials = Credentials(user: "viewer", password: Self.password) }
        let frame = try relay.nextFrame(after: 0)
        #expect(frame.is(TestPicture(Int(frame.description.number))))
        #expect(relay.log.all.allSatisfy { !$0.contains(Self.password) })
        #expect(relay.subscriber.status.map { "\($0)".contains(Self.password) } == false)
    }

    @Test("Digest authentication works, and does not send the password")
    func digest() throws {
        let server = try ScriptedServer { client in
            repeat {
                let answer = client.request?.headers["authorization"] ?? ""
                if answer.hasPrefix("Digest "), answer.contains("username=\"viewer\""), answer.contains("response="),
                    !answer.contains(Self.password)
                {
                    return Wire.stream(client, from: 1)
                }
                client.send(Self.challenge("Digest realm=\"camera\", nonce=\"3f2a\", qop=\"auth\", algorithm=MD5"))
            } while client.readRequest() != nil
        }
        let relay = try Relay(server.url()) { $0.credentials = Credentials(user: "viewer", password: Self.password) }
        _ = try relay.nextFrame(after: 0)
    }

    @Test("wrong credentials are reported, retried and never logged")
    func wrong() throws {
        let server = try ScriptedServer { client in
            repeat { client.send(Self.challenge("Basic realm=\"camera\"")) } while client.readRequest() != nil
        }
        let relay = try Relay(server.url()) { $0.credentials = Credentials(user: "viewer", password: Self.password) }
        let status = try relay.wait("the state error") { $0.state == .error && $0.reason.contains("credentials") }
        #expect(!status.reason.contains(Self.password))
        try relay.eventually("a fifth request") { server.requestCount > 4 ? true : nil }
        #expect(relay.log.all.count == 1 && !relay.log.all[0].contains(Self.password))
    }

    @Test("credentials are not sent to another server after a redirect")
    func redirect() throws {
        let other = try ScriptedServer { client in
            if client.request?.headers["authorization"] == nil { Wire.stream(client, from: 1) }
        }
        let server = try ScriptedServer { client in
            repeat {
                if client.request?.headers["authorization"] == nil {
                    client.send(Self.challenge("Basic realm=\"camera\""))
                } else {
                    client.send("HTTP/1.1 302 Found\r\nLocation: \(other.url())\r\nContent-Length: 0\r\n\r\n")
                }
            } while client.readRequest() != nil
        }
        let relay = try Relay(server.url()) { $0.credentials = Credentials(user: "viewer", password: Self.password) }
        _ = try relay.nextFrame(after: 0)
    }

    @Test("a file may contain credentials for all cameras, and different ones for single cameras")
    func list() throws {
        let text = "# cameras\n\nviewer:\(Self.password)\r\ndoor=keeper:a b:c#d\n"
        let list = try CredentialsList(parsing: text, origin: "the test")
        let door = try #require(CameraName("door"))
        #expect(list.credentials(for: door) == Credentials(user: "keeper", password: "a b:c#d"))
        #expect(list.credentials(for: .main) == Credentials(user: "viewer", password: Self.password))
        #expect(list.cameras == [door])
        #expect("\(list)".contains(Self.password) == false)
        #expect("\(Credentials(user: "viewer", password: Self.password))" == "(hidden)")
    }

    @Test("an invalid line is reported by its number, without its content", arguments: ["secret", ":secret"])
    func badLine(line: String) {
        let error = #expect(throws: UpstreamError.self) {
            try CredentialsList(parsing: "a:b\n\(line)", origin: "the test")
        }
        #expect(error?.description.contains("line 2 of the test") == true)
        #expect(error?.description.contains("secret") == false)
    }

    @Test("a world-readable file is rejected")
    func permissions() throws {
        let folder = TemporaryFolder()
        let file = try folder.write("a:b", to: "credentials", permissions: [.ownerReadWrite, .otherRead])
        let error = #expect(throws: UpstreamError.self) { try CredentialsList(file: file) }
        #expect(error?.description.contains("chmod 600") == true)
        let safe = try folder.write("a:b", to: "safe", permissions: [.ownerReadWrite, .groupRead])
        #expect(try CredentialsList(file: safe).credentials(for: .main) == Credentials(user: "a", password: "b"))
        #expect(throws: UpstreamError.self) { try CredentialsList(file: folder.path.appending("absent")) }
    }

    private static func challenge(_ text: String) -> String {
        "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: \(text)\r\nContent-Length: 0\r\n\r\n"
    }
}
