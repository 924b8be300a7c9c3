/// A fuzz target: code that must accept any bytes, and conditions that its results must meet.
enum FuzzTarget: String, CaseIterable, Sendable {
    case multipart, jpeg, ring, query, fastcgi, status, upstream, form, picture, worker, results, journal

    /// Runs the target with one input.
    ///
    /// A failed condition terminates the process, as a Swift trap does.
    func run(_ bytes: [UInt8]) {
        let input = Input(bytes)
        switch self {
        case .multipart: MultipartTarget.run(input)
        case .jpeg: JPEGTarget.run(input)
        case .ring: RingTarget.run(input)
        case .query: QueryTarget.run(input)
        case .fastcgi: FastCGITarget.run(input)
        case .status: StatusPictureTarget.run(input)
        case .upstream: UpstreamTarget.run(input)
        case .form: FormTarget.run(input)
        case .picture: PictureTarget.run(input)
        case .worker: WorkerTarget.run(input)
        case .results: ResultsTarget.run(input)
        case .journal: JournalTarget.run(input)
        }
    }
}

/// Terminates the process if `condition` is false, so that libFuzzer saves the input.
func check(_ condition: @autoclosure () -> Bool, _ message: @autoclosure () -> String, line: UInt = #line) {
    if !condition() { fatalError("does not hold: \(message())", line: line) }
}
