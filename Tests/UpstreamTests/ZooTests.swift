import Linux
import SharedFrame
import Testing
import TestSupport

@testable import Upstream

@Suite("Streams of many kinds of servers", .timeLimit(.minutes(5)))
struct ZooTests {
    /// More pictures than a server has time to send during a test.
    private static let pictures = Set((1...3000).map { TestPicture($0).bytes })

    @Test("the pictures arrive unchanged, the state is live, and no picture is rejected", arguments: Server.all)
    func works(server: Server) throws {
        let upstream = try ScriptedServer { server.stream(to: $0) }
        let relay = try Relay(upstream.url())
        var number: UInt64 = 0
        for _ in 0..<8 {
            let frame = try relay.nextFrame(after: number)
            number = frame.description.number
            #expect(Self.pictures.contains(frame.bytes))
        }
        let status = try relay.wait("the state live") { $0.state == .live && $0.reason.isEmpty }
        #expect(upstream.connectionCount == 1)
        // Only this server also sends parts that are not pictures. Such parts count as dropped.
        if server.name != "XML between the pictures" { #expect(status.dropped.allSatisfy { $0.value == 0 }) }
        #expect(relay.log.all.allSatisfy { !$0.hasPrefix("warning") }, "\(relay.log.all)")
    }
}
