#include "web/cookie.h"

#include <string.h>

void cookie_read(const char *header, const char *name, size_t size, char *ret_value)
{
        const size_t name_length = strlen(name);

        while (header && *header) {
                size_t length = strcspn(header, ";");

                if (length == name_length + size && strncmp(header, name, name_length) == 0 &&
                    header[name_length] == '=') {
                        memcpy(ret_value, header + name_length + 1, size - 1);
                        ret_value[size - 1] = '\0';
                }
                header += length;
                header += strspn(header, "; ");
        }
}
