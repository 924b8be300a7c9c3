import ArgumentParser
import Glibc
import Linux
import Names
import SharedFrame
import SystemPackage
import TestSupport

/// Checks that no reader of a ring ever gets a torn frame.
///
/// The writer writes at full speed, and the readers run in separate processes. Every word of a frame identifies the
/// frame, so that a reader can detect words of another frame.
@main
struct RingStress: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ring-stress",
        abstract: "Reads a ring while a writer fills it at full speed, and checks every byte.",
        subcommands: [Run.self, Read.self, Write.self, Die.self, Crowd.self, Hold.self, Unwatched.self],
        defaultSubcommand: Run.self)
}

/// The default command: starts the readers and writes frames until they have exited.
struct Run: ParsableCommand {
    @Option(help: "Bytes per frame, a multiple of 8.") var size = 64
    @Option(help: "Total number of reads by all readers.") var reads = 1_000_000
    @Option(help: "Number of reader processes.") var readers = 4
    @Option(help: "The prefix of the ring's name.") var prefix = "oriel-stress-\(getpid())"
    @Flag(help: "Make the frames larger over time, so that the ring grows while it is read.") var grow = false

    func run() throws {
        let name = try ringName(prefix)
        let publisher = try FramePublisher(
            name, slotByteCount: size, source: SourceDescription(kind: "pattern", device: "ring-stress"))
        var number = try publish(publisher, number: publisher.newestNumber + 1, byteCount: size)
        var children: [pid_t] = []
        for _ in 0..<readers {
            children.append(try spawnSelf(["read", "--prefix", name.prefix.text, "--reads", "\(reads / readers)"]))
        }
        let started = Clock.monotonic
        var written = 0
        var byteCount = size
        var failed = false
        while !children.isEmpty {
            for _ in 0..<1000 { number = try publish(publisher, number: number + 1, byteCount: byteCount) }
            written += 1000
            if grow, written % 2000 == 0, byteCount < 1 << 17 { byteCount *= 2 }
            try publisher.heartbeat()
            children.removeAll { child in
                var status: CInt = 0
                guard unsafe waitpid(child, &status, WNOHANG) == child else { return false }
                if status != 0 { failed = true }
                return true
            }
        }
        let seconds = Double(Clock.monotonic - started) / 1e9
        print("\(written) frames of \(size) bytes written in \((seconds * 10).rounded() / 10) s")
        publisher.stop(reason: "the test is over")
        if failed { throw ExitCode.failure }
    }

    private func publish(_ publisher: FramePublisher, number: UInt64, byteCount: Int) throws -> UInt64 {
        try publisher.publish(
            capacity: byteCount, capture: CaptureTime(monotonic: 0, realtime: 0), width: 0, height: 0, number: number
        ) { bytes in
            Payload.fill(&bytes, number: number)
            return byteCount
        } ?? number
    }
}

/// A reader process, which reads and checks the newest frame `reads` times.
struct Read: ParsableCommand {
    @Option var prefix: String
    @Option var reads: Int

    func run() throws {
        let subscriber = try FrameSubscriber(try ringName(prefix))
        subscriber.takeInterest()
        var last: UInt64 = 0
        var distinct = 0
        var done = 0
        let parent = getppid()
        while done < reads {
            if done % 10_000 == 0, getppid() != parent { throw ValidationError("the writer has exited") }
            let read = subscriber.withNewestFrame { description, bytes in
                (description.number, Payload.isIntact(bytes, number: description.number))
            }
            guard let (number, isIntact) = read else { throw ValidationError("no frame after \(done) reads") }
            guard isIntact else { throw ValidationError("frame \(number) is torn") }
            guard number >= last else { throw ValidationError("frame \(number) came after \(last)") }
            if number != last { distinct += 1 }
            last = number
            done += 1
        }
        print("\(done) reads of \(distinct) frames, all bytes correct")
    }
}

/// A writer that runs until it is killed.
struct Write: ParsableCommand {
    @Option var prefix: String
    @Option(help: "Bytes per frame, a multiple of 8.") var size = 1 << 20

