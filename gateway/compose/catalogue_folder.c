#include "compose/catalogue.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define PATH_MAX_BYTES 4096

static const struct {
        const char *suffix;
        enum catalogue_kind kind;
} suffixes_table[] = {{".email.txt", CATALOGUE_EMAIL}, {".sms.txt", CATALOGUE_SMS}};

/* Folders in that of a language, whose files are all of one kind. */
static const struct subfolder {
        const char *name;
        enum catalogue_kind kind;
} subfolder_table[] = {{"calendar", CATALOGUE_CALENDAR}, {"partials", CATALOGUE_PARTIAL}};

static int fail_errno(struct err *err, const char *path)
{
        return err_set(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO,
                       "%s: %s: check the folder and its rights", path, strerror(errno));
}

static int read_file(const char *path, char **ret_text, struct err *err)
{
        _cleanup_(free_ptr) char *text = malloc(TEMPLATE_MAX_BYTES + 1);
        size_t length;
        FILE *file;

        if (!text)
                return err_set(err, ERR_NOMEM, "%s: out of memory", path);
        file = fopen(path, "re");
        if (!file)
                return fail_errno(err, path);
        length = fread(text, 1, TEMPLATE_MAX_BYTES + 1, file);
        if (ferror(file)) {
                int r = fail_errno(err, path);
                fclose(file);
                return r;
        }
        fclose(file);
        if (length > TEMPLATE_MAX_BYTES)
                return err_set(err, ERR_LIMIT, "%s: over %d bytes: make the template shorter", path,
                               TEMPLATE_MAX_BYTES);
        text[length] = '\0';
        if (strlen(text) != length)
                return err_set(err, ERR_INVALID, "%s: has a NUL byte: save it as plain text", path);
        *ret_text = TAKE(text);
        return 0;
}

static bool ends_with(const char *text, const char *suffix)
{
        size_t length = strlen(text), tail = strlen(suffix);

        return length > tail && strcmp(text + length - tail, suffix) == 0;
}

/* FILE's name without its suffix, and what it is; false when it is no template's. */
static bool read_name(const char *file, const struct subfolder *in,
                      char ret_name[static CATALOGUE_NAME_MAX_BYTES], enum catalogue_kind *ret_kind)
{
        const char *suffix = in ? ".txt" : NULL;
        size_t length;

        *ret_kind = in ? in->kind : CATALOGUE_SMS;
        for (size_t i = 0; !in && i < ARRAY_SIZE(suffixes_table); i++)
                if (ends_with(file, suffixes_table[i].suffix)) {
                        suffix = suffixes_table[i].suffix;
                        *ret_kind = suffixes_table[i].kind;
                }
        length = suffix ? strlen(file) - strlen(suffix) : 0;
        if (length == 0 || length >= CATALOGUE_NAME_MAX_BYTES)
                return false;
        memcpy(ret_name, file, length);
        ret_name[length] = '\0';
        return true;
}

static int add_file(struct catalogue *catalogue, const char *language, const char *path, const char *file,
                    const struct subfolder *in, struct err *err)
{
        char name[CATALOGUE_NAME_MAX_BYTES], origin[TEMPLATE_NAME_MAX_BYTES + NAME_MAX];
        _cleanup_(free_ptr) char *text = NULL;
        enum catalogue_kind kind;
        int r;

        if (!read_name(file, in, name, &kind))
                return err_set(
                    err, ERR_INVALID,
                    "%s: no name of a template: call it NAME.sms.txt or NAME.email.txt, in small letters",
                    path);
        r = read_file(path, &text, err);
        if (r < 0)
                return r;
        snprintf(origin, sizeof origin, "%s/%s%s%s", language, in ? in->name : "", in ? "/" : "", file);
        return catalogue_add(catalogue, language, name, kind, text, origin, err);
}

static bool is_folder(const char *path)
{
        struct stat status;

        return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static const struct subfolder *find_subfolder(const char *file, const char *path)
{
        for (size_t i = 0; i < ARRAY_SIZE(subfolder_table); i++)
                if (strcmp(file, subfolder_table[i].name) == 0 && is_folder(path))
                        return &subfolder_table[i];
        return NULL;
}

static int add_language(struct catalogue *catalogue, const char *language, const char *path,
                        const struct subfolder *in, struct err *err)
{
        struct dirent **files;
        int count = scandir(path, &files, NULL, alphasort), r = 0;

        if (count < 0)
                return fail_errno(err, path);
        for (int i = 0; i < count; i++) {
                const char *file = files[i]->d_name;
                const struct subfolder *subfolder = NULL;
                char inner[PATH_MAX_BYTES];

                if (r == 0 && snprintf(inner, sizeof inner, "%s/%s", path, file) >= (int)sizeof inner)
                        r = err_set(err, ERR_LIMIT, "%.60s…: path too long: move it", path);
                if (r == 0 && !in)
                        subfolder = find_subfolder(file, inner);
                if (r == 0 && subfolder)
                        r = add_language(catalogue, language, inner, subfolder, err);
                else if (r == 0 && file[0] != '.' && ends_with(file, ".txt"))
                        r = add_file(catalogue, language, inner, file, in, err);
                free(files[i]);
        }
        free(files);
        return r;
}

int catalogue_add_folder(struct catalogue *catalogue, const char *path, struct err *err)
{
        struct dirent **folders;
        int count = scandir(path, &folders, NULL, alphasort), r = 0;

        if (count < 0)
                return fail_errno(err, path);
        for (int i = 0; i < count; i++) {
                const char *folder = folders[i]->d_name;
                char inner[PATH_MAX_BYTES];

                if (r == 0 && snprintf(inner, sizeof inner, "%s/%s", path, folder) >= (int)sizeof inner)
                        r = err_set(err, ERR_LIMIT, "%.60s…: path too long: move it", path);
                if (r == 0 && folder[0] != '.' && strcmp(folder, "desk") != 0 && strcmp(folder, "web") != 0 &&
                    is_folder(inner)) {
                        if (locale_knows(folder))
                                r = add_language(catalogue, folder, inner, NULL, err);
                        else
                                r = err_set(err, ERR_INVALID,
                                            "%s: no language: name the folder with a code such as fi", inner);
                }
                free(folders[i]);
        }
        free(folders);
        return r;
}
