#include "intake/bundle.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zip.h>

#define RATIO_FREE_BYTES (16LL << 20) /* files up to this may be packed as well as they like */

struct entry {
        char name[BUNDLE_NAME_MAX];
        zip_uint64_t index; /* in a zip */
        int64_t bytes;      /* unpacked */
        struct stat stat;   /* in a folder: as it was at the beginning */
};

struct bundle {
        char *path;
        int fd;     /* the folder or the zip */
        zip_t *zip; /* NULL: a folder */
        struct stat stat;
        struct entry *entries;
        int entry_count;
};

struct bundle_file {
        struct bundle *bundle;
        const struct entry *entry;
        int fd;
        zip_file_t *packed;
        int64_t read;
};

static int add_entry(struct bundle *bundle, const struct entry *entry, struct err *err)
{
        if (bundle->entry_count == BUNDLE_ENTRIES_MAX)
                return err_set(err, ERR_LIMIT,
                               "%.200s: holds more than %d files: name the folder of one export",
                               bundle->path, BUNDLE_ENTRIES_MAX);
        if (entry->bytes > BUNDLE_FILE_BYTES_MAX)
                return err_set(err, ERR_LIMIT, "%.200s: %s: larger than %lld MB: split the export",
                               bundle->path, entry->name, BUNDLE_FILE_BYTES_MAX >> 20);
        bundle->entries[bundle->entry_count++] = *entry;
        return 0;
}

/* ---- a folder */

static int read_folder(struct bundle *bundle, struct err *err)
{
        int fd = dup(bundle->fd), r = 0;
        DIR *folder = fd < 0 ? NULL : fdopendir(fd);
        struct dirent *each;

        if (!folder) {
                if (fd >= 0)
                        close(fd);
                return err_set(err, ERR_IO, "%.200s: cannot read (%s)", bundle->path, strerror(errno));
        }
        while (r == 0 && (each = readdir(folder))) {
                struct entry entry = {0};
                size_t length = strlen(each->d_name);

                if (length >= sizeof entry.name || fstatat(bundle->fd, each->d_name, &entry.stat, 0) < 0 ||
                    !S_ISREG(entry.stat.st_mode))
                        continue;
                memcpy(entry.name, each->d_name, length);
                entry.bytes = entry.stat.st_size;
                r = add_entry(bundle, &entry, err);
        }
        closedir(folder);
        return r;
}

/* ---- a zip */

static bool climbs(const char *name)
{
        if (name[0] == '/' || strchr(name, '\\') || (name[0] && name[1] == ':'))
                return true;
        for (const char *at = name; at; at = strchr(at, '/')) {
                at += *at == '/';
                if (strncmp(at, "..", 2) == 0 && (at[2] == '/' || at[2] == '\0'))
                        return true;
        }
        return false;
}

static int check_packed(const struct bundle *bundle, const zip_stat_t *stat, struct err *err)
{
        zip_uint64_t packed = stat->comp_size ? stat->comp_size : 1;

        if (climbs(stat->name))
                return err_set(err, ERR_INVALID, "%.200s: a name in it climbs out of the zip: pack it anew",
                               bundle->path);
        if (stat->encryption_method != ZIP_EM_NONE)
                return err_set(err, ERR_INVALID, "%.200s: is encrypted: pack it without a password",
                               bundle->path);
        if (stat->size > (zip_uint64_t)BUNDLE_FILE_BYTES_MAX ||
            (stat->size > (zip_uint64_t)RATIO_FREE_BYTES && stat->size / packed > BUNDLE_RATIO_MAX))
                return err_set(err, ERR_LIMIT,
                               "%.200s: %.100s unpacks to %llu MB, more than a roster does: pack it anew",
                               bundle->path, stat->name, (unsigned long long)stat->size >> 20);
        return 0;
}

