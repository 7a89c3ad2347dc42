/* provider_p: what the files that make up a provider share; nobody else includes it. */
#ifndef DELIVER_PROVIDER_P_H
#define DELIVER_PROVIDER_P_H

#include "base/yaml.h"
#include "compose/mustache.h"
#include "deliver/provider.h"
#include "store/receipt.h"

#define ANSWER_RULE_MAX 32
#define ANSWER_EQUALS_MAX 32 /* values or status ranges of one condition */
#define SETTING_MAX 32       /* different ${NAME} of one provider */
#define STATUS_WORD_MAX 64   /* words that a provider has for one receipt status */

struct answer_rule {
        struct {
                int from, to;
        } status[ANSWER_EQUALS_MAX];
        int status_count; /* 0: any */
        char *field;      /* NULL: no condition */
        char *equals[ANSWER_EQUALS_MAX];
        int equals_count; /* 0: the field is there */
        enum attempt_outcome outcome;
        char *id, *detail; /* JSON pointers or NULL */
};

struct header {
        char *name;
        struct template *value;
};

enum signature_kind { SIGNATURE_NONE, SIGNATURE_BASIC, SIGNATURE_HMAC_SHA256, SIGNATURE_HMAC_SHA1 };

struct signature {
        enum signature_kind kind;
        char *secret;           /* of HMAC */
        char *header, *prefix;  /* where the signature stands and what precedes it there */
        bool is_base64;         /* else hexadecimal */
        char *timestamp_header; /* NULL: the body alone is signed; else TIMESTAMP.BODY */
        int64_t tolerance;      /* seconds */
        char *user, *password;  /* of basic */
};

struct webhook {
        bool exists;
        struct signature signature;
        bool is_form;
        char *list;                          /* pointer to the array of items; NULL: the body is one */
        char *id, *reference, *detail, *at;  /* of receipts; id, at also of replies */
        char *status;                        /* of receipts */
        char *words[3][STATUS_WORD_MAX + 1]; /* by enum receipt_status; ends with NULL */
        char *from, *text;                   /* of replies */
};

struct provider {
        char *name;
        bool takes_sms, takes_email, is_insecure, is_loopback;
        char *method;
        enum compose_escape escape;
        const char *content_type;
        char *base_url; /* stands before what `url` renders; NULL: none */
        struct template *url, *body;
        struct header headers[PROVIDER_HEADER_MAX];
        int header_count;
        char *user, *password, *authorization;
        char *idempotency_header;
        struct answer_rule answers[ANSWER_RULE_MAX];
        int answer_count;
        int connections;
        double per_second, burst;
        struct {
                char *name, *value;
        } settings[SETTING_MAX];
        int setting_count;
        struct webhook receipts, replies;
};

/* What a file is read with. */
struct provider_reader {
        struct provider *provider;
        provider_setting_fn setting;
        void *context;
        struct err *err;
};

/* The text of a scalar with each ${NAME} replaced by its value; free() it. */
int provider_read_text(struct provider_reader *reader, const struct yaml_node *node, char **ret_text);
/* A template, in which ${NAME} is the variable settings.NAME, so that its value is escaped like any other. */
int provider_read_template(struct provider_reader *reader, const struct yaml_node *node,
                           struct template **ret_template);
/* The text of KEY, which may be absent (*ret_text stays as it is). */
int provider_read_key(struct provider_reader *reader, const struct yaml_node *node, const char *key,
                      char **ret_text);
/* A JSON pointer under KEY, which may be absent. */
int provider_read_pointer(struct provider_reader *reader, const struct yaml_node *node, const char *key,
                          char **ret_text);
/* One text or a list of them, at most MAX, into TABLE. */
int provider_read_words(struct provider_reader *reader, const struct yaml_node *node, char **table, int max,
                        int *ret_count);

int provider_read_request(struct provider_reader *reader, const struct yaml_node *node);
/* What the template of a JSON body makes must be JSON. */
int provider_check_body(const struct provider *provider, const struct provider_request *request,
                        struct err *err);
int provider_read_answers(struct provider_reader *reader, const struct yaml_node *node);
int webhook_read(struct provider_reader *reader, const struct yaml_node *node, bool is_receipts,
                 struct webhook *webhook);

/* Empties TEXT unless it looks like a code: a provider's word may quote a message or an address. */
void provider_keep_code(char *text);

void provider_request_part_fini(struct provider *provider);
void answer_rule_fini(struct answer_rule *rule);
void webhook_fini(struct webhook *webhook);

#endif
