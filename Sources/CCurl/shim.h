#include <curl/curl.h>

// curl_easy_setopt is variadic, which Swift cannot call: one wrapper for each type of argument.
static inline CURLcode curl_set_string(CURL *_Nonnull handle, CURLoption option, const char *_Nullable value) {
    return curl_easy_setopt(handle, option, value);
}
static inline CURLcode curl_set_long(CURL *_Nonnull handle, CURLoption option, long value) {
    return curl_easy_setopt(handle, option, value);
}
static inline CURLcode curl_set_pointer(CURL *_Nonnull handle, CURLoption option, void *_Nullable value) {
    return curl_easy_setopt(handle, option, value);
}
typedef size_t (*curl_body_callback)(char *_Nonnull bytes, size_t size, size_t count, void *_Nullable context);
static inline CURLcode curl_set_body_callback(CURL *_Nonnull handle, CURLoption option, curl_body_callback _Nullable value) {
    return curl_easy_setopt(handle, option, value);
}
