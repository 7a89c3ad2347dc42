/* kapula doctor: a self-check with advice. */
#include "base/clock.h"
#include "command/check.h"
#include "command/config.h"
#include "command/doctor.h"
#include "command/verbs.h"
#include "store/backup.h"
#include "store/contact.h"
#include "store/db.h"
#include "store/person_show.h"
#include "store/self_check.h"

#include <ctype.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/statvfs.h>

#define LINE_MAX_BYTES 600
#define DISK_LEAST_BYTES ((uint64_t)1 << 30)
#define YEAR_2026 1767225600
#define DAY_SECONDS 86400
#define BACKUP_OLD_DAYS 7

void doctor_tell(struct doctor *doctor, enum finding finding, const char *what, const char *format, ...)
{
        static const char *const words[] = {"well", "advice", "ill"};
        char text[LINE_MAX_BYTES];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(text, sizeof text, format, arguments);
        va_end(arguments);
        doctor->is_ill = doctor->is_ill || finding == FINDING_ILL;
        if (doctor->findings)
                json_array_append_new(doctor->findings, json_pack("{s:s, s:s, s:s}", "what", what, "finding",
                                                                  words[finding], "text", text));
        else
                printf("%-7s %-10s %s\n", words[finding], what, text);
}

static enum finding unless(bool is_bad, enum finding finding)
{
        return is_bad ? finding : FINDING_WELL;
}

static void tell_database(struct doctor *doctor, const struct self_check *check, int64_t now_utc)
{
        if (check->fault[0])
                doctor_tell(doctor, FINDING_ILL, "database",
                            "damaged (%s): stop the gateway and take the newest backup", check->fault);
        else
                doctor_tell(doctor, FINDING_WELL, "database", "whole");
        if (check->schema == check->schema_wanted)
                doctor_tell(doctor, FINDING_WELL, "schema", "version %d", check->schema);
        else
                doctor_tell(doctor, FINDING_ILL, "schema",
                            "version %d, this program wants %d: start the gateway of this release once",
                            check->schema, check->schema_wanted);
        if (now_utc < YEAR_2026 || check->newest > now_utc + 300)
                doctor_tell(doctor, FINDING_ILL, "clock",
                            "behind what was received already: set it, and let it be kept by NTP");
        else
                doctor_tell(doctor, FINDING_WELL, "clock", "not behind anything received");
}

static void tell_disk(struct doctor *doctor, const char *path)
{
        struct statvfs disk;
        uint64_t free_bytes;

        if (statvfs(path, &disk) != 0)
                return;
        free_bytes = (uint64_t)disk.f_bavail * disk.f_frsize;
        doctor_tell(doctor, unless(free_bytes < DISK_LEAST_BYTES, FINDING_ILL), "disk", "%llu MB free%s",
                    (unsigned long long)(free_bytes >> 20),
                    free_bytes < DISK_LEAST_BYTES ? ": make room, nothing is taken in when it is full" : "");
}

static int tell_backup(struct doctor *doctor, struct db *db, int64_t now_utc, struct err *err)
{
        int64_t at_utc = 0, days;
        int r = backup_last(db, &at_utc, err);

        if (r < 0)
                return r;
        days = (now_utc - at_utc) / DAY_SECONDS;
        if (at_utc == 0)
                doctor_tell(doctor, FINDING_ADVICE, "backup", "none was ever made: see kapula help backup");
        else
                doctor_tell(doctor, unless(days >= BACKUP_OLD_DAYS, FINDING_ADVICE), "backup",
                            "%lld days old%s", (long long)days,
                            days >= BACKUP_OLD_DAYS ? ": make one, best each night" : "");
        return 0;
}

static void tell_work(struct doctor *doctor, const struct self_check *check)
{
        doctor_tell(doctor, unless(check->waiting_urgent > 0, FINDING_ILL), "outbox",
                    "%lld urgent messages have waited for over ten minutes%s",
                    (long long)check->waiting_urgent,
                    check->waiting_urgent ? ": is the gateway running, does the provider answer?" : "");
        doctor_tell(doctor, unless(check->lost > 0, FINDING_ADVICE), "messages",
                    "%lld failed, rejected or not known in a day%s", (long long)check->lost,
                    check->lost ? ": see kapula messages --state failed" : "");
        doctor_tell(doctor, unless(check->replies_waiting > 0, FINDING_ADVICE), "replies",
                    "%lld wait for staff%s", (long long)check->replies_waiting,
                    check->replies_waiting ? ": see kapula replies list" : "");
        doctor_tell(doctor, unless(check->feeds_unused > 0, FINDING_ADVICE), "calendars",
                    "%lld links were never fetched in a week%s", (long long)check->feeds_unused,
                    check->feeds_unused ? ": ask whether their owners need help" : "");
        doctor_tell(doctor, unless(check->contacts_bad > 0, FINDING_ADVICE), "contacts", "%lld do not work%s",
                    (long long)check->contacts_bad,
                    check->contacts_bad ? ": correct them in the roster" : "");
}

static int tell_refused(struct doctor *doctor, struct db *db, struct err *err)
{
        int64_t count = 0;
        int r = refused_contacts_count(db, &count, err);

        if (r == 0 && count)
                doctor_tell(
                    doctor, FINDING_ADVICE, "contacts",
                    "%lld were refused by the last import: see kapula people show, correct them in the "
                    "roster",
                    (long long)count);
        return r;
}

