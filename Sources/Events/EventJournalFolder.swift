public import Journal
public import Names
public import SystemPackage

extension JournalFolder {
    /// Returns the event journal of the system with the given prefix.
    ///
    /// `state` is the folder for files that must survive a restart.
    public static func events(in state: FilePath, prefix: SystemPrefix) -> JournalFolder {
        JournalFolder(state.appending("\(prefix).events"), content: "events")
    }
}
