import Testing

import Web

@Suite("The preference of an Accept header")
struct PreferenceTests {
    @Test(
        "a picture is preferred if it precedes JSON or has a higher weight",
        arguments: [
            "image/jpeg", "image/*", "IMAGE/JPEG;q=0.5", "image/jpeg, application/json", "image/*,*/*;q=0.8",
            "application/json;q=0.2, image/jpeg", "image/avif,image/webp,image/*,*/*;q=0.8", "image/jpeg;q=0.1",
        ])
    func picture(accept: String) { #expect(Preference(accept).isForPicture) }

    @Test(
        "JSON is preferred in all other cases",
        arguments: [
            "", "*/*", "application/json", "application/json, image/jpeg", "image/jpeg;q=0", "image/jpeg; q=0.0, */*",
            "image/jpeg;q=0.5, application/json", "text/html,image/jpeg;q=0.9,*/*", "image/jpeg;q=0, image/*",
            "image/png",
            "image/jpeg;q=many", "image/jpeg;q=2", ";;,=,",
        ])
    func json(accept: String) { #expect(!Preference(accept).isForPicture) }
}
