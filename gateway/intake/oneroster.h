/* oneroster: reads a roster in CSV, OneRoster 1.1 or 1.2 or Microsoft School Data Sync 2.1, and loads it
 * (load.h). The three name their files alike; the columns tell which one it is. Files that are absent say
 * nothing, and a reference into an absent file is no fault.
 *
 *   orgs              national, state -> network; district, local -> municipality; school -> school; a
 * department stands for its school. Phones, zones and languages stay as another source set them. classes a
 * group below its school: homerooms; where a school has no homeroom class, all of its classes users people.
 * E-mail and sms (else phone) are contacts. given: preferredGivenName, else givenName. Passwords are not
 * read. metadata.language, metadata.protected and metadata.timezone are taken where they are given. users,
 * roles      role student -> pupil of the school unless a group has them; teacher, aide -> teacher, coach;
 *                     administrator, principal -> principal. Others (counselor, proctor, …) give no role: who
 * is a curator or secretary is said in the roster JSON or at the desk. enrollments       pupil, teacher or
 * coach of the group. begin and end are both taken for days that count. agentSourcedIds   guardians, from
 * either side; relatives are emergency contacts. Rank, notify and restricted stay as they were set elsewhere.
 *   relationships     (School Data Sync) the same
 *   academicSessions  terms of the municipality, else of the schools; school years when there are no terms
 *   demographics      birthDate alone
 *   manifest          which files are bulk and which delta; without it all are bulk
 *
 * Sources: 1EdTech OneRoster CSV Binding 1.1 and 1.2; Microsoft Learn, "SDS V2.1 CSV file format". */
#ifndef INTAKE_ONEROSTER_H
#define INTAKE_ONEROSTER_H

#include "intake/load.h"

struct bundle;

/* As roster_import, from the files of BUNDLE. options->source NULL: "oneroster". ERR_INVALID also when the
 * bundle holds none of the files, or one that lacks a column. *ret_format names what was read. */
int oneroster_import(struct db *db, int64_t now_utc, struct bundle *bundle,
                     const struct roster_options *options, struct roster_report *report,
                     const char **ret_format, struct err *err);

#endif
