#include "compose/json_text.h"

#include <stdbool.h>
#include <string.h>

static __thread bool has_run_out;

static void *noted_malloc(size_t size)
{
        void *memory = malloc(size);

        if (!memory)
                has_run_out = true;
        return memory;
}

/* Before there are threads: jansson keeps its functions in plain variables. */
__attribute__((constructor)) static void note_memory(void)
{
        json_set_alloc_funcs(noted_malloc, free);
}

int json_text_read(const char *data, size_t length, size_t flags, json_t **ret_json, json_error_t *ret_error)
{
        json_t *json;

        has_run_out = false;
        json = json_loadb(data, length, flags, ret_error);
        if (has_run_out) { /* also of what was read: without memory the lexer drops a byte and goes on */
                json_decref(json);
                json = NULL;
                ret_error->text[JSON_ERROR_TEXT_LENGTH - 1] = (char)json_error_out_of_memory;
        }
        if (!json)
                return json_error_code(ret_error) == json_error_out_of_memory ? ERR_NOMEM : ERR_INVALID;
        *ret_json = json;
        return 0;
}
