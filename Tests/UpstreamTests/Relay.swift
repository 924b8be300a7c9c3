import Linux
import Logging
import SharedFrame
import Testing
import TestSupport
import UpstreamAccess

@testable import Upstream

/// An upstream reader, its ring, and a subscriber that reads the ring.
final class Relay: Sendable {
    let ring: TemporaryRing
    let reader: UpstreamReader
    let subscriber: FrameSubscriber
    let log = LogLines()

    init(
        _ url: String, ring: TemporaryRing = TemporaryRing(kind: .relay),
        _ change: (inout UpstreamConfiguration) -> Void = { _ in }
    ) throws {
        self.ring = ring
        var configuration = UpstreamConfiguration(
            ring: ring.name, address: try UpstreamAddress(url), version: "0.0.0-test")
        configuration.isAlwaysConnected = true
        configuration.stallTimeout = .seconds(1)
        configuration.linger = .milliseconds(500)
        change(&configuration)
        reader = try UpstreamReader(configuration, logger: log.logger)
        try reader.start()
        subscriber = try FrameSubscriber(ring.name)
    }

    deinit {
        reader.stop()
    }

    /// Waits for a frame with a number above `number`, and returns the frame.
    ///
    /// Throws after 60 seconds.
    func nextFrame(after number: UInt64) throws -> Frame {
        try eventually("a frame newer than \(number)") {
            guard let frame = subscriber.copyNewestFrame(), frame.description.number > number else {
                // Wait for the next frame, for at most 250 ms.
                _ = subscriber.wait(newerThan: subscriber.status?.newest?.number ?? 0, milliseconds: 250)
                return nil
            }
            return frame
        }
    }

    /// Waits until the ring's status satisfies `condition`, and returns the status.
    ///
    /// Throws after 60 seconds.
    @discardableResult
    func wait(_ what: String, until condition: (RingStatus) -> Bool) throws -> RingStatus {
        try eventually(what) { subscriber.status.flatMap { condition($0) ? $0 : nil } }
    }

    /// Waits until `body` returns a value other than nil, and returns that value.
    ///
    /// Throws after 60 seconds.
    @discardableResult
    func eventually<Value>(_ what: String, _ body: () throws -> Value?) throws -> Value {
        let deadline = Deadline(seconds: 60)
        while !deadline.isOver {
            if let value = try body() { return value }
            Poll.wait([], milliseconds: 5)
        }
        throw Timeout(description: "timeout waiting for \(what): \(statusText)")
    }

    private var statusText: String {
        subscriber.status.map { "\($0.state), reason '\($0.reason)', \($0.captured) frames captured" } ?? "no ring"
    }
}

struct Timeout: Error, CustomStringConvertible {
    let description: String
}

extension Frame {
    /// Whether the frame consists of exactly the bytes of `picture`.
    ///
    /// Use this function instead of `==`, since a test that fails with `==` prints all bytes.
    func `is`(_ picture: TestPicture) -> Bool { bytes == picture.bytes }
}
