/* provider_p: what the files that make up a provider share; nobody else includes it. */
#ifndef DELIVER_PROVIDER_P_H
#define DELIVER_PROVIDER_P_H

#include "base/yaml.h"
#include "compose/mustache.h"
#include "deliver/provider.h"
#include "deliver/webhook.h"
#include "store/receipt.h"

#include <jansson.h>

#define ANSWER_RULE_MAX 32
#define ANSWER_EQUALS_MAX 32 /* values or status ranges of one condition */
#define SETTING_MAX 32       /* different ${NAME} of one provider */
#define STATUS_WORD_MAX 64   /* words that a provider has for one kind of status */

enum word_kind { WORD_DELIVERED, WORD_FAILED, WORD_TEMPORARY, WORD_BAD_ADDRESS, WORD_TAKEN, WORD_KINDS };

struct answer_rule {
        struct {
                int from, to;
        } status[ANSWER_EQUALS_MAX];
        int status_count; /* 0: any */
        char *field;      /* NULL: no condition */
        char *equals[ANSWER_EQUALS_MAX];
        int equals_count; /* 0: the field is there */
        enum attempt_outcome outcome;
        bool is_bad_address;
        char *id, *detail; /* JSON pointers or NULL */
        char *id_header;
};

#define STATUS_POINTER_MAX 4 /* fields that make up one status */

/* Words of a provider for what became of a message. */
struct status_words {
        char *pointers[STATUS_POINTER_MAX + 1]; /* their texts, joined by '/', are the word; ends with NULL */
        char **words[WORD_KINDS];               /* by enum word_kind; lists that end with NULL, or NULL */
};

struct header {
        char *name;
        struct template *value;
};

enum signature_kind {
        SIGNATURE_NONE,
        SIGNATURE_BASIC,
        SIGNATURE_HMAC_SHA256,
        SIGNATURE_HMAC_SHA1,
        SIGNATURE_ECDSA,
        SIGNATURE_TOKEN
};

/* What is signed, in order. */
enum signed_part {
        SIGNED_END,
        SIGNED_BODY,
        SIGNED_URL,
        SIGNED_PARAMETERS,
        SIGNED_TIMESTAMP,
        SIGNED_DOT,
        SIGNED_FIELD
};

#define SIGNED_PART_MAX 8

struct signature {
        enum signature_kind kind;
        char *secret;          /* of HMAC and token; of ECDSA the public key, base64 of its DER */
        char *header, *prefix; /* where the signature or token stands and what precedes it there */
        char *field, *query;   /* or: pointer into the body, name of a query value */
        bool is_base64;        /* else hexadecimal */
        char *timestamp;       /* a header's name or a pointer; NULL: none */
        enum signed_part parts[SIGNED_PART_MAX + 1];
        char *fields[SIGNED_PART_MAX]; /* pointers of SIGNED_FIELD, by position */
        int64_t tolerance;             /* seconds */
        char *user, *password;         /* of basic */
};

struct webhook {
        bool exists;
        struct signature signature;
        bool is_form;
        char *inside; /* pointer to a text that holds the JSON meant; NULL: the body is it */
        char *list;   /* pointer to the array of items; "": the body; NULL: the body is one */
        char *only_field, *only_equals;     /* items whose field is not so are passed over; NULL: all count */
        char *id, *reference, *detail, *at; /* of receipts; id, at also of replies */
        char *reference_query;              /* the query value that holds the reference */
        struct status_words status;         /* of receipts */
        char *from, *text;                  /* of replies */
};

struct question {
        bool exists, by_key;
        struct template *url;
        int64_t wait, every, until; /* seconds; every 0: accepted messages are not asked after */
        int missing[ANSWER_EQUALS_MAX], missing_count; /* HTTP status that means: not there */
        char *item, *id, *detail;                      /* pointers or NULL */
        struct status_words status;
};

struct sender {
        char *organisation, *sender;
};

