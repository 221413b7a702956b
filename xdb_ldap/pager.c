/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/pager.c — searches by pages stand in line. */
#include "xdb_ldap/pager.h"

#include "xdb_ldap/op.h"
#include "xdb_ldap/pool.h"

static void pager_begin(struct call *c)
{
	c->op->db->pager = c;
	op_more_time(c->op);            /* it begins now */
	pool_submit(c->pool, c);
}

void pager_wait(struct call *c)
{
	struct xdb *db = c->op->db;

	if (db->pager == NULL)
		pager_begin(c);
	else
		list_push(&db->pagers, &c->place_link);
}

void pager_over(struct call *c)
{
	struct xdb *db = c->op->db;
	struct call *next = LIST_FIRST(&db->pagers, struct call, place_link);

	if (db->pager != c)
		return;
	db->pager = NULL;
	if (next == NULL)
		return;
	list_remove(&next->place_link);
	pager_begin(next);
}
