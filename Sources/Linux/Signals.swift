import CLinux
import Glibc
import SystemPackage

/// Signals as a descriptor to poll (signalfd(2)).
public struct SignalDescriptor: ~Copyable, Sendable {
    public let descriptor: Descriptor

    /// Blocks `signals` in this thread and its future child threads, and makes the descriptor readable for each.
    ///
    /// Must be called before any other thread starts.
    public init(blocking signals: [CInt]) throws(SystemError) {
        var set = sigset_t()
        unsafe sigemptyset(&set)
        for signal in signals { unsafe sigaddset(&set, signal) }
        unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
        descriptor = Descriptor(
            owning: try systemCall("signalfd", "") {
                unsafe signalfd(-1, &set, Int32(SFD_CLOEXEC) | Int32(SFD_NONBLOCK))
            })
    }

    /// Returns the next pending signal, or nil.
    public func next() -> CInt? {
        var info = signalfd_siginfo()
        let size = MemoryLayout<signalfd_siginfo>.size
        guard unsafe read(descriptor.number, &info, size) == size else { return nil }
        return CInt(info.ssi_signo)
    }
}

/// Signal dispositions of the process.
public enum Signals {
    /// Ignores SIGPIPE, so that writing to a closed socket fails with EPIPE instead of killing the process.
    public static func ignoreBrokenPipe() {
        _ = signal(SIGPIPE, SIG_IGN)
    }

    /// Runs `body`, and any threads that it starts, with all signals blocked except those for program faults.
    ///
    /// For threads started by libraries: signals must not be delivered to them if the program handles signals
    /// elsewhere.
    public static func withoutDelivery<Value: ~Copyable, Failure: Error>(
        _ body: () throws(Failure) -> Value
    ) throws(Failure) -> Value {
        var blocked = sigset_t()
        var previous = sigset_t()
        unsafe sigfillset(&blocked)
        for fault in faults { unsafe sigdelset(&blocked, fault) }
        unsafe pthread_sigmask(SIG_SETMASK, &blocked, &previous)
        defer { unsafe pthread_sigmask(SIG_SETMASK, &previous, nil) }
        return try body()
    }

    private static let faults = [SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV]

    /// Terminates the process at once when it crashes, the kernel's default.
    ///
    /// Swift's runtime would start another program to write a backtrace: that takes a second without service, and if
    /// that program fails, the process hangs and is never restarted. With `SWIFT_BACKTRACE` set, the runtime still does
    /// so.
    ///
    /// A file truncated under its mapping does not kill the process, whether this is called before or after the file is
    /// mapped: see ``Mapping/wasTruncated``.
    public static func endAtOnceOnCrash() {
        guard Environment.value("SWIFT_BACKTRACE")?.isEmpty ?? true else { return }
        for fault in faults where fault != SIGBUS { _ = signal(fault, SIG_DFL) }
        MappingFaults.install()
    }
}
