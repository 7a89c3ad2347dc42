#include "intake/check.h"

#include <ctype.h>
#include <string.h>

#define PHONE_DIGITS_MIN 7
#define PHONE_DIGITS_MAX 15
#define MAIL_LOCAL_MAX 64
#define MAIL_DOMAIN_MAX 253

static bool is_alnum(char c)
{
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool check_phone(const char *text)
{
        size_t digits;

        if (text[0] != '+' || text[1] < '1' || text[1] > '9')
                return false;
        digits = strspn(text + 1, "0123456789");
        return digits >= PHONE_DIGITS_MIN && digits <= PHONE_DIGITS_MAX && text[1 + digits] == '\0';
}

static bool is_domain(const char *text)
{
        bool has_dot = false;

        if (strlen(text) > MAIL_DOMAIN_MAX || !*text)
                return false;
        for (const char *label = text;;) {
                size_t length = strcspn(label, ".");

                if (length == 0 || length > 63 || label[0] == '-' || label[length - 1] == '-')
                        return false;
                for (size_t i = 0; i < length; i++)
                        if (!is_alnum(label[i]) && label[i] != '-')
                                return false;
                if (!label[length])
                        return has_dot;
                has_dot = true;
                label += length + 1;
        }
}

bool check_mail(const char *text)
{
        const char *at = strchr(text, '@');
        size_t local = at ? (size_t)(at - text) : 0;

        if (local == 0 || local > MAIL_LOCAL_MAX || text[0] == '.' || text[local - 1] == '.')
                return false;
        for (size_t i = 0; i < local; i++)
                if (!is_alnum(text[i]) &&
                    (!strchr(".!#$%&'*+-/=?^_`{|}~", text[i]) || (text[i] == '.' && text[i + 1] == '.')))
                        return false;
        return is_domain(at + 1);
}

bool check_language(const char *text)
{
        size_t length = strcspn(text, "-");

        if (length < 2 || length > 3)
                return false;
        for (bool is_first = true;; is_first = false) {
                if (length == 0 || length > 8)
                        return false;
                for (size_t i = 0; i < length; i++)
                        if (!is_alnum(text[i]) || (is_first && isdigit((unsigned char)text[i])))
                                return false;
                if (!text[length])
                        return true;
                text += length + 1;
                length = strcspn(text, "-");
        }
}

bool check_url(const char *text)
{
        size_t scheme = strncmp(text, "https://", 8) == 0 ? 8 : strncmp(text, "http://", 7) == 0 ? 7 : 0;

        if (!scheme || !text[scheme])
                return false;
        for (; *text; text++)
                if ((unsigned char)*text <= ' ' || (unsigned char)*text >= 0x7f ||
                    strchr("\"<>\\^`{|}", *text))
                        return false;
        return true;
}
