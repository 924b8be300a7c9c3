import Linux
public import SystemPackage

/// Where Oriel keeps files by default.
public enum StandardFolder {
    /// Sockets and counters: `$ORIEL_RUNTIME_DIR`, else /run/oriel.
    ///
    /// An empty variable counts as unset.
    public static var runtime: FilePath { path(in: "ORIEL_RUNTIME_DIR") ?? "/run/oriel" }

    /// Files that must survive a restart, or nil without a home folder.
    ///
    /// The first folder of `$STATE_DIRECTORY` (systemd.exec(5)), else `$XDG_STATE_HOME/oriel`, else
    /// ~/.local/state/oriel (XDG Base Directory Specification 0.8).
    public static var state: FilePath? {
        if let list = Environment.value("STATE_DIRECTORY"), let first = list.split(separator: ":").first {
            return FilePath(String(first))
        }
        if let home = path(in: "XDG_STATE_HOME"), home.isAbsolute { return home.appending("oriel") }
        return path(in: "HOME").map { $0.appending(".local/state/oriel") }
    }

    private static func path(in variable: String) -> FilePath? {
        Environment.value(variable).flatMap { $0.isEmpty ? nil : FilePath($0) }
    }
}