static int tell_contact(void *context, const struct bad_contact *contact, struct err *err)
{
        (void)err;
        doctor_tell(context, FINDING_ADVICE, "contact", "%.200s: %s is %s", contact->person, contact->channel,
                    contact->reason);
        return 0;
}

/* ---- sender names */

static bool is_name(const char *text)
{
        for (; *text; text++)
                if (isalpha((unsigned char)*text))
                        return !strchr(text, '@');
        return false;
}

/* Finland, Traficom's regulation 28: since 4 May 2026 every sender name of an SMS must be approved
 * beforehand. */
static void tell_senders(struct doctor *doctor, const struct config *config)
{
        for (int i = 0; i < config->provider_count; i++)
                for (int k = 0; k < config->providers[i].setting_count; k++) {
                        const struct config_setting *setting = &config->providers[i].settings[k];

                        if (strcasecmp(setting->name, "SENDER") == 0 && is_name(setting->value) &&
                            !strchr(setting->value, '@'))
                                doctor_tell(
                                    doctor, FINDING_ADVICE, "sender",
                                    "%.40s: a name in place of a number must be approved through the SMS "
                                    "provider before it reaches "
                                    "phones in Finland, and can be protected at Traficom; nobody can reply "
                                    "to it",
                                    setting->value);
                }
}

/* Whether staff can sign in by the OpenID provider now. */
static void tell_openid(struct doctor *doctor, const struct config *config)
{
        struct openid_options options;
        struct err fault = {0};

        if (!config->desk.openid.issuer)
                return;
        options = config_openid_options(&config->desk.openid);
        if (openid_probe(&options, &fault) == 0)
                doctor_tell(doctor, FINDING_WELL, "sign-in", "the OpenID provider answers");
        else
                doctor_tell(doctor, FINDING_ILL, "sign-in", "%s", fault.text);
}

static int tell_rules(struct doctor *doctor, const struct config *config, struct err *err)
{
        struct check check = {0};
        int r = check_run(&check, NULL, config->rules, NULL, config->templates, err);
        const size_t faults = json_array_size(check.faults);

        if (r == 0)
                doctor_tell(doctor, unless(faults > 0, FINDING_ILL), "rules", "%zu faults%s", faults,
                            faults ? ": see kapula check" : "");
        check_fini(&check);
        return r;
}

/* ---- the verb */

static int examine(struct doctor *doctor, struct db *db, const char *path, const struct config *config,
                   struct err *err)
{
        struct self_check check;
        struct clock clock;
        int64_t now_utc;
        int r;

        clock_init_real(&clock);
        now_utc = clock_now_utc(&clock);
        r = self_check_read(db, now_utc, &check, err);
        if (r < 0)
                return r;
        tell_database(doctor, &check, now_utc);
        tell_disk(doctor, path);
        tell_work(doctor, &check);
        r = tell_backup(doctor, db, now_utc, err);
        if (r == 0)
                r = tell_refused(doctor, db, err);
        if (r == 0)
                r = contact_each_bad(db, tell_contact, doctor, err);
        if (r == 0 && check.schema == check.schema_wanted)
                r = doctor_providers(doctor, db, config, now_utc, err);
        tell_senders(doctor, config);
        tell_openid(doctor, config);
        if (config->is_sandbox)
                doctor_tell(doctor, FINDING_ADVICE, "provider",
                            "the sandbox sends nothing to anybody: name a provider in the configuration");
        return r < 0 ? r : tell_rules(doctor, config, err);
}

static int run(int argc, char **argv, struct err *err)
{
        const char *config_path = NULL, *database = NULL, *operands[OPERAND_MAX];
        _cleanup_(config_fini) struct config config = {0};
        _cleanup_(free_ptr) char *path = NULL;
        struct doctor doctor = {0};
        struct db *db = NULL;
        bool json = false;
        const struct option_spec specs[] = {{.name = "--config", .value = &config_path},
                                            {.name = "--db", .value = &database},
                                            {.name = "--json", .flag = &json},
                                            {0}};
        int count, r = options_read(argc, argv, specs, operands, &count, err);

        if (r == 0 && count)
                r = err_set(err, ERR_USAGE, "doctor: takes no operands: see kapula help doctor");
        if (r < 0)
                return r;
        r = config_load(config_path, &config, err);
        if (r < 0)
                return ERR_IO; /* a wrong configuration is "could not" */
        r = command_database_path(database ? database : config.database, &path, err);
        if (r == 0)
                r = db_open(path, DB_READER, &db, err);
        if (r == 0 && json)
                doctor.findings = json_array();
        if (r == 0)
                r = examine(&doctor, db, path, &config, err);
        if (r == 0 && doctor.findings) {
                json_dumpf(doctor.findings, stdout, JSON_COMPACT);
                putchar('\n');
        }
        json_decref(doctor.findings);
        db_close(db);
        return r == 0 && doctor.is_ill ? err_set(err, ERR_INVALID, "%s", "") : r;
}

const struct verb verb_doctor = {
    .name = "doctor",
    .usage = "[--json] [--db FILE] [--config FILE]",
    .summary = "a self-check with advice; exit status 1 when something is wrong now",
    .run = run,
};
