import Linux
public import SystemPackage

/// The folders where Oriel keeps its files by default.
public enum StandardFolder {
    /// The folder for sockets and counters: `$ORIEL_RUNTIME_DIR`, or /run/oriel if the variable is unset or empty.
    public static var runtime: FilePath { path(in: "ORIEL_RUNTIME_DIR") ?? "/run/oriel" }

    /// The folder for files that must survive a restart, or nil if none of the following variables is set.
    ///
    /// This is the first folder of `$STATE_DIRECTORY` (systemd.exec(5)). If that variable is not set, it is
    /// `$XDG_STATE_HOME/oriel`. If that is not set either, it is `$HOME/.local/state/oriel` (XDG Base Directory
    /// Specification 0.8).
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
