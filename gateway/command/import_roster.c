/* kapula import roster: our JSON, or the export of a register. */
#include "base/buf.h"
#include "command/import.h"
#include "intake/bundle.h"
#include "intake/oneroster.h"
#include "intake/roster.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int read_whole(const struct import *import, struct buf *buf, struct err *err)
{
        FILE *file = import_open(import, err);
        char block[IMPORT_READ_BYTES];
        size_t length;
        int r = 0;

        if (!file)
                return err->code;
        while ((length = fread(block, 1, sizeof block, file)) > 0 && buf_add(buf, block, length) == 0)
                ;
        if (ferror(file))
                r = import_read_failed(import, err);
        else if (buf_error(buf))
                r = err_set(err, buf_error(buf), "%.200s: larger than %zu MB: split it", import->path,
                            buf->max_bytes >> 20);
        import_close(file);
        return r;
}

static void print_roster(const struct import *import, const char *format, const struct roster_report *report)
{
        if (format)
                printf("%s\n", format);
        for (int i = 0; i < LOAD_KIND_COUNT; i++)
                if (report->added[i] || report->updated[i] || report->ended[i])
                        printf("%s: %lld added, %lld updated, %lld ended\n", load_kind_names[i],
                               (long long)report->added[i], (long long)report->updated[i],
                               (long long)report->ended[i]);
        if (report->kept)
                printf("%lld left as they are: another source owns them\n", (long long)report->kept);
        printf("%lld rejected%s\n", (long long)report->rejected.count,
               import->dry_run ? "; nothing was written (--dry-run)" : "");
        import_print_rejected(import, &report->rejected);
}

static void tell_file(void *context, const char *file, const char *what)
{
        (void)context;
        fprintf(stderr, "kapula: %s: %s\n", file, what);
}

/* A folder or a zip is an export of a register, anything else our JSON. */
static bool is_export(const char *path)
{
        int fd = strcmp(path, "-") == 0 ? -1 : open(path, O_RDONLY | O_CLOEXEC);
        struct stat stat;
        bool is_one;

        if (fd < 0)
                return false;
        is_one = fstat(fd, &stat) == 0 && (S_ISDIR(stat.st_mode) || bundle_is_zip(fd));
        close(fd);
        return is_one;
}

static int load_export(const struct import *import, const struct roster_options *options,
                       struct roster_report *report, const char **ret_format, struct err *err)
{
        _cleanup_(bundle_closep) struct bundle *bundle = NULL;
        int r = bundle_open(import->path, &bundle, err);

        if (r == 0)
                r = oneroster_import(import->db, import->now_utc, bundle, options, report, ret_format, err);
        import_hide_rows();
        return r;
}

static int load_json(const struct import *import, const struct roster_options *options,
                     struct roster_report *report, struct err *err)
{
        struct buf buf;
        int r;

        buf_init(&buf, ROSTER_BYTES_MAX);
        r = read_whole(import, &buf, err);
        if (r == 0)
                r = roster_import(import->db, import->now_utc, buf_text(&buf), buf.length, options, report,
                                  err);
        buf_fini(&buf);
        return r;
}

static int load_roster(const struct import *import, struct roster_report *report, const char **ret_format,
                       struct err *err)
{
        const struct roster_options options = {
            .source = import->source,
            .file = import->path,
            .force = import->force,
            .country = import->country,
            .progress = import_show_rows,
            .tell = tell_file,
        };
        int r;

        r = db_begin(import->db, err);
        if (r < 0)
                return r;
        r = is_export(import->path) ? load_export(import, &options, report, ret_format, err)
                                    : load_json(import, &options, report, err);
        return import_end_transaction(import, r, err);
}

/* A file that is refused as a whole: nothing was added, and why stands beside the refused rows. */
static json_t *refused_to_json(const struct import *import, const struct roster_report *report,
                               const struct err *err)
{
        const struct roster_report nothing = {.rejected = report->rejected};
        json_t *json = roster_report_to_json(&nothing);

        if (json_array_append_new(
                json_object_get(json, "rejected"),
                json_pack("{s:s, s:i, s:s}", "file", import->path, "line", 0, "error", err->text)) < 0) {
                json_decref(json);
                return NULL;
        }
        return json;
}

int import_roster(const struct import *import, struct err *err)
{
        struct roster_report report = {0};
        const char *format = NULL;
        int r = load_roster(import, &report, &format, err);

        if (r == ERR_INVALID && import->json)
                import_print_json(refused_to_json(import, &report, err), err);
        else if (r == ERR_INVALID)
                import_print_rejected(import, &report.rejected);
        if (r < 0)
                err_prefix(err, "%.200s", import->path);
        else if (import->json)
                r = import_print_json(roster_report_to_json(&report), err);
        else
                print_roster(import, format, &report);
        if (r == 0 && report.rejected.count)
                r = ERR_INVALID;
        roster_report_fini(&report);
        return r;
}
