#include "deliver/json_pointer.h"
#include "base/yaml.h"

#include <stdio.h>
#include <string.h>

/* One part after its '/', with ~1 and ~0 undone; the place after it, or NULL when it is no part. */
static const char *read_part(const char *pointer, char ret_part[static JSON_POINTER_PART_MAX])
{
        size_t length = 0;

        if (*pointer++ != '/')
                return NULL;
        for (; *pointer && *pointer != '/'; pointer++) {
                char byte = *pointer;

                if (byte == '~') {
                        pointer++;
                        if (*pointer != '0' && *pointer != '1')
                                return NULL;
                        byte = *pointer == '0' ? '~' : '/';
                }
                if (length == JSON_POINTER_PART_MAX - 1)
                        return NULL;
                ret_part[length++] = byte;
        }
        ret_part[length] = '\0';
        return pointer;
}

bool json_pointer_valid(const char *pointer)
{
        char part[JSON_POINTER_PART_MAX];

        while (pointer && *pointer)
                pointer = read_part(pointer, part);
        return pointer != NULL;
}

const json_t *json_pointer_at(const json_t *root, const char *pointer)
{
        char part[JSON_POINTER_PART_MAX];
        int64_t index;

        while (root && *pointer) {
                pointer = read_part(pointer, part);
                if (!pointer)
                        return NULL;
                if (json_is_array(root))
                        root = yaml_read_int(part, &index) && index >= 0 ? json_array_get(root, (size_t)index)
                                                                         : NULL;
                else
                        root = json_object_get(root, part);
        }
        return root;
}

bool json_pointer_text(const json_t *root, const char *pointer, char *ret_text, size_t size)
{
        const json_t *value = json_pointer_at(root, pointer);
        int length;

        if (json_is_string(value))
                length = snprintf(ret_text, size, "%s", json_string_value(value));
        else if (json_is_integer(value))
                length = snprintf(ret_text, size, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        else if (json_is_real(value))
                length = snprintf(ret_text, size, "%.17g", json_real_value(value));
        else if (json_is_boolean(value))
                length = snprintf(ret_text, size, "%s", json_is_true(value) ? "true" : "false");
        else
                return false;
        return length >= 0 && (size_t)length < size;
}
