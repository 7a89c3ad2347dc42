#include "base/buf.h"
#include "deliver/mail.h"
#include "deliver/provider_p.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define URL_MAX_BYTES 4096
#define HEADER_MAX_BYTES 4096
#define LOOPBACK_URL_VARIABLE "{{loopback_url}}"
#define AUTHORIZATION_MAX_BYTES 4096

void provider_request_part_fini(struct provider *provider)
{
        free(provider->method);
        free(provider->base_url);
        free(provider->public_url);
        free(provider->sigv4);
        template_free(provider->url);
        template_free(provider->body);
        for (int i = 0; i < provider->header_count; i++) {
                free(provider->headers[i].name);
                template_free(provider->headers[i].value);
        }
        for (int i = 0; i < provider->setting_count; i++) {
                free(provider->settings[i].name);
                free(provider->settings[i].value);
        }
        free(provider->user);
        free(provider->password);
        free(provider->authorization);
}

/* ---- reading the file */

static bool host_is_loopback(const char *url)
{
        static const char *const hosts[] = {"127.0.0.1", "localhost", "[::1]"};
        const char *host = strstr(url, "://");

        host = host ? host + 3 : url;
        for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
                size_t length = strlen(hosts[i]);

                if (strncmp(host, hosts[i], length) == 0 &&
                    (host[length] == '\0' || strchr(":/?", host[length])))
                        return true;
        }
        return false;
}

static int check_address(struct provider_reader *reader, const struct yaml_node *node, const char *base)
{
        struct provider *provider = reader->provider;
        bool is_plain = strncasecmp(base, "http://", 7) == 0;

        provider->is_smtp = strncasecmp(base, "smtp://", 7) == 0 || strncasecmp(base, "smtps://", 8) == 0;
        if (!is_plain && !provider->is_smtp && strncasecmp(base, "https://", 8) != 0)
                return yaml_refuse(node, reader->err,
                                   "is no address: begin it with https:// (or smtp:// or smtps://)");
        for (const char *at = base; *at; at++)
                if ((unsigned char)*at <= ' ' || *at == '{' || *at == '@')
                        return yaml_refuse(
                            node, reader->err,
                            "the host must stand there in plain letters: keep variables to the "
                            "path and query");
        provider->is_loopback = host_is_loopback(base);
        if (is_plain && !provider->is_loopback && !provider->is_insecure)
                return yaml_refuse(
                    node, reader->err,
                    "http:// would send messages unencrypted: use https:// (or insecure: true)");
        return 0;
}

/* Where the path begins in TEXT, which may have ${NAME:-otherwise} in its host. */
static const char *path_of(const char *text)
{
        const char *at = strstr(text, "://");

        for (at = at ? at + 3 : text; *at && *at != '/' && *at != '?'; at++)
                if (strncmp(at, "${", 2) == 0)
                        at += strcspn(at, "}") - (at[strcspn(at, "}")] == '\0');
        return at;
}

/* Scheme and host, which are fixed. */
static int read_base(struct provider_reader *reader, const struct yaml_node *node, const char *text,
                     const char *path)
{
        const char *loopback = reader->setting(reader->context, "loopback_url");
        struct provider *provider = reader->provider;
        _cleanup_(free_ptr) char *base = strndup(text, (size_t)(path - text));
        int r;

        if (!base)
                return err_set(reader->err, ERR_NOMEM, "provider: out of memory");
        if (strcmp(base, LOOPBACK_URL_VARIABLE) != 0) {
                r = provider_fill(reader, node, base, false, &provider->base_url);
                return r < 0 ? r : check_address(reader, node, provider->base_url);
        }
        if (!loopback)
                return yaml_refuse(node, reader->err, "the gateway's own address is not known here");
        provider->is_loopback = true;
        provider->base_url = strdup(loopback);
        return provider->base_url ? 0 : err_set(reader->err, ERR_NOMEM, "provider: out of memory");
}

