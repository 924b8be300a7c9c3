import Glibc
import Linux
import TestSupport

/// Two network namespaces, connected by a virtual cable (a veth pair).
///
/// The namespaces disappear when this object is released.
///
/// In each namespace, a sleeping process keeps the namespace alive. Unless root runs the tests, both network
/// namespaces belong to a new user namespace.
final class Cable: Sendable {
    /// Whether the kernel allows the tests to create network namespaces.
    static var isPossible: Bool {
        (try? ChildProcess.run("unshare", making + ["ip", "link", "set", "lo", "up"]))?.status == 0
    }

    /// The address at which the far side reaches the near side.
    let address = "192.0.2.1"
    private let holder: ChildProcess
    private let far: Int32
    private let handle: Descriptor

    init() throws {
        var ends: [CInt] = [-1, -1]
        try systemCall("pipe", "") { unsafe pipe(&ends) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let reading = Descriptor(owning: ends[0])
        let handle = Descriptor(owning: ends[1])
        let holder = try ChildProcess("unshare", Self.making + ["sh", "-c", Self.script], input: reading.number)
        guard let far = holder.readLine(milliseconds: 20_000).flatMap({ Int32($0) }) else {
            throw HTTPConnection.Failure.ended
        }
        self.holder = holder
        self.far = far
        self.handle = handle
    }

    /// The words to put before a command so that it runs in the near network.
    var near: [String] { enter(holder.processIdentifier) }

    /// Runs a command in the near or far network.
    func run(isFar: Bool, _ program: String, _ arguments: [String]) throws -> ChildProcess {
        let words = enter(isFar ? far : holder.processIdentifier) + [program] + arguments
        return try ChildProcess(words[0], Array(words.dropFirst()))
    }

    /// Pulls the cable: from now on packets are lost, and neither side is notified.
    func pull() throws {
        _ = try systemCall("write", "the cable") { unsafe write(handle.number, "\n", 1) }
        guard holder.readLine(milliseconds: 20_000) == "pulled" else { throw HTTPConnection.Failure.ended }
    }

    private func enter(_ process: Int32) -> [String] {
        ["nsenter", "--target", "\(process)"] + (Self.isRoot ? [] : ["--user", "--preserve-credentials"]) + ["--net"]
    }

    private static let isRoot = geteuid() == 0
    private static let making = (Cable.isRoot ? [] : ["--user", "--map-current-user", "--keep-caps"]) + ["--net"]

    /// The script of the shell that keeps the near namespace alive.
    ///
    /// A child of the shell keeps the far namespace alive. The child is killed when the shell exits.
    private static let script = """
        set -e
        ip link set lo up
        unshare --net setpriv --pdeathsig KILL sleep 600 </dev/null >/dev/null &
        far=$!
        here=$(readlink /proc/self/ns/net)
        until there=$(readlink /proc/$far/ns/net) && [ -n "$there" ] && [ "$there" != "$here" ]; do sleep 0.02; done
        ip link add near type veth peer name far netns $far
        ip addr add 192.0.2.1/24 dev near
        ip link set near up
        nsenter --target $far --net sh -c "ip link set lo up; ip addr add 192.0.2.2/24 dev far; ip link set far up"
        echo $far
        read -r _
        ip link set near down
        echo pulled
        exec sleep 600
        """
}
