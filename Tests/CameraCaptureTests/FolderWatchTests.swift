import Capturing
import Glibc
import Linux
import Logging
import SharedFrame
import SystemPackage
import TestSupport
import Testing

@testable import CameraCapture

@Suite("Watching a folder", .timeLimit(.minutes(3)))
struct FolderWatchTests {
    private let folder = TemporaryFolder()

    private func inotifyCount(_ daemon: RunningDaemon) throws -> Int {
        let path = FilePath("/proc/\(daemon.process.processIdentifier)/fd")
        let files = Folder.names(in: path)
        try #require(!files.isEmpty)
        return files.count { name in
            var target = [CChar](repeating: 0, count: 256)
            let length = unsafe readlink(path.appending(name).string, &target, target.count)
            return target.prefix(max(0, length)).elementsEqual("anon_inode:inotify".utf8.map { CChar($0) })
        }
    }

    @Test("a synthetic camera uses no inotify instance, and a folder uses one of the 128 that a user has")
    func instances() throws {
        let pattern = try RunningDaemon(["--device", "pattern", "--size", "64x64"])
        _ = try pattern.status(.live)
        #expect(try inotifyCount(pattern) == 0)
        let folder = try RunningDaemon(["--device", folder.path.string])
        _ = try folder.status(.waiting)
        #expect(try inotifyCount(folder) == 1)
    }

    @Test("without an inotify instance, the log says so once, and the folder is read once per second")
    func withoutInotify() throws {
        let log = RecordedLog()
        let source = FolderSource(folder.path, framesPerSecond: 10)
        let watch = FolderWatch(source, Logger(label: "test") { _ in log.handler }) { () throws(SystemError) in
            throw SystemError("inotify_init1", "", .tooManyOpenFiles)
        }
        #expect(log.lines.count == 1)
        #expect(log.lines.first?.contains("raise fs.inotify.max_user_instances") == true)
        #expect(watch.descriptor == nil)
        #expect(watch.nextCheck <= .now)
        let names = watch.changedNames()
        #expect(source.entriesChanged(names) && !names.isEmpty)
        #expect(watch.changedNames().isEmpty)
        #expect(watch.nextCheck > .now && watch.nextCheck <= .now + .seconds(1))
    }
}
