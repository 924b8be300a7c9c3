/// The version of all of Oriel's programs, as `--version` prints it.
public let orielVersion = "0.1.0"
