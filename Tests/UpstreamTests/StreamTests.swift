import Linux
import Logging
import SharedFrame
import Testing
import TestSupport

@testable import Upstream

@Suite("A true stream", .timeLimit(.minutes(1)))
struct StreamTests {
    @Test("every picture of a true stream comes into the ring, unchanged and in order")
    func passesPictures() throws {
        let server = try ScriptedServer { client in
            client.send(Wire.streamHeader)
            for index in 1...1000 {
                let picture = TestPicture(index)
                guard client.send(Wire.part(picture, number: 5000 + UInt64(index))) else { return }
                guard client.pause(milliseconds: 10) else { return }
            }
            client.waitForClose()
        }
        let relay = try Relay(server.url())
        relay.subscriber.takeInterest()
        var number: UInt64 = 0
        for _ in 1...50 {
            let frame = try relay.nextFrame(after: number)
            number = frame.description.number
            #expect(frame.bytes == TestPicture(Int(number) - 5000).bytes)
            #expect(frame.description.width == 64 && frame.description.height == 48)
        }
        #expect(relay.subscriber.status?.state == .live)
    }
}
