#include "aws/profile.h"

#include "aws/words.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"

#include <errno.h>
#include <string.h>

struct file {
    char *path; /* as the user wrote it, or the default */
    struct sy_ini ini;
    char *
        *names; /* of a config file's sections: the word behind "profile"; NULL: not of that kind */
};

struct sy_profiles {
    struct file files[SY_PROFILE_FILE_COUNT];
};

char *sy_home_path(const char *path) {
    const char *home = getenv("HOME");
    if (path[0] != '~' || (path[1] && path[1] != '/'))
        return sy_strdup(path);
    return home && *home ? sy_asprintf("%s%s", home, path + 1) : NULL;
}

static int load(struct file *file, const char *variable, const char *otherwise,
                struct sy_error *error) {
    const char *named = getenv(variable);
    SY_AUTO_FREE char *text = NULL;
    size_t len = 0;
    file->path = sy_strdup(named && *named ? named : otherwise);
    SY_AUTO_FREE char *path = sy_home_path(file->path);
    if (!path)
        return 0;
    if (sy_file_read(path, SY_PROFILE_FILE_MAX, &text, &len)) {
        if (errno != EFBIG)
            return 0;
        return sy_fail_field(error, "profile", "%s has more than the %d bytes that are read",
                             file->path, SY_PROFILE_FILE_MAX);
    }
    return sy_ini_parse(file->path, text, len, &file->ini, error);
}

/* NAME of [kind NAME], as botocore has it: the section begins with the kind and is of two words. */
static char *name_of(const char *section, const char *kind) {
    struct sy_words words = {0};
    if (strncmp(section, kind, strlen(kind)) != 0 || sy_words_split(section, &words))
        return NULL;
    char *name = words.count == 2 ? sy_strdup(words.list[1]) : NULL;
    sy_words_finish(&words);
    return name;
}

static void name_profiles(struct file *config) {
    config->names = sy_calloc(config->ini.n_sections, sizeof *config->names);
    for (size_t i = 0; i < config->ini.n_sections; i++) {
        const char *section = config->ini.sections[i].name;
        config->names[i] =
            strcmp(section, "default") == 0 ? sy_strdup(section) : name_of(section, "profile");
    }
}

int sy_profiles_load(struct sy_profiles **ret, struct sy_error *error) {
    struct sy_profiles *profiles = sy_calloc(1, sizeof *profiles);
    struct file *config = &profiles->files[SY_PROFILE_CONFIG];
    struct file *credentials = &profiles->files[SY_PROFILE_CREDENTIALS];
    if (load(config, "AWS_CONFIG_FILE", "~/.aws/config", error) ||
        load(credentials, "AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials", error)) {
        sy_profiles_destroy(profiles);
        return -1;
    }
    name_profiles(config);
    *ret = profiles;
    return 0;
}

void sy_profiles_destroy(struct sy_profiles *profiles) {
    if (!profiles)
        return;
    for (int i = 0; i < SY_PROFILE_FILE_COUNT; i++) {
        struct file *file = &profiles->files[i];
        for (size_t k = 0; file->names && k < file->ini.n_sections; k++)
            free(file->names[k]);
        free(file->names);
        free(file->path);
        sy_ini_finish(&file->ini);
    }
    free(profiles);
}

const char *sy_profiles_path(const struct sy_profiles *profiles, enum sy_profile_file file) {
    return profiles->files[file].path;
}

/* The last one of that name: [profile default] and [default] are two sections. */
static const struct sy_ini_section *find(const struct sy_profiles *profiles,
                                         enum sy_profile_file which, const char *profile) {
    const struct file *file = &profiles->files[which];
    for (size_t i = file->ini.n_sections; i > 0; i--) {
        const struct sy_ini_section *section = &file->ini.sections[i - 1];
        const char *name = file->names ? file->names[i - 1] : section->name;
        if (name && strcmp(name, profile) == 0)
            return section;
    }
    return NULL;
}

bool sy_profile_exists(const struct sy_profiles *profiles, const char *profile) {
    return find(profiles, SY_PROFILE_CONFIG, profile) ||
           find(profiles, SY_PROFILE_CREDENTIALS, profile);
}

const char *sy_profile_value_in(const struct sy_profiles *profiles, enum sy_profile_file file,
                                const char *profile, const char *key) {
    return sy_ini_value(find(profiles, file, profile), key);
}

const char *sy_profile_value(const struct sy_profiles *profiles, const char *profile,
                             const char *key) {
    const struct sy_ini_section *first = find(profiles, SY_PROFILE_CREDENTIALS, profile);
    if (sy_ini_has(first, key))
        return sy_ini_value(first, key);
    return sy_profile_value_in(profiles, SY_PROFILE_CONFIG, profile, key);
}

static const struct sy_ini_section *find_kind(const struct sy_profiles *profiles, const char *kind,
                                              const char *wanted) {
    const struct sy_ini *ini = &profiles->files[SY_PROFILE_CONFIG].ini;
    for (size_t i = ini->n_sections; i > 0; i--) {
        SY_AUTO_FREE char *name = name_of(ini->sections[i - 1].name, kind);
        if (name && strcmp(name, wanted) == 0)
            return &ini->sections[i - 1];
    }
    return NULL;
}

const struct sy_ini_section *sy_profiles_sso_session(const struct sy_profiles *profiles,
                                                     const char *name) {
    return find_kind(profiles, "sso-session", name);
}

const struct sy_ini_section *sy_profiles_services(const struct sy_profiles *profiles,
                                                  const char *name) {
    return find_kind(profiles, "services", name);
}