/* Splits scheme and host from the path, which is a template. */
static int read_url(struct provider_reader *reader, const struct yaml_node *node)
{
        _cleanup_(free_ptr) char *filled = NULL;
        const char *text, *path;
        int r = yaml_text(node, &text, reader->err);

        if (r < 0)
                return r;
        path = path_of(text);
        r = read_base(reader, node, text, path);
        if (r == 0)
                r = provider_fill(reader, node, path, true, &filled);
        if (r == 0)
                r = template_parse(filled, yaml_file(node), yaml_line(node), &reader->provider->url,
                                   reader->err);
        return r;
}

static bool header_name_is_good(const char *name)
{
        static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

        return *name && strspn(name, allowed) == strlen(name);
}

static int read_header(struct provider_reader *reader, const struct yaml_node *node)
{
        static const char *const ours[] = {"host", "content-length", "transfer-encoding", "expect",
                                           "connection"};
        struct provider *provider = reader->provider;
        const char *name = yaml_key(node);
        struct header *header;

        if (!header_name_is_good(name))
                return yaml_refuse(node, reader->err, "is no header name: correct it");
        for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
                if (strcasecmp(name, ours[i]) == 0)
                        return yaml_refuse(node, reader->err, "is set by the program itself: remove it");
        /* Three are kept for Content-Type, Authorization and the idempotency key. */
        if (provider->header_count == PROVIDER_HEADER_MAX - 3)
                return yaml_refuse(node, reader->err, "more than %d headers: use fewer",
                                   PROVIDER_HEADER_MAX - 3);
        header = &provider->headers[provider->header_count++];
        header->name = strdup(name);
        if (!header->name)
                return err_set(reader->err, ERR_NOMEM, "provider: out of memory");
        return provider_read_template(reader, node, &header->value);
}

static int read_format(struct provider_reader *reader, const struct yaml_node *request)
{
        static const struct {
                const char *name, *content_type;
                enum compose_escape escape;
        } formats[] = {{"json", "application/json", ESCAPE_JSON},
                       {"form", "application/x-www-form-urlencoded", ESCAPE_URL},
                       {"text", "text/plain; charset=utf-8", ESCAPE_PLAIN}};
        const struct yaml_node *node;
        const char *text;
        int r = yaml_need(request, "format", &node, reader->err);

        if (r == 0)
                r = yaml_text(node, &text, reader->err);
        if (r < 0)
                return r;
        for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
                if (strcmp(text, formats[i].name))
                        continue;
                reader->provider->escape = formats[i].escape;
                reader->provider->content_type = formats[i].content_type;
                return 0;
        }
        return yaml_refuse(node, reader->err, "\"%.20s\" is no format: use json, form or text", text);
}

/* Texts that must be there, each into its place. */
static int need_texts(struct provider_reader *reader, const struct yaml_node *node, const char *const keys[],
                      char **const places[])
{
        const struct yaml_node *value;
        int r = yaml_only_keys(node, keys, reader->err);

        for (int i = 0; keys[i] && r == 0; i++) {
                r = yaml_need(node, keys[i], &value, reader->err);
                if (r == 0)
                        r = provider_read_text(reader, value, places[i]);
                if (r == 0 && (!**places[i] || strpbrk(*places[i], "\r\n")))
                        r = yaml_refuse(value, reader->err, "is empty or no single line: check the setting");
        }
        return r;
}

static int read_sigv4(struct provider_reader *reader, const struct yaml_node *node)
{
        static const char *const keys[] = {"key", "secret", "region", "service", NULL};
        _cleanup_(free_ptr) char *region = NULL, *service = NULL;
        struct provider *provider = reader->provider;
        char **const places[] = {&provider->user, &provider->password, &region, &service};
        int r = need_texts(reader, node, keys, places);

        if (r == 0 && asprintf(&provider->sigv4, "aws:amz:%s:%s", region, service) < 0) {
                provider->sigv4 = NULL;
                r = err_set(reader->err, ERR_NOMEM, "provider: out of memory");
        }
        return r;
}

