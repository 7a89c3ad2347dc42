#include "command/resources.h"
#include "compose/catalogue.h"
#include "compose/pages.h"
#include "engine/rule.h"
#include "web/criteria.h"
#include "web/outcomes.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define INSTALLED "/usr/share/kapula"
#define LOCAL "/etc/kapula"
#define CLIMB_MAX 4 /* folders above the executable that may be the source tree's top */

/* providers/ stands in gateway/ in the source tree. */
static bool try(const char *top, const char *name, char **ret_path)
{
        static const char *const below[] = {"", "/gateway"};

        for (size_t i = 0; i < ARRAY_SIZE(below); i++) {
                char *path = NULL;

                if (asprintf(&path, "%s%s/%s", top, below[i], name) < 0)
                        return false;
                if (access(path, R_OK | X_OK) == 0) {
                        *ret_path = path;
                        return true;
                }
                free(path);
        }
        return false;
}

int resource_folder(const char *name, char **ret_path, struct err *err)
{
        char top[PATH_MAX];
        ssize_t length = readlink("/proc/self/exe", top, sizeof top - 1);
        char *slash;

        top[length > 0 ? length : 0] = '\0';
        for (int i = 0; i < CLIMB_MAX && (slash = strrchr(top, '/')); i++) {
                *slash = '\0';
                if (try(top, name, ret_path))
                        return 0;
        }
        if (try(INSTALLED, name, ret_path))
                return 0;
        return err_set(err, ERR_IO,
                       "%s: not found beside the program nor in " INSTALLED ": install Kapula anew", name);
}

static void print_fault(void *context, const struct err *fault)
{
        (void)context;
        fprintf(stderr, "kapula: %s\n", fault->text);
}

/* The folders that NAME is read from, in order; *ret_shipped is to be freed. */
static int folders_of(const char *name, const char *folder, const char *overlay, const char *ret_folders[3],
                      int *ret_count, char **ret_shipped, char **ret_local, struct err *err)
{
        int count = 0, r = 0;

        if (folder) {
                ret_folders[count++] = folder;
        } else {
                r = resource_folder(name, ret_shipped, err);
                if (r < 0)
                        return r;
                ret_folders[count++] = *ret_shipped;
                if (asprintf(ret_local, LOCAL "/%s", name) < 0)
                        return err_set(err, ERR_NOMEM, "out of memory");
                if (access(*ret_local, R_OK | X_OK) == 0)
                        ret_folders[count++] = *ret_local;
        }
        if (overlay)
                ret_folders[count++] = overlay;
        *ret_count = count;
        return 0;
}

int resource_rules_told(struct db *db, const char *folder, const char *overlay,
                        void (*tell)(void *context, const struct err *fault), void *context,
                        struct rulebook **ret_book, struct err *err)
{
        _cleanup_(free_ptr) char *shipped = NULL, *local = NULL;
        const char *folders[3];
        int count = 0, r;

        r = folders_of("rules", folder, overlay, folders, &count, &shipped, &local, err);
        return r < 0 ? r : rulebook_load(db, folders, count, tell, context, ret_book, err);
}

int resource_rules(struct db *db, const char *folder, const char *overlay, bool tell,
                   struct rulebook **ret_book, struct err *err)
{
        return resource_rules_told(db, folder, overlay, tell ? print_fault : NULL, NULL, ret_book, err);
}

int resource_template_file(const char *name, const char *overlay, char **ret_path, struct err *err)
{
        _cleanup_(free_ptr) char *shipped = NULL, *local = NULL;
        const char *folders[3];
        int count = 0, r;

        r = folders_of("templates", NULL, overlay, folders, &count, &shipped, &local, err);
        while (r == 0 && count-- > 0) {
                _cleanup_(free_ptr) char *path = NULL;

                if (asprintf(&path, "%s/%s", folders[count], name) < 0)
                        return err_set(err, ERR_NOMEM, "out of memory");
                if (access(path, R_OK) == 0) {
                        *ret_path = TAKE(path);
                        return 0;
                }
        }
        return r < 0 ? r : err_set(err, ERR_IO, "templates/%s: is not there: install Kapula anew", name);
}

int resource_templates(const char *folder, const char *overlay, struct catalogue **ret_catalogue,
                       struct err *err)
{
        _cleanup_(free_ptr) char *shipped = NULL, *local = NULL;
        struct catalogue *catalogue;
        const char *folders[3];
        int count = 0, r;

        r = folders_of("templates", folder, overlay, folders, &count, &shipped, &local, err);
        if (r < 0)
                return r;
        catalogue = catalogue_new();
        if (!catalogue)
                return err_set(err, ERR_NOMEM, "templates: out of memory");
        for (int i = 0; i < count && r == 0; i++)
                r = catalogue_add_folder(catalogue, folders[i], err);
        if (r == 0)
                r = catalogue_check(catalogue, err);
        if (r < 0) {
                catalogue_free(catalogue);
                return r;
        }
        *ret_catalogue = catalogue;
        return 0;
}

int resource_pages(const char *name, const char *folder, const char *overlay, struct pages **ret_pages,
                   struct err *err)
{
        _cleanup_(free_ptr) char *shipped = NULL, *local = NULL;
        struct pages *pages;
        const char *folders[3];
        int count = 0, r;

        r = folders_of("templates", folder, overlay, folders, &count, &shipped, &local, err);
        if (r < 0)
                return r;
        pages = pages_new(name);
        if (!pages)
                return err_set(err, ERR_NOMEM, "templates: out of memory");
        for (int i = 0; i < count && r == 0; i++)
                r = pages_add_folder(pages, folders[i], err);
        if (r == 0)
                r = pages_finish(pages, err);
        if (r < 0) {
                pages_free(pages);
                return r;
        }
        *ret_pages = pages;
        return 0;
}

/* The path of FILE in the last of the folders of rules that has one; "" when none has. */
static int find_list(const char *file, const char *folder, const char *overlay,
                     char ret_path[static PATH_MAX], struct err *err)
{
        _cleanup_(free_ptr) char *shipped = NULL, *local = NULL;
        const char *folders[3];
        int count = 0, r;

        r = folders_of("rules", folder, overlay, folders, &count, &shipped, &local, err);
        for (int i = count - 1; i >= 0 && r == 0; i--) {
                snprintf(ret_path, PATH_MAX, "%s/%s", folders[i], file);
                if (access(ret_path, R_OK) == 0)
                        return 0;
        }
        ret_path[0] = '\0';
        return r;
}

int resource_criteria(const char *folder, const char *overlay, struct criteria *ret_criteria, struct err *err)
{
        char path[PATH_MAX];
        int r = find_list("evaluation.yaml", folder, overlay, path, err);

        *ret_criteria = (struct criteria){0};
        return r < 0 || !path[0] ? r : criteria_load(path, ret_criteria, err);
}

int resource_outcomes(const char *folder, const char *overlay, struct outcomes *ret_outcomes, struct err *err)
{
        char path[PATH_MAX];
        int r = find_list("outcomes.yaml", folder, overlay, path, err);

        *ret_outcomes = (struct outcomes){0};
        return r < 0 || !path[0] ? r : outcomes_load(path, ret_outcomes, err);
}
