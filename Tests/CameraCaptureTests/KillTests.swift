import Glibc
import Linux
import SystemPackage
import TestSupport
import Testing
import TurboJPEG

@testable import SharedFrame

@Suite("Killing capture-daemon", .timeLimit(.minutes(3)))
struct KillTests {
    @Test("if capture-daemon is killed while it writes a picture, no reader gets a part of it, and numbers increase")
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
            let overwritten = try killInWrite(daemon, ring)
            try look()
            // The half-written slot still has the number of the picture that was in it before. A reader that requests
            // this number must get nothing.
            #expect(reader.copyFrame(number: overwritten) == nil)
            #expect(reader.status?.state == .stopped)
            #expect(reader.status?.restarts == round)
        }
    }

    /// Kills the daemon while a slot is half written.
    ///
    /// Returns the number of the picture that was in this slot before.
    private func killInWrite(_ daemon: RunningDaemon, _ ring: TemporaryRing) throws -> UInt64 {
        let process = daemon.process.processIdentifier
        let descriptor = try Descriptor(opening: ring.name.path, flags: O_RDONLY)
        let byteCount = try descriptor.status().byteCount
        let memory = try RingMemory(opening: descriptor, byteCount: byteCount, ring.name, access: .read)
        var overwritten: UInt64 = 0
        let isHit = eventually(60) {
            kill(process, SIGSTOP)
            _ = eventually { stateOf(process) == "T" }
            let slot = (0..<memory.geometry.slotCount).map { memory.geometry.offset(ofSlot: $0) }.first {
                memory.load64Acquiring($0 + RingLayout.Slot.sequence) & 1 == 1
            }
            if let slot { overwritten = memory.load64(slot + RingLayout.Slot.number) }
            // Try again if no slot is half written, or if the slot was empty before. In the ring's first round, all
            // slots are empty before they are written.
            if overwritten == 0 { kill(process, SIGCONT) }
            return overwritten != 0
        }
        #expect(isHit)
        kill(process, SIGKILL)
        #expect(daemon.process.wait(milliseconds: 30_000) == -SIGKILL)
        return overwritten
    }

    /// The state of a process as a letter (see proc(5)), or nil if there is no such process.
    private func stateOf(_ process: Int32) -> Character? {
        let bytes = (try? File.contents(of: FilePath("/proc/\(process)/stat"))) ?? []
        return String(decoding: bytes, as: UTF8.self).split(separator: ")").last?.first { $0 != " " }
    }
}