/* A header of any name and value, kept out of `headers` since it holds a secret. */
static int read_header_auth(struct provider_reader *reader, const struct yaml_node *node)
{
        struct provider *provider = reader->provider;
        _cleanup_(free_ptr) char *value = NULL;
        const char *name;
        int r = yaml_want(node, YAML_KIND_MAPPING, reader->err);

        if (r == 0 && yaml_count(node) != 1)
                r = yaml_refuse(node, reader->err, "give one header and its value");
        if (r == 0)
                r = provider_read_text(reader, yaml_at(node, 0), &value);
        if (r < 0)
                return r;
        name = yaml_key(yaml_at(node, 0));
        if (!header_name_is_good(name) || !*value || strpbrk(value, "\r\n") ||
            strlen(value) > AUTHORIZATION_MAX_BYTES)
                return yaml_refuse(node, reader->err, "is no header or no value: check the setting");
        if (asprintf(&provider->authorization, "%s: %s", name, value) < 0) {
                provider->authorization = NULL;
                return err_set(reader->err, ERR_NOMEM, "provider: out of memory");
        }
        return 0;
}

static int read_bearer(struct provider_reader *reader, const struct yaml_node *node)
{
        struct provider *provider = reader->provider;
        _cleanup_(free_ptr) char *token = NULL;
        int r = provider_read_text(reader, node, &token);

        if (r < 0)
                return r;
        if (!*token || strpbrk(token, "\r\n") ||
            asprintf(&provider->authorization, "Authorization: Bearer %s", token) < 0) {
                provider->authorization = NULL;
                return yaml_refuse(node, reader->err, "is no token: check the setting");
        }
        return 0;
}

static int read_auth(struct provider_reader *reader, const struct yaml_node *node)
{
        static const char *const keys[] = {"aws_sigv4", "basic", "bearer", "header", NULL},
                                 *const basic_keys[] = {"user", "password", NULL};
        struct provider *provider = reader->provider;
        char **const places[] = {&provider->user, &provider->password};
        const struct yaml_node *kind;
        int r = yaml_only_keys(node, keys, reader->err);

        if (r == 0 && yaml_count(node) != 1)
                r = yaml_refuse(node, reader->err, "give either basic or bearer, header or aws_sigv4");
        if (r < 0)
                return r;
        kind = yaml_at(node, 0);
        if (strcmp(yaml_key(kind), "basic") == 0)
                return need_texts(reader, kind, basic_keys, places);
        if (strcmp(yaml_key(kind), "bearer") == 0)
                return read_bearer(reader, kind);
        if (strcmp(yaml_key(kind), "header") == 0)
                return read_header_auth(reader, kind);
        return read_sigv4(reader, kind);
}

static bool is_smtp(const struct yaml_node *request)
{
        const char *text;

        return yaml_get(request, "url") && yaml_text(yaml_get(request, "url"), &text, NULL) == 0 &&
               strncasecmp(text, "smtp", 4) == 0;
}

/* Of an e-mail by SMTP there is nothing to say but where to and as whom: the message is made by
 * deliver/mail.h. */
static int check_smtp(struct provider_reader *reader, const struct yaml_node *node)
{
        static const char *const keys[] = {"url", "auth", NULL};
        struct provider *provider = reader->provider;
        int r = provider->is_smtp ? yaml_only_keys(node, keys, reader->err) : 0;

        if (r == 0 && provider->is_smtp && (provider->takes_sms || !provider->takes_email))
                r = yaml_refuse(node, reader->err, "carries e-mail alone: give channels: [email]");
        if (r == 0 && provider->is_smtp && (provider->sigv4 || provider->authorization))
                r = yaml_refuse(node, reader->err, "SMTP knows basic alone: give user and password");
        if (r == 0 && provider->is_smtp && (!provider->sender || !strchr(provider->sender, '@')))
                r = yaml_refuse(node, reader->err,
                                "${SENDER} is not set: set the mailbox that messages come "
                                "from in the configuration");
        return r;
}

static int read_method(struct provider_reader *reader, const struct yaml_node *request)
{
        struct provider *provider = reader->provider;
        const struct yaml_node *node = yaml_get(request, "method");
        const char *text = "POST";
        int r = node ? yaml_text(node, &text, reader->err) : 0;

        if (r < 0)
                return r;
        if (strcmp(text, "POST") && strcmp(text, "PUT") && strcmp(text, "GET"))
                return yaml_refuse(node, reader->err, "\"%.20s\" is no method: use POST, PUT or GET", text);
        provider->method = strdup(text);
        if (!provider->method)
                return err_set(reader->err, ERR_NOMEM, "provider: out of memory");
        if (!is_smtp(request) && (strcmp(text, "GET") == 0) == (yaml_get(request, "body") != NULL))
                return yaml_refuse(request, reader->err,
                                   "GET has no body and the others have one: mend the two");
        return 0;
}

