/// The version of all Oriel programs, as printed by `--version`.
public let orielVersion = "0.1.0"
