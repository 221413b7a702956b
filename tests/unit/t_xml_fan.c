/* SPDX-License-Identifier: Apache-2.0 */
/* The fan: one serialisation, any recipient. */
#include "tests/tap.h"
#include "xml/fan.h"
#include "xml/ns.h"

static void write_message(struct fan *f, const char *body)
{
	struct xml_writer w;

	fan_open(f, &w, "message");
	write_attr_cstr(&w, "type", "groupchat");
	write_leaf(&w, NS_CLIENT, "body", slice_of(body));
	fan_close(&w);
}

static void one_for_all(struct arena *a)
{
	struct fan f = { .rest = 0 };
	struct slice ann = fan_address(a, SLICE("ann@example.org/phone"));
	static char name[4000];

	ok(fan_is_empty(&f), "a new fan is empty");
	write_message(&f, "¿qué < tal?");
	is_slice(fan_to(&f, ann), SLICE("<message to='ann@example.org/phone' "
	    "type='groupchat'><body>¿qué &lt; tal?</body></message>"),
	    "the recipient is put in");
	is_slice(fan_to(&f, fan_address(a, SLICE("b@example.org/'/><x"))),
	    SLICE("<message to='b@example.org/&apos;/&gt;&lt;x' "
	    "type='groupchat'><body>¿qué &lt; tal?</body></message>"),
	    "XML-07 a resource cannot leave its attribute");
	memset(name, 'r', sizeof name);
	ok(fan_to(&f, slice_make(name, sizeof name)).n
	    == fan_to(&f, ann).n - ann.n + sizeof name,
	    "a very long address finds room");
	is_slice(fan_to(&f, ann), SLICE("<message to='ann@example.org/phone' "
	    "type='groupchat'><body>¿qué &lt; tal?</body></message>"),
	    "and a short one after it is as before");
	write_message(&f, "otra");
	is_slice(fan_to(&f, ann), SLICE("<message to='ann@example.org/phone' "
	    "type='groupchat'><body>otra</body></message>"),
	    "a fan can be opened again");
	fan_fini(&f);
}

static void no_children(struct arena *a)
{
	struct fan f = { .rest = 0 };
	struct xml_writer w;

	fan_open(&f, &w, "presence");
	fan_close(&w);
	is_slice(fan_to(&f, fan_address(a, SLICE("x@y/z"))),
	    SLICE("<presence to='x@y/z'/>"), "an empty stanza has its address too");
	fan_fini(&f);
}

/* What a room writes call by call, a person's presence brings as a tree. */
static void from_a_tree(struct arena *a)
{
	struct elem *e = elem_new(a, NS_CLIENT, "presence");
	struct fan f = { .rest = 0 };

	elem_set_cstr(a, e, "to", "somebody@example.org");
	elem_set_cstr(a, e, "id", "p1");
	elem_add_text_child(a, e, NS_CLIENT, "show", SLICE("away"));
	fan_stanza(&f, e, &(struct write_as){ .from = SLICE("ann@example.org/'") });
	is_slice(fan_to(&f, fan_address(a, SLICE("bob@example.org"))),
	    SLICE("<presence to='bob@example.org' from='ann@example.org/&apos;' "
	    "id='p1'><show>away</show></presence>"),
	    "a tree loses its own address, and gets the recipient's");
	is_slice(fan_to(&f, SLICE("")), SLICE("<presence "
	    "from='ann@example.org/&apos;' id='p1'><show>away</show></presence>"),
	    "to nobody in particular: without the attribute");
	fan_fini(&f);
}

int main(void)
{
	struct arena a = { NULL };

	one_for_all(&a);
	no_children(&a);
	from_a_tree(&a);
	arena_fini(&a);
	return done();
}