/* Values that cost more than copying a text: made only for a provider whose templates print them. */
enum provider_use {
        USE_UUID = 1 << 0,
        USE_DATE = 1 << 1,
        USE_SENDER = 1 << 2, /* from, from_mailbox, from_name, reply_to, message_id */
        USE_RECEIPT_URL = 1 << 3,
        USE_SETTINGS = 1 << 4,
        USE_NUMBER = 1 << 5,
        USE_UNICODE = 1 << 6,
        USE_LABELS = 1 << 7, /* id, channel, title, language, urgent */
        USE_EMAIL = 1 << 8,  /* html, unsubscribe, calendar */
        USE_ALL = (1 << 9) - 1
};

struct provider {
        char *name;
        unsigned uses; /* enum provider_use */
        bool takes_sms, takes_email, is_insecure, is_loopback, is_smtp, is_text_answer;
        char *method;
        enum compose_escape escape;
        const char *content_type;
        char *base_url;   /* stands before what `url` renders; NULL: none */
        char *public_url; /* what others see of the gateway; NULL: not known */
        struct template *url, *body;
        struct header headers[PROVIDER_HEADER_MAX];
        int header_count;
        char *user, *password, *authorization, *sigv4, *ca_file;
        char *sender, *sender_name, *reply_to; /* the settings SENDER, SENDER_NAME, REPLY_TO; or NULL */
        char *idempotency_header;
        bool is_idempotent;
        int64_t idempotent_seconds;
        struct answer_rule answers[ANSWER_RULE_MAX];
        int answer_count;
        struct question question;
        int connections;
        struct provider_limits limits;
        struct {
                char *name, *value;
        } settings[SETTING_MAX];
        int setting_count;
        struct webhook receipts, replies;
        char *prefixes, *senders_json; /* JSON arrays, or NULL */
        int prefix_count;
        struct sender senders[PROVIDER_SENDER_MAX];
        int sender_count;
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
/* The same of TEXT, which stands in NODE; for a template ${NAME} becomes the variable settings.NAME. */
int provider_fill(struct provider_reader *reader, const struct yaml_node *node, const char *text,
                  bool for_template, char **ret_text);
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
int provider_read_question(struct provider_reader *reader, const struct yaml_node *node);
/* The keys status, delivered, failed, temporary, bad_address and taken of NODE. */
int provider_read_status(struct provider_reader *reader, const struct yaml_node *node, bool takes,
                         struct status_words *words);
/* The kind of the word that JSON holds; -1 when it is none that the file names, -2 when there is no word. */
int status_words_find(const struct status_words *words, const json_t *json);
void status_words_fini(struct status_words *words);
void question_fini(struct question *question);

/* {{key}} of a message, and the address to which its receipts may be posted ("" when it is not known). */
#define PROVIDER_KEY_MAX 80
void provider_key(const struct message *message, const char *uid, char ret_key[static PROVIDER_KEY_MAX]);
/* What the templates of a provider that has been read print. */
unsigned provider_uses(const struct provider *provider);
/* The values that templates see; NULL with ERR filled when that fails. */
struct value *provider_values(const struct provider *provider, const struct message *message, const char *uid,
                              struct err *err);
/* PREFIX and what the template prints; free() it. */
int provider_render(const struct template *template, const struct value *values, enum compose_escape escape,
                    const char *prefix, size_t max_bytes, char **ret_text, size_t *ret_length,
                    struct err *err);

/* Whether the request came from the provider, by its file. */
struct webhook_request;
bool signature_fits(const struct provider *provider, enum webhook_kind kind,
                    const struct signature *signature, const struct webhook_request *request);
int signature_read(struct provider_reader *reader, const struct yaml_node *node, struct signature *signature);
void signature_fini(struct signature *signature);
bool signature_key_is_good(const char *text); /* base64 of the DER of a public key on a curve */
/* A form as a JSON object of texts; NULL when it is none. */
json_t *form_parse(const char *body, size_t length);

void answer_rule_fini(struct answer_rule *rule);
void webhook_fini(struct webhook *webhook);

#endif
