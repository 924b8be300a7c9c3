import Testing

@testable import Capturing

@Suite("The pictures of a folder")
struct FolderSourceTests {
    @Test(
        "only names that end in jpg or jpeg and are not hidden are pictures",
        arguments: [
            ("a.jpg", true), ("A.JPG", true), ("b.jpeg", true), (".hidden.jpg", false), ("c.png", false),
            ("jpg", false), ("d.jpg.part", false),
        ])
    func names(name: String, isPicture: Bool) {
        #expect(FolderSource.isPicture(name) == isPicture)
    }
}
