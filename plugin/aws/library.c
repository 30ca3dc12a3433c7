#include "aws/library.h"

#include <curl/curl.h>
#include <openssl/crypto.h>

const char *sy_aws_curl_version(void) {
    return curl_version_info(CURLVERSION_NOW)->version;
}

const char *sy_aws_openssl_version(void) {
    return OpenSSL_version(OPENSSL_VERSION_STRING);
}

const char *sy_aws_cares_version(void) {
    const char *version = curl_version_info(CURLVERSION_NOW)->ares;
    return version ? version : "none";
}
