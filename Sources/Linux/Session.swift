import SystemPackage

/// The session that this process belongs to (setsid(2)).
public enum Session {
    /// Sets the niceness of this session's autogroup (sched(7), "The autogroup feature").
    ///
    /// With autogroups, the kernel first divides CPU time between sessions, and then between the threads of each. The
    /// niceness of a thread therefore does not affect programs in other sessions, but the niceness of the session does.
    ///
    /// This changes only a session that was created for this program, such as the session of a service. Such a session
    /// has no terminal, and this process or its parent leads it. In any other session, and on kernels without
    /// autogroups, this does nothing.
    ///
    /// - Parameter niceness: 0 (normal priority) to 19 (lowest).
    public static func setNiceness(_ niceness: Int) {
        guard isOwn else { return }
        let group = try? FileDescriptor.open(FilePath("/proc/self/autogroup"), .writeOnly)
        _ = try? group?.closeAfter { try group?.writeAll("\(niceness)".utf8) }
    }

    /// Whether the session was created for this program, according to /proc/self/stat (proc_pid_stat(5)).
    private static var isOwn: Bool {
        guard let bytes = try? File.contents(of: "/proc/self/stat") else { return false }
        let text = String(decoding: bytes, as: UTF8.self)
        guard let process = text.split(separator: " ").first, let end = text.lastIndex(of: ")") else { return false }
        // The fields after the name are the state, parent, process group, session and terminal.
        let fields = Array(text[end...].split(separator: " ").dropFirst())
        guard fields.count > 4 else { return false }
        let (parent, session, terminal) = (fields[1], fields[3], fields[4])
        return terminal == "0" && (session == process || session == parent)
    }
}
