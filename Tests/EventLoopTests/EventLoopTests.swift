import EventLoop
import Linux
import Names
import Synchronization
import Testing

@Suite struct EventLoopTests {
    private final class Recorder: EventHandler {
        var count = 0
        var action: () -> Void = {}
        func handle(_ events: Epoll.Interest) {
            count += 1
            action()
        }
    }

    @Test("a handler is called only for its own descriptor")
    func ownDescriptor() throws {
        let loop = try EventLoop()
        let first = try EventDescriptor()
        let second = try EventDescriptor()
        let (one, other) = (Recorder(), Recorder())
        _ = try loop.add(first.descriptor.number, .readable, one)
        _ = try loop.add(second.descriptor.number, .readable, other)
        second.signal()
        try loop.turn(timeout: .seconds(5))
        #expect(one.count == 0)
        #expect(other.count == 1)
    }

    @Test("a handler is not called if another handler removed it in the same turn")
    func removedHandler() throws {
        let loop = try EventLoop()
        let events = [try EventDescriptorBox(), try EventDescriptorBox()]
        let recorders = [Recorder(), Recorder()]
        var tokens: [EventLoop.Token] = []
        for index in 0..<2 { tokens.append(try loop.add(events[index].number, .readable, recorders[index])) }
        for index in 0..<2 {
            recorders[index].action = { [unowned loop] in
                loop.remove(tokens[1 - index], number: events[1 - index].number)
            }
        }
        for event in events { event.event.signal() }
        try loop.turn(timeout: .seconds(5))
        #expect(recorders[0].count + recorders[1].count == 1)
    }

    @Test("a message from another thread wakes the loop")
    func message() throws {
        let loop = try EventLoop()
        let mailbox = Mailbox<Int>(loop.signal)
        let thread = try Thread("poster") { for number in 1...3 { mailbox.post(number) } }
        var messages: [Int] = []
        let deadline = Instant.now + .seconds(10)
        while messages.count < 3, Instant.now < deadline {
            messages += mailbox.take()
            if messages.count < 3 { try loop.turn(timeout: .seconds(10)) }
        }
        thread.join()
        #expect(messages == [1, 2, 3])
    }

    @Test("arithmetic with extreme instants and durations does not overflow")
    func extremeInstants() {
        let (past, future) = (Instant.distantPast, Instant.distantFuture)
        #expect(future + .seconds(1) == future)
        #expect(past - .seconds(1) == past)
        #expect(past + .seconds(-5) == past)
        #expect(future - past > .seconds(9_000_000_000))
        #expect(past - future < .zero)
        #expect(future.age(at: past) == .zero)
        #expect(Instant(nanoseconds: 5) - Instant(nanoseconds: 3) == .nanoseconds(2))
        #expect(Duration.nanoseconds(1_000_001).millisecondsRoundedUp == 2)
        #expect(Duration(inSeconds: .nan) == .zero)
        #expect(Duration(inSeconds: 0.5) == .milliseconds(500))
    }
}

private final class EventDescriptorBox {
    let event: EventDescriptor
    var number: CInt { event.descriptor.number }
    init() throws { event = try EventDescriptor() }
}
