import Web

/// A form with a picture in it.
enum FormTarget {
    static func run(_ input: Input) {
        var input = input
        let type = input.line()
        let boundary =
            type.isEmpty ? Array("x".utf8) : FormData.boundary(in: type) ?? Array(type.utf8.prefix(70))
        check(1...70 ~= boundary.count, "a boundary of 1 to 70 bytes")
        let body = input.bytes
        guard let form = try? FormData(body, boundary: boundary) else { return }
        check(form.fields.count <= FormData.maximumFieldCount, "a limited number of fields")
        var end = 0
        let delimiter = Array("\r\n--".utf8) + boundary
        for field in form.fields {
            check(field.content.lowerBound >= end && field.content.upperBound <= body.count, "fields in their order")
            end = field.content.upperBound
            // The empty line after a head may also be the line break before the boundary.
            let isShared = field.content.isEmpty && body[(end - 2)...].starts(with: delimiter)
            check(isShared || body[end...].starts(with: delimiter), "a field ends at a boundary")
            check(form.first(field.name) != nil, "a field is found by its name")
        }
    }
}
