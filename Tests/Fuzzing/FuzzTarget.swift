/// What is fuzzed: something that takes any bytes whatever, and what must hold of it.
enum FuzzTarget: String, CaseIterable {
    case multipart, jpeg, ring, query, fastcgi, status, upstream, form, picture

    /// Tries one input; a condition that does not hold ends the process, as does a trap of Swift's own.
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
        }
    }
}

/// Ends the process when `condition` does not hold: libFuzzer then keeps the input.
func check(_ condition: @autoclosure () -> Bool, _ message: @autoclosure () -> String, line: UInt = #line) {
    if !condition() { fatalError("does not hold: \(message())", line: line) }
}
