import Linux
import SharedFrame
import SystemPackage
import Testing
import TestSupport

@testable import Upstream

/// A TLS server (openssl s_server) that has a self-signed certificate and serves one file.
private final class TLSServer: Sendable {
    let port: Int
    let certificate: FilePath
    private let folder = TemporaryFolder()
    private let process: ChildProcess

    static let isThere = (try? ChildProcess.run("openssl", ["version"]))?.status == 0

    /// Starts a server whose certificate is for `name`, such as `IP:127.0.0.1`.
    init(certificateFor name: String) throws {
        port = try OrielSystem.freePort()
        certificate = folder.path.appending("certificate.pem")
        let key = folder.path.appending("key.pem")
        let made = try ChildProcess(
            "openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                "-days", "2", "-subj", "/CN=\(port)", "-addext", "subjectAltName=\(name)", "-keyout", key.string,
                "-out", certificate.string,
            ], log: folder.path.appending("log").string
        ).wait()
        guard made == 0 else { throw Timeout(description: "openssl req exited with status \(made)") }
        var answer = Array("HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nConnection: close\r\n\r\n".utf8)
        answer += TestPicture(1).bytes
        let file = try FileDescriptor.open(
            folder.path.appending("picture"), .writeOnly, options: .create, permissions: .ownerReadWrite)
        try file.closeAfter { _ = try file.writeAll(answer) }
        let command = "cd '\(folder.path)' && exec openssl s_server -HTTP -quiet -accept 127.0.0.1:\(port) "
        process = try ChildProcess(
            "sh", ["-c", command + "-cert '\(certificate)' -key '\(key)'"], log: folder.path.appending("log").string)
    }

    var url: String { "https://127.0.0.1:\(port)/picture" }
}

@Suite("TLS", .timeLimit(.minutes(5)), .enabled(if: TLSServer.isThere, "openssl is not installed"))
struct TLSTests {
    @Test("a certificate of an unknown issuer is rejected, and the message says what to do")
    func unknownIssuer() throws {
        let server = try TLSServer(certificateFor: "IP:127.0.0.1")
        let relay = try Relay(server.url)
        let status = try relay.wait("the refusal") { $0.reason.contains("certificate") }
        #expect(status.state == .error && status.reason.contains("--ca-file"))
        #expect(status.published == 0)
    }

    @Test("a certificate whose issuer is trusted with --ca-file is accepted")
    func trusted() throws {
        let server = try TLSServer(certificateFor: "IP:127.0.0.1")
        let relay = try Relay(server.url) { $0.certificateAuthorities = server.certificate }
        #expect(try relay.nextFrame(after: 0).is(TestPicture(1)))
    }

    /// Returns the first words of a command line; the command after them trusts only the authorities in `folder`.
    ///
    /// They mount `folder` over the system's folder of certificate authorities, in a new mount namespace.
    private static func trusting(_ folder: FilePath) -> [String] {
        ["unshare", "--mount", "sh", "-c", "mount --bind '\(folder)' /etc/ssl/certs && exec \"$@\"", "sh"]
    }

    private static let canReplaceAuthorities =
        (try? ChildProcess.run("unshare", ["--mount", "mount", "--bind", "/tmp", "/etc/ssl/certs"]))?.status == 0

    @Test(
        "with --ca-file the system's authorities are not trusted",
        .enabled(if: canReplaceAuthorities, "this user may not create mount namespaces (unshare --mount)"),
        arguments: [false, true])
    func systemAuthorities(hasFile: Bool) throws {
        let server = try TLSServer(certificateFor: "IP:127.0.0.1")
        let other = try TLSServer(certificateFor: "IP:127.0.0.1")
        let authorities = TemporaryFolder()
        let certificate = String(decoding: try File.contents(of: server.certificate), as: UTF8.self)
        // Debian's libcurl reads ca-certificates.crt. It also reads the links that `openssl rehash` creates next to it.
        for name in ["ca-certificates.crt", "server.pem"] { try authorities.write(certificate, to: name) }
        #expect(try ChildProcess.run("openssl", ["rehash", authorities.path.string]).status == 0)
        let relay = try RunningRelay()
        let subscriber = try FrameSubscriber(relay.ring.name)
        subscriber.takeInterest()
        let options = hasFile ? ["--ca-file", other.certificate.string] : []
        let worker = try relay.worker(
            ["--upstream", server.url] + options, launcher: Self.trusting(authorities.path))
        if hasFile {
            #expect(eventually(20) { subscriber.status?.reason.contains("certificate") == true }, "\(relay.log)")
            #expect(subscriber.status?.published == 0)
        } else {
            #expect(eventually(20) { subscriber.copyNewestFrame() != nil }, "\(relay.log)")
        }
        withExtendedLifetime(worker) {}
    }

    @Test("a trusted certificate of another host is rejected")
    func otherHost() throws {
        let server = try TLSServer(certificateFor: "DNS:elsewhere.example")
        let relay = try Relay(server.url) { $0.certificateAuthorities = server.certificate }
        let status = try relay.wait("the refusal") { $0.reason.contains("certificate") }
        #expect(status.state == .error && status.published == 0)
    }

    @Test("a port without TLS is reported")
    func plain() throws {
        // The server mistakes the TLS handshake for the beginning of an HTTP request, and waits for the rest.
        let server = try ScriptedServer { Wire.stream($0, from: 1) }
        let relay = try Relay("https://127.0.0.1:\(server.port)/stream")
        try relay.wait("the failure") { $0.reason.contains("speaks https") }
    }

    @Test("a --ca-file without certificates is reported")
    func badAuthorities() throws {
        let folder = TemporaryFolder()
        let file = try folder.write("nothing", to: "authorities.pem")
        let relay = try Relay("https://127.0.0.1:1/stream") { $0.certificateAuthorities = file }
        try relay.wait("the failure") { $0.reason.contains("--ca-file") || $0.reason.contains("refuses") }
    }
}
