/* The versions of the libraries below aws/, as they tell them at run time: static strings. */
#ifndef SY_AWS_LIBRARY_H
#define SY_AWS_LIBRARY_H

const char *sy_aws_curl_version(void);
const char *sy_aws_openssl_version(void);
const char *sy_aws_cares_version(void); /* "none" when libcurl was built without it */
const char *sy_aws_expat_version(void);

#endif
