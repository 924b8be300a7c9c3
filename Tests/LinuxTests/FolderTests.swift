import Linux
import SystemPackage
import TestSupport
import Testing

@Suite struct FolderRemovalTests {
    private let place = TemporaryFolder()

    private func exists(_ path: FilePath) -> Bool { (try? FileStatus(at: path, followingLinks: false)) != nil }

    @Test("removing a folder removes its contents, but not what links lead to", arguments: [false, true])
    func links(isTopLevel: Bool) throws {
        let (folder, target) = (place.path.appending("folder"), place.path.appending("target"))
        try Folder.make(folder, permissions: 0o755)
        try Folder.make(target, permissions: 0o755)
        let precious = try place.write("precious", to: "target/file")
        try place.write("x", to: "folder/file")
        let link = isTopLevel ? "link" : "folder/link"
        try place.link(link, to: target)
        Folder.remove(isTopLevel ? place.path.appending(link) : folder)
        #expect(!exists(place.path.appending(link)) && exists(precious))
        #expect(exists(folder) == isTopLevel)
    }

    @Test("a file that has taken the place of a folder is removed")
    func file() throws {
        let file = try place.write("x", to: "file")
        Folder.remove(file)
        #expect(!exists(file))
    }
}
