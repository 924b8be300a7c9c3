#include <curl/curl.h>
#include <curl/header.h>

// Swift cannot call libcurl's variadic functions. This file wraps them with one function for each argument type. It
// also defines constants for macros that Swift cannot import. libcurl 7.85 or newer is required.

static inline CURLcode curl_set_string(CURL *_Nonnull handle, CURLoption option, const char *_Nullable value) {
    return curl_easy_setopt(handle, option, value);
}
static inline CURLcode curl_set_long(CURL *_Nonnull handle, CURLoption option, long value) {
    return curl_easy_setopt(handle, option, value);
}
static inline CURLcode curl_set_pointer(CURL *_Nonnull handle, CURLoption option, void *_Nullable value) {
    return curl_easy_setopt(handle, option, value);
}
static inline CURLcode curl_set_list(CURL *_Nonnull handle, CURLoption option, struct curl_slist *_Nullable value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLMcode curl_multi_set_long(CURLM *_Nonnull handle, CURLMoption option, long value) {
    return curl_multi_setopt(handle, option, value);
}

/// The type of the callbacks that the options CURLOPT_WRITEFUNCTION and CURLOPT_HEADERFUNCTION set.
typedef size_t (*curl_bytes_callback)(char *_Nonnull bytes, size_t size, size_t count, void *_Nullable context);
static inline CURLcode curl_set_bytes_callback(CURL *_Nonnull handle, CURLoption option,
                                               curl_bytes_callback _Nullable value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode curl_get_long(CURL *_Nonnull handle, CURLINFO info, long *_Nonnull value) {
    return curl_easy_getinfo(handle, info, value);
}
static inline CURLcode curl_get_offset(CURL *_Nonnull handle, CURLINFO info, curl_off_t *_Nonnull value) {
    return curl_easy_getinfo(handle, info, value);
}
static inline CURLcode curl_get_string(CURL *_Nonnull handle, CURLINFO info, const char *_Nullable *_Nonnull value) {
    return curl_easy_getinfo(handle, info, value);
}

static const long curl_auth_basic_or_digest = CURLAUTH_BASIC | CURLAUTH_DIGEST;
static const long curl_http_version_1_1 = CURL_HTTP_VERSION_1_1;
static const size_t curl_write_refused = CURL_WRITEFUNC_ERROR;
static const int curl_error_byte_count = CURL_ERROR_SIZE;