int provider_read_request(struct provider_reader *reader, const struct yaml_node *node)
{
        static const char *const keys[] = {"method", "url", "headers", "format", "body", "auth", NULL};
        const struct yaml_node *value, *headers = yaml_get(node, "headers");
        int r = yaml_only_keys(node, keys, reader->err);

        if (r == 0)
                r = read_method(reader, node);
        if (r == 0)
                r = yaml_need(node, "url", &value, reader->err);
        if (r == 0)
                r = read_url(reader, value);
        if (r == 0 && headers)
                r = yaml_want(headers, YAML_KIND_MAPPING, reader->err);
        for (int i = 0; r == 0 && headers && i < yaml_count(headers); i++)
                r = read_header(reader, yaml_at(headers, i));
        if (r == 0 && yaml_get(node, "body"))
                r = read_format(reader, node);
        if (r == 0 && yaml_get(node, "body"))
                r = provider_read_template(reader, yaml_get(node, "body"), &reader->provider->body);
        if (r == 0 && yaml_get(node, "auth"))
                r = read_auth(reader, yaml_get(node, "auth"));
        return r < 0 ? r : check_smtp(reader, node);
}

/* ---- a message's request */

int provider_render(const struct template *template, const struct value *values, enum compose_escape escape,
                    const char *prefix, size_t max_bytes, char **ret_text, size_t *ret_length,
                    struct err *err)
{
        struct template_render how = {.values = values, .escape = escape};
        struct buf buf;
        int r;

        buf_init(&buf, max_bytes);
        buf_adds(&buf, prefix);
        r = template_render(template, &how, &buf, err);
        if (r == 0 && buf_error(&buf))
                r = err_set(err, buf_error(&buf),
                            "%s: a request is longer than %zu bytes: shorten the message",
                            template_name(template), max_bytes);
        if (r == 0) {
                if (ret_length)
                        *ret_length = buf.length;
                *ret_text = buf_take(&buf);
                r = *ret_text ? 0 : err_set(err, ERR_NOMEM, "provider: out of memory");
        }
        buf_fini(&buf);
        return r;
}

/* A value must not end its header line. */
static void make_one_line(char *text)
{
        for (; *text; text++)
                if ((unsigned char)*text < ' ' || *text == 127)
                        *text = ' ';
}

static int add_header(struct provider_request *request, const char *name, const char *value, struct err *err)
{
        size_t length = strlen(name), size = strlen(value) + 1;
        char *line = malloc(length + 2 + size);

        if (!line)
                return err_set(err, ERR_NOMEM, "provider: out of memory");
        memcpy(line, name, length);
        memcpy(line + length, ": ", 2);
        memcpy(line + length + 2, value, size);
        make_one_line(line);
        request->headers[request->header_count++] = line;
        return 0;
}

/* Headers of the file; one that comes out empty is left out. */
static int add_own_headers(const struct provider *provider, const struct value *values,
                           struct provider_request *request, struct err *err)
{
        char *value;
        int r = 0;

        for (int i = 0; r == 0 && i < provider->header_count; i++) {
                r = provider_render(provider->headers[i].value, values, ESCAPE_PLAIN, "", HEADER_MAX_BYTES,
                                    &value, NULL, err);
                if (r < 0)
                        break;
                if (*value)
                        r = add_header(request, provider->headers[i].name, value, err);
                free(value);
        }
        return r;
}

static bool names_type(const struct provider *provider)
{
        for (int i = 0; i < provider->header_count; i++)
                if (strcasecmp(provider->headers[i].name, "Content-Type") == 0)
                        return true;
        return false;
}

static int add_headers(const struct provider *provider, const struct value *values, bool is_question,
                       struct provider_request *request, struct err *err)
{
        const struct value *key = value_find(values, "key");
        int r = add_own_headers(provider, values, request, err);

