import ArgumentParser
import FastCGI
import JSON
import ProgramSupport
import Service
import Web

/// A minimal worker with routes, a body, limits and metrics.
@main
struct HelloWorker: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "hello-fcgi", abstract: "Greets its clients.")

    @Option(help: "The maximum number of connections.")
    var maxConnections = 100

    @OptionGroup var system: SystemOptions

    func validate() throws {
        guard maxConnections > 0 else { throw ValidationError("--max-connections must be at least 1.") }
    }

    func run() throws {
        try WorkerProcess.serve(
            WorkerConfiguration(
                service: "hello-fcgi", runtimeFolder: system.runtimeFolder, maximumConnections: maxConnections),
            HelloApplication())
    }

    static func main() { runProgram(Self.self) }
}

/// GET /hello greets the world, POST /hello greets the name in the body.
final class HelloApplication: Application {
    private var greetingCount = 0

    func begin(_ request: Request, on connection: Connection) throws(HTTPError) {
        guard request.path == "/hello" else { throw HTTPError(404, "not_found", "There is only /hello here.") }
        try request.check(methods: ["GET", "HEAD", "POST"])
        try request.query.check(known: [])
        guard request.method == "POST" else { return greet("world", on: connection) }
        try request.checkOrigin()
        connection.readBody(limit: 1024, expected: try request.contentLength()) { [unowned self, unowned connection] in
            greet(String(decoding: $0, as: UTF8.self), on: connection)
        }
    }

    private func greet(_ name: String, on connection: Connection) {
        greetingCount += 1
        connection.answer(.json(.object([("hello", .text(name))])))
    }

    func addMetrics(to text: inout MetricsText) {
        text.family("hello_greetings_total", .counter, "Greetings that this worker has sent.")
        text.sample("hello_greetings_total", [], Double(greetingCount))
    }
}
