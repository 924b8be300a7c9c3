import Glibc
import Linux
import SystemPackage
import TestSupport
import Testing
import TurboJPEG

@testable import SharedFrame

@Suite("capture-daemon, killed", .timeLimit(.minutes(3)))
struct KillTests {
    @Test("in the middle of a picture, again and again: no reader gets a part of it, and the numbers rise")
    func midWrite() throws {
        let ring = TemporaryRing()
        let reader = try FrameSubscriber(ring.name)
        reader.takeInterest()
        let decoder = try JPEGDecoder()
        var last: UInt64 = 0
        func look() throws {
            guard let frame = reader.copyNewestFrame() else { return }
            #expect(frame.description.number >= last)
            last = frame.description.number
            let picture = try frame.bytes.withRawSpan { (span) throws(TurboJPEGError) in try decoder.decode(span) }
            #expect(picture.warning == nil)
            #expect(picture.width == 1280)
        }
        for round in 0..<12 {
            let daemon = try RunningDaemon(["--device", "pattern", "--fps", "240"], ring: ring)
            let first = try daemon.frame(after: last).description.number
            #expect(first > last)
            try look()
            try killInWrite(daemon, ring)
            try look()
            #expect(reader.status?.state == .stopped)
            #expect(reader.status?.restarts == round)
        }
    }

    /// Ends the daemon at a moment when one of its slots is half written.
    private func killInWrite(_ daemon: RunningDaemon, _ ring: TemporaryRing) throws {
        let process = daemon.process.processIdentifier
        let descriptor = try Descriptor(opening: ring.name.path, flags: O_RDONLY)
        let byteCount = try descriptor.status().byteCount
        let memory = try RingMemory(opening: descriptor, byteCount: byteCount, ring.name, access: .read)
        let isHit = eventually(60) {
            kill(process, SIGSTOP)
            _ = eventually { stateOf(process) == "T" }
            let isWriting = (0..<memory.geometry.slotCount).contains { index in
                memory.load64Acquiring(memory.geometry.offset(ofSlot: index) + RingLayout.Slot.sequence) & 1 == 1
            }
            if !isWriting { kill(process, SIGCONT) }
            return isWriting
        }
        #expect(isHit)
        kill(process, SIGKILL)
        #expect(daemon.process.wait(milliseconds: 30_000) == -SIGKILL)
    }

    /// The letter of proc(5) for what a process does.
    private func stateOf(_ process: Int32) -> Character? {
        let bytes = (try? File.contents(of: FilePath("/proc/\(process)/stat"))) ?? []
        return String(decoding: bytes, as: UTF8.self).split(separator: ")").last?.first { $0 != " " }
    }
}
