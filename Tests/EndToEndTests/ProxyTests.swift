import Glibc
import Linux
import SystemPackage
import TestSupport
import Testing

/// Another nginx in front of the web server.
///
/// It uses nginx's default settings, except for the settings that docs/proxies.md recommends.
private final class OuterProxy {
    let port: Int
    private let folder = TemporaryFolder()
    private let process: ChildProcess

    /// Starts the proxy.
    ///
    /// `listen` contains parameters to add to the listen directive. `location` contains directives to add to the
    /// location /camera/.
    init(to system: OrielSystem, listen: String = "", location: String = "") throws {
        port = try OrielSystem.freePort()
        let configuration = try folder.write(
            """
            daemon off;
            pid \(folder.path)/nginx.pid;
            error_log stderr;
            events {}
            http {
                access_log off;
                client_body_temp_path \(folder.path)/body;
                proxy_temp_path \(folder.path)/proxy;
                fastcgi_temp_path \(folder.path)/fastcgi;
                uwsgi_temp_path \(folder.path)/uwsgi;
                scgi_temp_path \(folder.path)/scgi;
                upstream mjpgstreamer1 { server 127.0.0.1:\(system.webPort); }
                server {
                    listen 127.0.0.1:\(port) \(listen);
                    location /camera/ {
                        proxy_pass http://mjpgstreamer1/;
                        \(location)
                    }
                    location /webcam/ { proxy_pass http://mjpgstreamer1; }
                }
            }
            """, to: "nginx.conf")
        process = try ChildProcess(
            Executable.find("nginx")?.string ?? "nginx",
            ["-p", folder.path.string, "-c", configuration.string, "-e", "stderr"], log: "\(folder.path)/log")
        let url = url("/camera/healthz")
        guard eventually(20, { (try? request("GET", url).status) == 200 }) else {
            throw HTTPConnection.Failure.noSuchAddress(url)
        }
    }

    func url(_ path: String) -> String { "http://127.0.0.1:\(port)\(path)" }

    deinit {
        process.send(SIGTERM)
        _ = process.wait(milliseconds: 5000)
        process.end()
    }
}

extension EndToEnd {
    @Suite("A proxy in front", .timeLimit(.minutes(3)))
    struct Proxies {
        @Test("A slow viewer behind another nginx sees recent pictures, whose age does not grow over time")
        func slowViewer() throws {
            let system = try OrielSystem()
            let documented = try OuterProxy(to: system, listen: "sndbuf=64k")
            let standard = try OuterProxy(to: system)
            let groups = try Crowd.watch(
                seconds: 24,
                ["1:300000=\(documented.url("/camera/video"))", "1:300000=\(standard.url("/camera/video"))"])
            for (group, name) in zip(groups, ["with the documented lines", "with nginx's defaults"]) {
                report(
                    "slow viewer behind nginx \(name): early \(group["early_age"] ?? .null), late \(group["late_age"] ?? .null)"
                )
            }
            let early = try #require(groups[0]["early_age"]?["p50"]?.number)
            let late = try #require(groups[0]["late_age"]?["p50"]?.number)
            let lateStandard = try #require(groups[1]["late_age"]?["p50"]?.number)
            #expect(late <= early + 2, "\(groups[0])")
            // The documented lines are worth their place only if pictures are clearly more recent with them.
            #expect(late < 0.7 * lateStandard, "\(groups)")
        }

        @Test(
            "The page, streams and snapshots work below a sub-path, and with a Host header that names the proxy's upstream"
        )
        func subPath() throws {
            let system = try OrielSystem()
            let proxy = try OuterProxy(to: system)
            #expect(try request("GET", proxy.url("/camera/")).status == 200)
            #expect(try request("GET", proxy.url("/camera/?action=snapshot&1699999999")).status == 200)
            #expect(try request("GET", proxy.url("/webcam/?action=snapshot&cb=1")).status == 200)
            for path in ["/camera/video", "/camera/?action=stream&timestamp=1", "/webcam/?action=stream"] {
                let viewer = try StreamViewer(proxy.url(path))
                for _ in 0..<3 { #expect(try viewer.next() != nil, "\(path)") }
            }
        }
    }
}