        if (r == 0 && provider->content_type && !is_question && !names_type(provider))
                r = add_header(request, "Content-Type", provider->content_type, err);
        if (r == 0 && provider->idempotency_header && !is_question)
                r = add_header(request, provider->idempotency_header, key->text, err);
        if (r == 0 && provider->authorization) {
                request->headers[request->header_count] = strdup(provider->authorization);
                if (!request->headers[request->header_count])
                        return err_set(err, ERR_NOMEM, "provider: out of memory");
                request->header_count++;
        }
        return r;
}

static struct provider_request begin_request(const struct provider *provider, bool is_question)
{
        return (struct provider_request){.method = is_question ? "GET" : provider->method,
                                         .user = provider->user,
                                         .password = provider->password,
                                         .sigv4 = provider->sigv4,
                                         .is_loopback = provider->is_loopback};
}

static int make_mail(const struct provider *provider, const struct value *values,
                     struct provider_request *request, struct err *err)
{
        request->envelope_from = strdup(value_find(values, "from")->text);
        request->envelope_to = strdup(value_find(values, "recipient")->text);
        request->url = strdup(provider->base_url);
        if (!request->envelope_from || !request->envelope_to || !request->url)
                return err_set(err, ERR_NOMEM, "provider: out of memory");
        request->mail_from = request->envelope_from;
        request->mail_to = request->envelope_to;
        return mail_print(values, PROVIDER_BODY_MAX_BYTES, &request->body, &request->body_length, err);
}

static int make_request(const struct provider *provider, const struct value *values,
                        struct provider_request *request, struct err *err)
{
        int r;

        if (provider->is_smtp)
                return make_mail(provider, values, request, err);
        r = provider_render(provider->url, values, ESCAPE_URL, provider->base_url, URL_MAX_BYTES,
                            &request->url, NULL, err);
        if (r == 0 && provider->body)
                r = provider_render(provider->body, values, provider->escape, "", PROVIDER_BODY_MAX_BYTES,
                                    &request->body, &request->body_length, err);
        return r < 0 ? r : add_headers(provider, values, false, request, err);
}

int provider_request(const struct provider *provider, const struct message *message, const char *uid,
                     struct provider_request *ret_request, struct err *err)
{
        struct provider_request request = begin_request(provider, false);
        struct value *values = provider_values(provider, message, uid, err);
        int r;

        if (!values)
                return err && err->code ? err->code : ERR_NOMEM;
        r = make_request(provider, values, &request, err);
        value_free(values);
        if (r < 0)
                provider_request_fini(&request);
        else
                *ret_request = request;
        return r;
}

int provider_question(const struct provider *provider, const struct message *message, const char *uid,
                      const char *provider_id, struct provider_request *ret_request, struct err *err)
{
        struct provider_request request = begin_request(provider, true);
        struct value *values = provider_values(provider, message, uid, err);
        int r;

        if (!values)
                return err && err->code ? err->code : ERR_NOMEM;
        value_set_text(values, "provider_id", provider_id);
        r = value_error(values, err);
        if (r == 0)
                r = provider_render(provider->question.url, values, ESCAPE_URL, provider->base_url,
                                    URL_MAX_BYTES, &request.url, NULL, err);
        if (r == 0)
                r = add_headers(provider, values, true, &request, err);
        value_free(values);
        if (r < 0)
                provider_request_fini(&request);
        else
                *ret_request = request;
        return r;
}

int provider_check_body(const struct provider *provider, const struct provider_request *request,
                        struct err *err)
{
        json_error_t error;
        json_t *json;

        if (!request->body || provider->escape != ESCAPE_JSON)
                return 0;
        json = json_loadb(request->body, request->body_length, 0, &error);
        if (!json)
                return err_set(err, ERR_INVALID, "body: is no JSON (%s): quote each \"{{variable}}\"",
                               error.text);
        json_decref(json);
        return 0;
}

void provider_request_fini(struct provider_request *request)
{
        free(request->url);
        free(request->body);
        free(request->envelope_from);
        free(request->envelope_to);
        for (int i = 0; i < request->header_count; i++)
                free(request->headers[i]);
        *request = (struct provider_request){0};
}
