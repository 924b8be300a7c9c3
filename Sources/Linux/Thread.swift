import CLinux
import Glibc
import SystemPackage

/// A named thread that runs until its body returns.
public struct Thread: ~Copyable, @unchecked Sendable {
    // `@unchecked`: pthread_t is a number to the kernel's library; only `join`, which consumes self, uses it.
    private let handle: pthread_t

    /// Starts a thread; of `name` the kernel keeps the first 15 bytes.
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

    /// Lets other threads go before the calling one (setpriority(2); on Linux, of one thread alone).
    ///
    /// Of other sessions only where ``Session/yieldToOthers(niceness:)`` is not needed.
    ///
    /// `niceness`: 1 (a little) to 19 (whenever nobody else wants to run).
    public static func yieldToOthers(niceness: Int) {
        _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, CInt(clamping: niceness))
    }

    /// Waits until the body has returned.
    public consuming func join() {
        pthread_join(handle, nil)
    }

    /// Lets the thread run on alone.
    public consuming func detach() {
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
