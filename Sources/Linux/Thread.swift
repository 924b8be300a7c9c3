import CLinux
import Glibc
import SystemPackage

/// A named thread that runs until its body returns.
///
/// Destroying the value detaches the thread, unless ``join()`` was called.
public struct Thread: ~Copyable, @unchecked Sendable {
    // `@unchecked Sendable`: pthread_t is an opaque value, and only `join` and `deinit` use it, each at most once.
    private let handle: pthread_t

    /// Starts a thread; the kernel keeps the first 15 bytes of `name`.
    public init(_ name: String, _ body: @escaping @Sendable () -> Void) throws(SystemError) {
        let box = unsafe Unmanaged.passRetained(Body(name: name, run: body))
        var handle = pthread_t()
        let status = unsafe pthread_create(&handle, nil, threadMain, box.toOpaque())
        guard status == 0 else {
            unsafe box.release()
            throw SystemError("pthread_create", name, .init(rawValue: status))
        }
        self.handle = handle
    }

    /// Sets the niceness of the calling thread (setpriority(2), which on Linux affects a single thread).
    ///
    /// With autogroups this has no effect on other sessions: see ``Session/setNiceness(_:)``.
    ///
    /// - Parameter niceness: 0 (normal priority) to 19 (lowest).
    public static func setNiceness(_ niceness: Int) {
        _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, CInt(clamping: niceness))
    }

    /// Waits until the body has returned.
    public consuming func join() {
        pthread_join(handle, nil)
        discard self
    }

    /// Lets the thread run on without anyone waiting for it.
    public consuming func detach() {}

    deinit {
        pthread_detach(handle)
    }
}

private final class Body: Sendable {
    let name: String
    let run: @Sendable () -> Void

    init(name: String, run: @escaping @Sendable () -> Void) {
        self.name = name
        self.run = run
    }
}

private func threadMain(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context = unsafe context else { return nil }
    let body = unsafe Unmanaged<Body>.fromOpaque(context).takeRetainedValue()
    _ = unsafe body.name.prefix(15).withCString { unsafe pthread_setname_np(pthread_self(), $0) }
    body.run()
    return nil
}
