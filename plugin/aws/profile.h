/* The two files in which the AWS tools keep profiles: AWS_CONFIG_FILE (~/.aws/config) and
 * AWS_SHARED_CREDENTIALS_FILE (~/.aws/credentials), put together as botocore does: what the
 * credentials file says of a profile counts before what the config file says.
 *
 * A file that does not exist, or that this user may not read, holds nothing. */
#ifndef SY_AWS_PROFILE_H
#define SY_AWS_PROFILE_H

#include "aws/ini.h"

enum sy_profile_file { SY_PROFILE_CONFIG, SY_PROFILE_CREDENTIALS, SY_PROFILE_FILE_COUNT };
enum { SY_PROFILE_FILE_MAX = 1024 * 1024 };

struct sy_profiles;

/* INVALID_ARGUMENT, field profile, when a file is there and is not what it should be. */
SY_MUST_USE int sy_profiles_load(struct sy_profiles **ret, struct sy_error *error);
void sy_profiles_destroy(struct sy_profiles *profiles);

/* "~/.aws/config", as the user may find it. */
const char *sy_profiles_path(const struct sy_profiles *profiles, enum sy_profile_file file);

bool sy_profile_exists(const struct sy_profiles *profiles, const char *profile);
/* A setting of a profile in either file; NULL: there is none. */
const char *sy_profile_value(const struct sy_profiles *profiles, const char *profile,
                             const char *key);
/* In this file alone. */
const char *sy_profile_value_in(const struct sy_profiles *profiles, enum sy_profile_file file,
                                const char *profile, const char *key);

/* [sso-session NAME] and [services NAME] of the config file; NULL: there is none. */
const struct sy_ini_section *sy_profiles_sso_session(const struct sy_profiles *profiles,
                                                     const char *name);
const struct sy_ini_section *sy_profiles_services(const struct sy_profiles *profiles,
                                                  const char *name);

/* A ~ in front of a path becomes the home directory; the caller frees it. NULL: no HOME. */
char *sy_home_path(const char *path);

#endif
