import SystemPackage

/// The session that this process belongs to (setsid(2)).
public enum Session {
    /// Lets all other sessions of the machine go before this one (sched(7), "The autogroup feature").
    ///
    /// Many kernels share the processor between sessions first, and then within each: there the niceness of a thread
    /// counts for nothing against programs that were started elsewhere, and that of the session does. Only a session
    /// that was made for this program is changed, as those of services are: one without a terminal, led by this process
    /// or by the one that started it. Elsewhere, and where the kernel has no such groups, nothing happens.
    ///
    /// - Parameter niceness: 0 (as all others), 1 (a little) to 19 (whenever nobody else wants to run).
    public static func yieldToOthers(niceness: Int) {
        guard isOwn else { return }
        let group = try? FileDescriptor.open(FilePath("/proc/self/autogroup"), .writeOnly)
        _ = try? group?.closeAfter { try group?.writeAll("\(niceness)".utf8) }
    }

    /// Whether the session is this program's alone, by /proc/self/stat (proc_pid_stat(5)).
    private static var isOwn: Bool {
        guard let bytes = try? File.contents(of: "/proc/self/stat") else { return false }
        let text = String(decoding: bytes, as: UTF8.self)
        guard let process = text.split(separator: " ").first, let end = text.lastIndex(of: ")") else { return false }
        // After the name: state, parent, process group, session, terminal.
        let fields = Array(text[end...].split(separator: " ").dropFirst())
        guard fields.count > 4 else { return false }
        let (parent, session, terminal) = (fields[1], fields[3], fields[4])
        return terminal == "0" && (session == process || session == parent)
    }
}
