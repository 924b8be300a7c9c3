import Glibc
import Linux
import SharedFrame
import SystemPackage
import TestSupport
import Testing

@testable import CameraCapture

@Suite("A folder as a camera", .timeLimit(.minutes(3)))
struct FolderTests {
    private let folder = TemporaryFolder()

    private func write(_ bytes: [UInt8], _ name: String) throws {
        // Write a hidden file, and rename it when it is complete, so that the daemon never reads part of it.
        let hidden = folder.path.appending("." + name)
        let file = try FileDescriptor.open(
            hidden, .writeOnly, options: [.create, .truncate], permissions: .ownerReadWrite)
        try file.closeAfter { _ = try file.writeAll(bytes) }
        #expect(unsafe rename(hidden.string, folder.path.appending(name).string) == 0)
    }

    private func remove(_ name: String) {
        #expect(unsafe unlink(folder.path.appending(name).string) == 0)
    }

    /// Returns the tags of `count` consecutive pictures.
    ///
    /// Checks that the bytes of each picture equal the bytes of one of `pictures`.
    private func tags(_ count: Int, of daemon: RunningDaemon, from pictures: [UInt8: [UInt8]]) throws -> [UInt8] {
        var tags: [UInt8] = []
        var number: UInt64 = 0
        while tags.count < count {
            let frame = try daemon.frame(after: number)
            // If the test was too slow and missed a picture, start again.
            if number != 0 && frame.description.number != number + 1 { tags = [] }
            number = frame.description.number
            let tag = try #require(pictures.first { $0.value == frame.bytes }?.key, "the picture is not from a file")
            tags.append(tag)
        }
        return tags
    }

    @Test("the pictures of a folder are played in a loop, unchanged and in the order of their names")
    func order() throws {
        // One picture has padding after its end, and one has no tables. The daemon would repair such pictures of a
        // camera, but it publishes files unchanged.
        let pictures: [UInt8: [UInt8]] = [
            1: SampleJPEG.bytes(tag: 1), 2: SampleJPEG.bytes(tag: 2, hasTables: false),
            3: SampleJPEG.bytes(tag: 3) + [0, 0, 0, 0],
        ]
        try write(pictures[2] ?? [], "b.JPG")
        try write(pictures[3] ?? [], "c.jpeg")
        try write(pictures[1] ?? [], "a10.jpg")
        try write([1, 2, 3], "readme.txt")
        let daemon = try RunningDaemon(["--device", folder.path.string, "--fps", "10"])
        let tags = try tags(7, of: daemon, from: pictures)
        let start = try #require([[1, 2, 3], [2, 3, 1], [3, 1, 2]].first { $0 == Array(tags.prefix(3)) })
        #expect(tags == start + start + [start[0]])
        let status = try daemon.status(.live)
        #expect(status.source.kind == "folder")
        #expect(status.source.device == folder.path.string)
    }

    @Test("a picture added to the folder is soon shown, and a removed one is soon left out")
    func changes() throws {
        var pictures = [UInt8(1): SampleJPEG.bytes(tag: 1)]
        try write(SampleJPEG.bytes(tag: 1), "a.jpg")
        let daemon = try RunningDaemon(["--device", folder.path.string, "--fps", "10"])
        #expect(try tags(2, of: daemon, from: pictures) == [1, 1])
        pictures[2] = SampleJPEG.bytes(tag: 2)
        try write(SampleJPEG.bytes(tag: 2), "b.jpg")
        #expect(try eventually(30) { try tags(1, of: daemon, from: pictures) == [2] })
        remove("a.jpg")
        #expect(try eventually(30) { try tags(4, of: daemon, from: pictures) == [2, 2, 2, 2] })
    }

