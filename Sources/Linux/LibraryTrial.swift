import CLinux

/// A try at loading a library, where it can do no harm.
public enum LibraryTrial {
    /// Loads the library in a process of its own (dlopen(3) there), which ends at once.
    ///
    /// A file that is cut passes for a library until a page behind its end is touched: that kills whoever loads it.
    ///
    /// - Parameter path: As dlopen(3) takes it.
    /// - Returns: The signal that killed the process; nil when none did, or when no process could be started.
    public static func fatalSignal(loading path: String) -> CInt? {
        let signal = unsafe linux_fatal_signal_of_loading(path)
        return signal == 0 ? nil : signal
    }
}
