/* kapula import attendance: a register's marks from CSV. */
#include "command/import.h"
#include "command/resources.h"
#include "intake/attendance_csv.h"
#include "intake/attendance_map.h"
#include "intake/bundle.h"

#include <string.h>

/* "wilma" is the shipped map of that name; what has a slash or a dot is a path. */
static int map_path(const char *name, char **ret_path, struct err *err)
{
        _cleanup_(free_ptr) char *folder = NULL;
        int r;

        if (strpbrk(name, "/.")) {
                *ret_path = strdup(name);
                return *ret_path ? 0 : err_set(err, ERR_NOMEM, "import: out of memory");
        }
        r = resource_folder("maps", &folder, err);
        if (r == 0 && asprintf(ret_path, "%s/%s.yaml", folder, name) < 0)
                r = err_set(err, ERR_NOMEM, "import: out of memory");
        return r;
}

static int take(const struct import *import, struct attendance_report *report, struct err *err)
{
        _cleanup_(attendance_map_freep) struct attendance_map *map = NULL;
        _cleanup_(bundle_closep) struct bundle *bundle = NULL;
        _cleanup_(free_ptr) char *path = NULL;
        const struct attendance_options options = {
            .source = import->source,
            .organisation = import->organisation,
            .dry_run = import->dry_run,
            .progress = import_show_rows,
        };
        int r = import->map ? map_path(import->map, &path, err) : 0;

        if (r == 0)
                r = attendance_map_load(path, &map, err);
        if (r == 0)
                r = bundle_open(import->path, &bundle, err);
        if (r == 0)
                r = attendance_csv_import(import->db, import->now_utc, bundle, map, &options, report, err);
        import_hide_rows();
        return r;
}

int import_attendance(const struct import *import, struct err *err)
{
        struct attendance_report report = {0};
        int r = take(import, &report, err);

        if (r == 0 && import->json) {
                r = import_print_json(attendance_report_to_json(&report), err);
        } else if (r == 0) {
                printf("%lld marks added, %lld known already, %lld rows without a mark, %lld rejected%s\n",
                       (long long)report.added, (long long)report.same, (long long)report.skipped,
                       (long long)report.rejected.count,
                       import->dry_run ? "; nothing was written (--dry-run)" : "");
                import_print_rejected(import, &report.rejected);
        }
        if (r == 0 && report.rejected.count)
                r = ERR_INVALID;
        rejections_fini(&report.rejected);
        return r;
}