    func run() throws {
        let publisher = try publisher(prefix, slotByteCount: size)
        let parent = getppid()
        while getppid() == parent {
            try publish(publisher, byteCount: size)
            try publisher.heartbeat()
        }
    }
}

/// Fills up shared memory, and checks that a ring still works.
///
/// Run this command in its own mount namespace, so that no other program is affected.
struct Crowd: ParsableCommand {
    @Option var prefix: String

    func run() throws {
        let publisher = try publisher(prefix, slotByteCount: 4096)
        let subscriber = try FrameSubscriber(publisher.name)
        try publish(publisher, byteCount: 4096)
        // Use up the rest of the shared memory.
        let file = try Descriptor(opening: RingName.folder.appending("rest"), flags: O_RDWR | O_CREAT, mode: 0o600)
        let zeros = [UInt8](repeating: 0, count: 4096)
        while unsafe write(file.number, zeros, zeros.count) > 0 {}
        // The ring has already reserved its memory, so these frames must fit.
        for _ in 0..<100 { try publish(publisher, byteCount: 4096) }
        do {
            try publish(publisher, byteCount: 1 << 20)
            throw ValidationError("the ring has grown although there is no memory")
        } catch let error as RingError {
            print(error)
        }
        try publish(publisher, byteCount: 4096)
        guard subscriber.copyNewestFrame()?.description.number == publisher.newestNumber else {
            throw ValidationError("the newest frame is missing")
        }
        publisher.stop(reason: "")
        print("all frames that fit arrived")
    }
}

/// Creates the writer of the ring whose name starts with `prefix`.
///
/// If that fails, prints the error and exits with the error's exit status.
private func publisher(_ prefix: String, slotByteCount: Int) throws -> FramePublisher {
    let name = try ringName(prefix)
    do throws(RingError) {
        return try FramePublisher(
            name, slotByteCount: slotByteCount,
            source: SourceDescription(kind: "pattern", device: "ring-stress"))
    } catch {
        print(error)
        throw ExitCode(error.exitStatus)
    }
}

private func publish(_ publisher: FramePublisher, byteCount: Int) throws {
    let number = publisher.newestNumber + 1
    try publisher.publish(capacity: byteCount, capture: .now(), width: 1, height: 1, number: number) { bytes in
        Payload.fill(&bytes, number: number)
        return byteCount
    }
}

/// A writer that kills itself in the middle of its tenth frame.
struct Die: ParsableCommand {
    @Option var prefix: String

    func run() throws {
        let publisher = try FramePublisher(
            try ringName(prefix), slotByteCount: 64, source: SourceDescription(kind: "pattern", device: "ring-stress"))
        for _ in 0..<9 {
            let number = publisher.newestNumber + 1
            try publisher.publish(capacity: 64, capture: .now(), width: 1, height: 1, number: number) { bytes in
                Payload.fill(&bytes, number: number)
                return 64
            }
        }
        try publisher.publish(capacity: 64, capture: .now(), width: 1, height: 1) { bytes in
            Payload.fill(&bytes, number: 0)
            kill(getpid(), SIGKILL)
            return 64
        }
    }
}

func ringName(_ prefix: String) throws -> RingName {
    guard let prefix = SystemPrefix(prefix) else { throw ValidationError("'\(prefix)' cannot be a prefix") }
    return RingName(prefix: prefix, camera: .main, kind: .capture)
}

func spawnSelf(_ arguments: [String]) throws -> pid_t {
    var child = pid_t()
    var words: [UnsafeMutablePointer<CChar>?] = unsafe (["ring-stress"] + arguments).map { unsafe strdup($0) }
    unsafe words.append(nil)
    defer { unsafe words.forEach { unsafe free($0) } }
    let status = unsafe posix_spawn(&child, "/proc/self/exe", nil, nil, words, environ)
    guard status == 0 else { throw ValidationError("the reader did not start") }
    return child
}
