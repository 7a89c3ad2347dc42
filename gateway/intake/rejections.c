#include "intake/rejections.h"

#include <stdbool.h>
#include <string.h>

void rejections_fini(struct rejections *rejections)
{
        for (size_t i = 0; i < rejections->listed; i++) {
                free(rejections->items[i].file);
                free(rejections->items[i].path);
                free(rejections->items[i].error);
        }
        free(rejections->items);
        *rejections = (struct rejections){0};
}

static bool is_fault_of_row(int code)
{
        return code == ERR_INVALID || code == ERR_CONFLICT || code == ERR_NOT_FOUND;
}

int rejections_add(struct rejections *rejections, const char *file, int64_t line, const char *path,
                   const struct err *err)
{
        struct rejection *item, *grown;
        size_t size = rejections->allocated;

        if (!is_fault_of_row(err->code))
                return err->code;
        rejections->count++;
        if (rejections->listed == REJECTIONS_MAX)
                return 0;
        if (rejections->listed == size) {
                size = size ? size * 2 : 16;
                grown = reallocarray(rejections->items, size, sizeof *grown);
                if (!grown)
                        return ERR_NOMEM;
                rejections->items = grown;
                rejections->allocated = size;
        }
        item = &rejections->items[rejections->listed++];
        *item = (struct rejection){strdup(file), strdup(path), strdup(err->text), line};
        return item->file && item->path && item->error ? 0 : ERR_NOMEM;
}

static int compare(const void *a, const void *b)
{
        const struct rejection *first = a, *second = b;
        int files = strcmp(first->file, second->file);

        if (files || first->line != second->line)
                return files ? files : (first->line > second->line) - (first->line < second->line);
        return strcmp(first->path, second->path);
}

void rejections_sort(struct rejections *rejections)
{
        if (rejections->listed)
                qsort(rejections->items, rejections->listed, sizeof *rejections->items, compare);
}

json_t *rejections_to_json(const struct rejections *rejections)
{
        json_t *list = json_array();

        for (size_t i = 0; i < rejections->listed; i++) {
                const struct rejection *each = &rejections->items[i];

                if (json_array_append_new(list, json_pack("{s:s, s:I, s:s, s:s}", "file", each->file, "line",
                                                          (json_int_t)each->line, "path", each->path, "error",
                                                          each->error)) < 0) {
                        json_decref(list);
                        return NULL;
                }
        }
        return list;
}
