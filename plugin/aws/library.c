#include "aws/library.h"

#include <curl/curl.h>
#include <expat.h>
#include <openssl/crypto.h>
#include <string.h>

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

const char *sy_aws_expat_version(void) {
    const char *version = XML_ExpatVersion(); /* "expat_2.5.0" */
    const char *digits = strchr(version, '_');
    return digits ? digits + 1 : version;
}
