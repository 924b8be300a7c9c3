import CLinux
import Glibc
import SystemPackage

/// A descriptor that becomes readable when the process receives a signal (signalfd(2)).
public struct SignalDescriptor: ~Copyable, Sendable {
    public let descriptor: Descriptor

    /// Blocks the normal delivery of `signals`, so that each of them makes the descriptor readable instead.
    ///
    /// Must be called before any other thread starts: the signals are blocked only in this thread and in the threads
    /// that it starts later.
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

    /// Returns the number of the next pending signal, or nil if none is pending.
    public func next() -> CInt? {
        var info = signalfd_siginfo()
        let size = MemoryLayout<signalfd_siginfo>.size
        guard unsafe read(descriptor.number, &info, size) == size else { return nil }
        return CInt(info.ssi_signo)
    }
}

/// Changes how the process reacts to signals.
public enum Signals {
    /// Ignores SIGPIPE, so that writing to a closed socket fails with EPIPE instead of killing the process.
    public static func ignoreBrokenPipe() {
        _ = signal(SIGPIPE, SIG_IGN)
    }

    /// Runs `body`, and any threads that it starts, with all signals blocked except those for program faults.
    ///
    /// Libraries that start threads must be called this way: otherwise, the kernel could deliver a signal to one of
    /// these threads instead of to the thread that handles the program's signals.
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

    /// Restores the kernel's default actions for program faults, so that a crash terminates the process immediately.
    ///
    /// Without this, Swift's runtime starts another program to write a backtrace. That takes a second, during which the
    /// service is down. If that program fails, the crashed process hangs and is never restarted. If `SWIFT_BACKTRACE`
    /// is set, this does nothing, and the runtime writes a backtrace.
    ///
    /// Truncating a file that the process has mapped does not crash it, whether this is called before or after the file
    /// is mapped: see ``Mapping/wasTruncated``.
    public static func endAtOnceOnCrash() {
        guard Environment.value("SWIFT_BACKTRACE")?.isEmpty ?? true else { return }
        for fault in faults where fault != SIGBUS { _ = signal(fault, SIG_DFL) }
        MappingFaults.install()
    }
}