    @Test("while a folder is empty, the state says what to do, and the first picture makes it live")
    func empty() throws {
        let daemon = try RunningDaemon(["--device", folder.path.string])
        let sentence = "\(folder.path) contains no JPEG (*.jpg, *.jpeg): add some"
        #expect(eventually(30) { daemon.subscriber.status?.reason == sentence })
        #expect(try daemon.status(.waiting).reason == sentence)
        try write(SampleJPEG.bytes(tag: 1), "a.jpg")
        _ = try daemon.status(.live)
        remove("a.jpg")
        #expect(try daemon.status(.waiting).reason == sentence)
        #expect(daemon.log.count { $0.contains("contains no JPEG") } == 2)
    }

    @Test("the daemon waits for a folder that does not exist yet")
    func missing() throws {
        let path = folder.path.appending("later")
        let daemon = try RunningDaemon(["--device", path.string + "/"])
        #expect(eventually(30) { daemon.subscriber.status?.reason.contains("cannot be read") == true })
        #expect(unsafe mkdir(path.string, 0o700) == 0)
        #expect(eventually(30) { daemon.subscriber.status?.reason.contains("contains no JPEG") == true })
        try write(SampleJPEG.bytes(tag: 7), "a.jpg")
        #expect(unsafe rename(folder.path.appending("a.jpg").string, path.appending("a.jpg").string) == 0)
        #expect(try daemon.frame().bytes == SampleJPEG.bytes(tag: 7))
    }

    @Test("a file that is not a picture is skipped, and if there is no other file, the state says so")
    func damaged() throws {
        try write([0xff, 0xd8, 1, 2, 3], "a.jpg")
        let daemon = try RunningDaemon(["--device", folder.path.string, "--fps", "10"])
        #expect(eventually(30) { daemon.subscriber.status?.reason.contains("a.jpg: it ") == true })
        #expect(try daemon.status(.waiting).reason.hasPrefix("no file in \(folder.path) can be shown"))
        try write(SampleJPEG.bytes(tag: 1), "b.jpg")
        _ = try daemon.status(.live)
        #expect(try tags(3, of: daemon, from: [1: SampleJPEG.bytes(tag: 1)]) == [1, 1, 1])
        #expect(daemon.subscriber.status?.state == .live)
    }

    @Test("while a file is rewritten in place, its last complete picture is shown, and then the new one")
    func rewriting() throws {
        let (old, new) = (SampleJPEG.bytes(tag: 1, dataByteCount: 900), SampleJPEG.bytes(tag: 2, dataByteCount: 900))
        let path = folder.path.appending("a.jpg")
        func overwrite(_ bytes: [UInt8]) throws {
            let file = try FileDescriptor.open(
                path, .writeOnly, options: [.create, .truncate], permissions: .ownerReadWrite)
            try file.closeAfter { _ = try file.writeAll(bytes) }
        }
        try overwrite(old)
        let daemon = try RunningDaemon(["--device", folder.path.string, "--fps", "20"])
        _ = try daemon.status(.live)
        for bytes in [Array(old.prefix(300)), [], Array(new.prefix(500))] {
            try overwrite(bytes)
            var frame = try daemon.frame()
            // In the three rounds together, the daemon reads more than 30 truncated pictures. After so many, it would
            // show a camera's truncated pictures, but it must not show a file's.
            for _ in 0..<20 {
                frame = try daemon.frame(after: frame.description.number)
                #expect(frame.bytes == old)
            }
        }
        #expect(try #require(daemon.subscriber.status).state == .live)
        try overwrite(new)
        #expect(eventually(30) { daemon.subscriber.copyNewestFrame()?.bytes == new })
        #expect(!daemon.log.contains { $0.contains("USB") || $0.contains("cable") }, "\(daemon.log)")
    }

    @Test("if the only file stays truncated, the state says so")
    func truncated() throws {
        try write(SampleJPEG.bytes(tag: 1, hasEnd: false), "a.jpg")
        let daemon = try RunningDaemon(["--device", folder.path.string])
        #expect(eventually(30) { daemon.subscriber.status?.reason.contains("ends before the JPEG's end") == true })
        #expect(daemon.subscriber.copyNewestFrame() == nil)
    }
}
