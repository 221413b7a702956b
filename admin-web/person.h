/* SPDX-License-Identifier: Apache-2.0 */
/* admin-web/person.h — a person and their account, as administrators see them. */
#ifndef WEB_PERSON_H
#define WEB_PERSON_H

#include "admin-web/exchange.h"

struct person {                         /* everything in the exchange's arena */
	const char *uid;                /* as the directory has it */
	const char *local;              /* local part of the address; NULL: see below */
	const char *jid;
	struct slice name, given_name, sn, mail, title, department;
	struct slice dn, profile_dn, uuid;
	enum xdb_profile_status status;
	enum xdb_refusal refusal;       /* the directory's own verdict */
	bool has_account;
};

/* A person whose uid cannot be a local part here (other scripts) has local and
 * jid NULL unless there is an account already. */
struct person *person_of(struct exchange *x, const struct xdb_account *a);

/* Loads the one with this uid, or answers 404, 503, … itself. */
typedef void person_fn(struct exchange *x, struct person *p);
void person_find(struct exchange *x, struct slice uid, person_fn *then);

const char *person_path(struct exchange *x, const struct person *p);
/* "active", … as the API says it. */
const char *person_status_name(enum xdb_profile_status status);
const char *person_status_word(const struct person *p);
/* What people read, and the class of its badge. */
enum text person_status_text(const struct person *p, const char **badge_r);
json_t *person_json(const struct person *p);

#endif
