import Glibc
import Names
import Testing

@Suite struct NamesTests {
    @Test(
        "valid names of cameras are accepted",
        arguments: ["main", "a", "0", "front-door_2", String(repeating: "x", count: 32)])
    func aCameraMayBeCalled(_ text: String) { #expect(CameraName(text)?.text == text) }

    @Test(
        "invalid names of cameras are rejected",
        arguments: ["", "-a", "_a", "A", "a.b", "a/b", "ä", "relay.main", String(repeating: "x", count: 33)])
    func aCameraMayNotBeCalled(_ text: String) { #expect(CameraName(text) == nil) }

    @Test(
        "valid prefixes of a system are accepted",
        arguments: ["oriel", "A", "0", "My_System-2", String(repeating: "x", count: 64)])
    func aPrefixMayBe(_ text: String) { #expect(SystemPrefix(text)?.text == text) }

    @Test(
        "invalid prefixes of a system are rejected",
        arguments: ["", "-a", "a.b", "a/b", "ö", String(repeating: "x", count: 65)])
    func aPrefixMayNotBe(_ text: String) { #expect(SystemPrefix(text) == nil) }

    @Test("an empty variable counts as unset") func anEmptyVariable() async {
        await #expect(processExitsWith: .success) {
            _ = unsafe setenv(SystemPrefix.variable, "", 1)
            try #require(try SystemPrefix.fromEnvironment() == .standard)
        }
    }
}
