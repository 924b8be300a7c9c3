import Glibc
import Linux
import SharedFrame
import SystemPackage
import TestSupport
import Testing

@Suite("RingOwners", .timeLimit(.minutes(2)), .serialized, .enabled(if: geteuid() == 0, "needs root"))
struct RingOwnersTests {
    let ring = TemporaryRing()
    private let stranger: UInt32 = 61_998

    @Test("a ring of another user is neither read nor listed as a camera until ORIEL_RING_OWNERS names that user")
    func foreign() throws {
        let publisher = try FramePublisher(ring.name, slotByteCount: 100, source: .test)
        try publisher.publish([1], capture: .now(), width: 1, height: 1)
        let subscriber = try FrameSubscriber(ring.name)
        let object = try Descriptor(opening: ring.name.path, flags: O_RDWR)
        try #require(fchown(object.number, stranger, stranger) == 0)
        #expect(subscriber.status == nil)
        #expect(subscriber.copyNewestFrame() == nil)
        #expect(
            subscriber.refusal == "shared memory \(ring.name) belongs to user \(stranger), who is not trusted: "
                + "remove \(ring.name.path), or add the user to ORIEL_RING_OWNERS")
        #expect(RingName.existing(prefix: ring.prefix, kind: .capture).isEmpty)

        RingOwners.accept([stranger])
        defer { RingOwners.accept([]) }
        #expect(subscriber.copyNewestFrame()?.bytes == [1])
        #expect(subscriber.refusal == nil)
        #expect(RingName.existing(prefix: ring.prefix, kind: .capture) == [ring.name])
        try #require(fchown(object.number, 0, 0) == 0)
    }

    @Test("a ring that its group or others may write to is not read", arguments: [0o660, 0o642] as [mode_t])
    func writable(mode: mode_t) throws {
        let publisher = try FramePublisher(ring.name, slotByteCount: 100, source: .test)
        try publisher.publish([1], capture: .now(), width: 1, height: 1)
        let object = try Descriptor(opening: ring.name.path, flags: O_RDWR)
        try #require(fchmod(object.number, mode) == 0)
        let subscriber = try FrameSubscriber(ring.name)
        #expect(subscriber.copyNewestFrame() == nil)
        #expect(subscriber.refusal?.contains("is writable by other users: remove \(ring.name.path)") == true)
        #expect(RingName.existing(prefix: ring.prefix, kind: .capture).isEmpty)
    }

    @Test("ORIEL_RING_OWNERS accepts user names and numbers, and the error quotes an entry that is neither")
    func list() throws {
        defer { unsafe unsetenv(RingOwners.variable) }
        unsafe setenv(RingOwners.variable, "root, 1234,nobody", 1)
        #expect(try RingOwners.fromEnvironment() == [0, 1234, 65534])
        unsafe setenv(RingOwners.variable, "", 1)
        #expect(try RingOwners.fromEnvironment().isEmpty)
        unsafe setenv(RingOwners.variable, "1234,no-such-user", 1)
        let error = #expect(throws: InvalidRingOwner.self) { try RingOwners.fromEnvironment() }
        #expect(
            error?.description
                == "ORIEL_RING_OWNERS 'no-such-user' is not a user: list user names or numbers, separated by commas")
    }
}
