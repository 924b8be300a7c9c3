import Testing
import UpstreamAccess

@Suite("Upstream addresses")
struct UpstreamAddressTests {
    @Test(
        "the address of an Oriel server's status is derived from that of its stream",
        arguments: [
            ("http://host:9001/mjpeg", "http://host:9001/status", nil),
            ("http://host/mjpeg/door", "http://host/status/door", "door"),
            ("https://host/video", "https://host/status", nil),
            ("http://host/cams/video/door?fps=5", "http://host/cams/status/door", "door"),
            ("http://host/?action=stream", "http://host/status", nil),
            ("http://host/a/?x=1&action=stream", "http://host/a/status", nil),
            ("http://[::1]:9001/mjpeg", "http://[::1]:9001/status", nil),
            ("http://host/mjpg/video.mjpg", nil, nil), ("http://host/video/a/b", nil, nil),
            ("http://host/snapshot.jpg", nil, nil), ("http://host/?action=snapshot", nil, nil),
            ("http://host", nil, nil),
        ] as [(String, String?, String?)])
    func statusURL(url: String, status: String?, camera: String?) throws {
        let address = try UpstreamAddress(url)
        #expect(address.statusURL == status)
        #expect(address.upstreamCamera == camera)
    }

    @Test("values of parameters that may be secret are sent, but are not part of the description")
    func secrets() throws {
        let address = try UpstreamAddress("http://host/video.cgi?loginuse=admin&loginpas=hidden&camera=2&fps=5&k#part")
        #expect(address.url == "http://host/video.cgi?loginuse=admin&loginpas=hidden&camera=2&fps=5&k")
        #expect(address.description == "http://host/video.cgi?loginuse=***&loginpas=***&camera=2&fps=5&***")
    }

    @Test(
        "an address with credentials is rejected, and the error does not contain them",
        arguments: ["http://user:hidden@host/", "https://hidden@host/mjpeg", "http://:hidden@host/"])
    func credentials(url: String) {
        let error = #expect(throws: UpstreamError.self) { try UpstreamAddress(url) }
        #expect(error?.description.contains("--credentials") == true)
        #expect(error?.description.contains("hidden") == false)
    }

    @Test(
        "invalid addresses are rejected",
        arguments: [
            "", "host/mjpeg", "ftp://host/", "file:///etc/passwd", "http://", "http://host:99999/",
            "http://ho st/", "http://host/\u{1}", "http://host/a b",
        ])
    func refused(url: String) {
        #expect(throws: UpstreamError.self) { try UpstreamAddress(url) }
    }

    @Test("addresses of this machine are recognised, so that no proxy is used for them")
    func loopback() throws {
        for url in ["http://127.0.0.1/", "http://localhost:80/", "http://[::1]/x", "http://127.1.2.3/"] {
            #expect(try UpstreamAddress(url).isLoopback)
        }
        for url in ["http://10.0.0.1/", "http://127.example.org/", "http://localhost.example.org/"] {
            #expect(try !UpstreamAddress(url).isLoopback)
        }
    }
}
