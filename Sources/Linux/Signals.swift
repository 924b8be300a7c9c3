import CLinux
import Glibc
import SystemPackage

/// Signals as a descriptor to poll (signalfd(2)).
public struct SignalDescriptor: ~Copyable, Sendable {
    public let descriptor: Descriptor

    /// Blocks `signals` in this thread and those it starts from now on, and makes the descriptor readable for each.
    ///
    /// To be called before any other thread is started.
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

    /// The next signal that has come, or nil.
    public func next() -> CInt? {
        var info = signalfd_siginfo()
        let size = MemoryLayout<signalfd_siginfo>.size
        guard unsafe read(descriptor.number, &info, size) == size else { return nil }
        return CInt(info.ssi_signo)
    }
}

/// What a process does with signals that are not its business.
public enum Signals {
    /// Makes writing to a closed socket an error (EPIPE) instead of the end of the process.
    public static func ignoreBrokenPipe() {
        _ = signal(SIGPIPE, SIG_IGN)
    }

    /// Runs `body`, and starts the threads that it makes, with all signals blocked but those of a fault in the program.
    ///
    /// For a thread that a library starts: a program that handles its signals elsewhere must not get them there.
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

    /// Ends the process at once when it crashes, as the kernel does by itself.
    ///
    /// Swift's runtime would start another program that writes a backtrace: a second in which nobody serves, and where
    /// that program fails, a process that neither runs nor ends and is therefore never restarted. With
    /// `SWIFT_BACKTRACE` set it still does.
    ///
    /// A file that is truncated under its mapping ends nothing, whether this is called before or after the file is
    /// mapped: see ``Mapping/wasCutOff``.
    public static func endAtOnceOnCrash() {
        guard Environment.value("SWIFT_BACKTRACE")?.isEmpty ?? true else { return }
        for fault in faults where fault != SIGBUS { _ = signal(fault, SIG_DFL) }
        MappingFaults.install()
    }
}
