#include "intake/oneroster_index.h"

#include <string.h>

void index_fini(struct index *index)
{
        for (size_t i = 0; i < index->count; i++) {
                free(index->items[i].id);
                free(index->items[i].name);
                free(index->items[i].parent);
        }
        free(index->items);
        *index = (struct index){0};
}

static int copy(const char *text, char **ret_copy)
{
        *ret_copy = text ? strdup(text) : NULL;
        return !text || *ret_copy ? 0 : ERR_NOMEM;
}

int index_add(struct index *index, const char *id, const char *name, const char *parent,
              struct index_entry **ret_entry, struct err *err)
{
        struct index_entry *entry, *grown;
        size_t size = index->allocated;

        if (index->count == INDEX_MAX)
                return err_set(err, ERR_LIMIT, "more than %d rows: split the export", INDEX_MAX);
        if (index->count == size) {
                size = size ? size * 2 : 1024;
                grown = reallocarray(index->items, size, sizeof *grown);
                if (!grown)
                        return err_set(err, ERR_NOMEM, "import: out of memory");
                index->items = grown;
                index->allocated = size;
        }
        entry = &index->items[index->count];
        *entry = (struct index_entry){0};
        if (copy(id, &entry->id) < 0 || copy(name, &entry->name) < 0 || copy(parent, &entry->parent) < 0) {
                free(entry->id);
                free(entry->name);
                return err_set(err, ERR_NOMEM, "import: out of memory");
        }
        index->count++;
        index->is_sorted = false;
        *ret_entry = entry;
        return 0;
}

static int compare(const void *a, const void *b)
{
        const struct index_entry *first = a, *second = b;

        return strcmp(first->id, second->id);
}

struct index_entry *index_find(struct index *index, const char *id)
{
        const struct index_entry key = {.id = (char *)id};

        if (index->count == 0)
                return NULL;
        if (!index->is_sorted)
                qsort(index->items, index->count, sizeof *index->items, compare);
        index->is_sorted = true;
        return bsearch(&key, index->items, index->count, sizeof *index->items, compare);
}