static int add_packed(struct bundle *bundle, zip_uint64_t index, int64_t *total, struct err *err)
{
        struct entry entry = {.index = index};
        const char *name;
        zip_stat_t stat;
        int r;

        if (zip_stat_index(bundle->zip, index, 0, &stat) < 0 || !(stat.valid & ZIP_STAT_SIZE) ||
            !(stat.valid & ZIP_STAT_NAME) || !(stat.valid & ZIP_STAT_COMP_SIZE))
                return err_set(err, ERR_INVALID, "%.200s: the zip's list of files is broken: pack it anew",
                               bundle->path);
        r = check_packed(bundle, &stat, err);
        *total += (int64_t)stat.size;
        if (r == 0 && *total > BUNDLE_TOTAL_BYTES_MAX)
                r = err_set(err, ERR_LIMIT, "%.200s: unpacks to more than %lld MB: split the export",
                            bundle->path, BUNDLE_TOTAL_BYTES_MAX >> 20);
        name = r == 0 ? strrchr(stat.name, '/') : NULL;
        name = name ? name + 1 : stat.name;
        if (r < 0 || !*name || strlen(name) >= sizeof entry.name || strncmp(stat.name, "__MACOSX/", 9) == 0)
                return r;
        memcpy(entry.name, name, strlen(name));
        entry.bytes = (int64_t)stat.size;
        if (bundle_has(bundle, entry.name))
                return err_set(err, ERR_INVALID, "%.200s: %s stands twice in it: pack one export alone",
                               bundle->path, entry.name);
        return add_entry(bundle, &entry, err);
}

static int read_zip(struct bundle *bundle, struct err *err)
{
        int fd = dup(bundle->fd), code = 0, r = 0;
        zip_int64_t count;
        int64_t total = 0;

        bundle->zip = fd < 0 ? NULL : zip_fdopen(fd, 0, &code);
        if (!bundle->zip) {
                if (fd >= 0)
                        close(fd);
                return err_set(err, ERR_INVALID,
                               "%.200s: neither JSON, a folder nor a zip that can be read: name an export",
                               bundle->path);
        }
        count = zip_get_num_entries(bundle->zip, 0);
        for (zip_int64_t i = 0; i < count && r == 0; i++)
                r = add_packed(bundle, (zip_uint64_t)i, &total, err);
        return r;
}

/* ---- one file */

bool bundle_is_zip(int fd)
{
        char start[4];

        return pread(fd, start, sizeof start, 0) == (ssize_t)sizeof start &&
               (memcmp(start, "PK\3\4", 4) == 0 || memcmp(start, "PK\5\6", 4) == 0);
}

/* A file alone is a folder that holds nothing else. */
static int read_file(struct bundle *bundle, struct err *err)
{
        struct entry entry = {.stat = bundle->stat, .bytes = bundle->stat.st_size};
        const char *name = strrchr(bundle->path, '/');
        _cleanup_(free_ptr) char *folder = NULL;

        if (!S_ISREG(bundle->stat.st_mode))
                return err_set(err, ERR_INVALID, "%.200s: is no file: name a file, a folder or a zip",
                               bundle->path);
        folder = name ? strndup(bundle->path, (size_t)(name - bundle->path) + 1) : strdup(".");
        name = name ? name + 1 : bundle->path;
        if (!folder)
                return err_set(err, ERR_NOMEM, "import: out of memory");
        close(bundle->fd);
        bundle->fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (bundle->fd < 0 || strlen(name) >= sizeof entry.name)
                return err_set(err, ERR_IO, "%.200s: cannot open: give it a shorter name", bundle->path);
        memcpy(entry.name, name, strlen(name));
        return add_entry(bundle, &entry, err);
}

/* ---- all */

int bundle_open(const char *path, struct bundle **ret_bundle, struct err *err)
{
        struct bundle *bundle = calloc(1, sizeof *bundle);
        int r;

        if (!bundle)
                return err_set(err, ERR_NOMEM, "import: out of memory");
        bundle->fd = open(path, O_RDONLY | O_CLOEXEC);
        bundle->path = strdup(path);
        bundle->entries = calloc(BUNDLE_ENTRIES_MAX, sizeof *bundle->entries);
        if (bundle->fd < 0 || fstat(bundle->fd, &bundle->stat) < 0)
                r = err_set(err, ERR_IO, "%.200s: cannot open (%s): name a file that can be read", path,
                            strerror(errno));
        else if (!bundle->path || !bundle->entries)
                r = err_set(err, ERR_NOMEM, "import: out of memory");
        else if (S_ISDIR(bundle->stat.st_mode))
                r = read_folder(bundle, err);
        else
                r = bundle_is_zip(bundle->fd) ? read_zip(bundle, err) : read_file(bundle, err);
        if (r < 0) {
                bundle_close(bundle);
                return r;
        }
        *ret_bundle = bundle;
        return 0;
}

