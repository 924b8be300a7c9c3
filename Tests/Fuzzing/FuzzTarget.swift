/// A fuzz target: code that accepts any bytes, and conditions that must hold.
enum FuzzTarget: String, CaseIterable {
    case multipart, jpeg, ring, query, fastcgi, status, upstream, form, picture, worker

    /// Runs one input; a failed condition ends the process, as does a Swift trap.
    func run(_ input: Input) {
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
        }
    }
}

/// Ends the process if `condition` is false: libFuzzer then saves the input.
func check(_ condition: @autoclosure () -> Bool, _ message: @autoclosure () -> String, line: UInt = #line) {
    if !condition() { fatalError("does not hold: \(message())", line: line) }
}