struct bundle *bundle_close(struct bundle *bundle)
{
        if (bundle) {
                if (bundle->zip)
                        zip_discard(bundle->zip);
                if (bundle->fd >= 0)
                        close(bundle->fd);
                free(bundle->entries);
                free(bundle->path);
                free(bundle);
        }
        return NULL;
}

static const struct entry *find(const struct bundle *bundle, const char *name)
{
        for (int i = 0; i < bundle->entry_count; i++)
                if (strcasecmp(bundle->entries[i].name, name) == 0)
                        return &bundle->entries[i];
        return NULL;
}

const char *bundle_only(const struct bundle *bundle)
{
        return bundle->entry_count == 1 ? bundle->entries[0].name : NULL;
}

bool bundle_has(const struct bundle *bundle, const char *name)
{
        return find(bundle, name) != NULL;
}

static bool has_changed(const struct stat *before, const struct stat *now)
{
        return before->st_ino != now->st_ino || before->st_size != now->st_size ||
               before->st_mtim.tv_sec != now->st_mtim.tv_sec ||
               before->st_mtim.tv_nsec != now->st_mtim.tv_nsec;
}

int bundle_check(const struct bundle *bundle, struct err *err)
{
        struct stat now;

        for (int i = 0; i < bundle->entry_count && !bundle->zip; i++)
                if (fstatat(bundle->fd, bundle->entries[i].name, &now, 0) < 0 ||
                    has_changed(&bundle->entries[i].stat, &now))
                        return err_set(
                            err, ERR_INVALID,
                            "%.200s: %s changed while it was read: import again when it is complete",
                            bundle->path, bundle->entries[i].name);
        if (bundle->zip && (fstat(bundle->fd, &now) < 0 || has_changed(&bundle->stat, &now)))
                return err_set(err, ERR_INVALID,
                               "%.200s: changed while it was read: import again when it is complete",
                               bundle->path);
        return 0;
}

int bundle_file_open(struct bundle *bundle, const char *name, struct bundle_file **ret_file, struct err *err)
{
        const struct entry *entry = find(bundle, name);
        struct bundle_file *file;

        if (!entry)
                return err_set(err, ERR_NOT_FOUND, "%.200s: %.40s is not in it", bundle->path, name);
        file = calloc(1, sizeof *file);
        if (!file)
                return err_set(err, ERR_NOMEM, "import: out of memory");
        *file = (struct bundle_file){.bundle = bundle, .entry = entry, .fd = -1};
        if (bundle->zip)
                file->packed = zip_fopen_index(bundle->zip, entry->index, 0);
        else
                file->fd = openat(bundle->fd, entry->name, O_RDONLY | O_CLOEXEC);
        if (!file->packed && file->fd < 0) {
                bundle_file_close(file);
                return err_set(err, bundle->zip ? ERR_INVALID : ERR_IO, "%.200s: cannot open: pack it anew",
                               entry->name);
        }
        *ret_file = file;
        return 0;
}

struct bundle_file *bundle_file_close(struct bundle_file *file)
{
        if (file) {
                if (file->packed)
                        zip_fclose(file->packed);
                if (file->fd >= 0)
                        close(file->fd);
                free(file);
        }
        return NULL;
}

ssize_t bundle_file_read(void *context, void *data, size_t size, struct err *err)
{
        struct bundle_file *file = context;
        ssize_t length;

        length = file->packed ? (ssize_t)zip_fread(file->packed, data, size) : read(file->fd, data, size);
        if (length < 0)
                return err_set(err, file->packed ? ERR_INVALID : ERR_IO,
                               "%.200s: cannot be read (%s): export it again", file->entry->name,
                               file->packed ? "broken zip" : strerror(errno));
        file->read += length;
        if (file->read > file->entry->bytes)
                return err_set(err, ERR_INVALID, "%.200s: is longer than at the start: import again",
                               file->entry->name);
        return length;
}
