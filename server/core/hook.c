/* SPDX-License-Identifier: Apache-2.0 */
/* core/hook.c — asks the features, in the order of their list. */
#include "core/feature.h"

#include "base/log.h"

#define EACH_HOOK(f, place) \
	for (size_t i_ = 0; ((f) = features[i_]) != NULL; i_++) \
		if ((f)->hooks != NULL && (f)->hooks->place != NULL)

size_t feature_index(const struct feature *f)
{
	for (size_t i = 0; features[i] != NULL; i++)
		if (features[i] == f && i < SESSION_SLOTS)
			return i;
	panic("feature %s has no slot", f->name);
}

bool features_start(const char **why_r)
{
	for (size_t i = 0; features[i] != NULL; i++)
		if (features[i]->start != NULL && !features[i]->start(why_r))
			return false;
	return true;
}

void features_stop(void)
{
	for (size_t i = 0; features[i] != NULL; i++)
		if (features[i]->stop != NULL)
			features[i]->stop();
}

void hook_stream_features(struct xml_writer *w)
{
	const struct feature *f;

	EACH_HOOK(f, stream_features)
		f->hooks->stream_features(w);
}

void hook_session_bound(struct session *s)
{
	const struct feature *f;

	EACH_HOOK(f, session_bound)
		f->hooks->session_bound(s);
}

void hook_session_gone(struct session *s)
{
	const struct feature *f;

	EACH_HOOK(f, session_gone)
		f->hooks->session_gone(s);
}

void hook_contact_changed(struct account *a, struct slice contact,
    enum xdb_subscription was)
{
	const struct feature *f;

	EACH_HOOK(f, contact_changed)
		f->hooks->contact_changed(a, contact, was);
}

void hook_person_touched(struct account *a)
{
	const struct feature *f;

	EACH_HOOK(f, person_touched)
		f->hooks->person_touched(a);
}

void hook_group_hides(struct account *a, struct slice contact)
{
	const struct feature *f;

	EACH_HOOK(f, group_hides)
		f->hooks->group_hides(a, contact);
}

void hook_request_came(struct account *a, const struct xdb_pending *request)
{
	const struct feature *f;

	EACH_HOOK(f, request_came)
		f->hooks->request_came(a, request);
}

void hook_room_changed(struct slice name)
{
	const struct feature *f;

	EACH_HOOK(f, room_changed)
		f->hooks->room_changed(name);
}

void hook_room_news(const struct xdb_news *news)
{
	const struct feature *f;

	EACH_HOOK(f, room_news)
		f->hooks->room_news(news);
}

void hook_person_news(const struct xdb_news *news)
{
	const struct feature *f;

	EACH_HOOK(f, person_news)
		f->hooks->person_news(news);
}

enum farewell_state hook_account_ends(struct slice uuid)
{
	const struct feature *f;

	EACH_HOOK(f, account_ends)
		return f->hooks->account_ends(uuid);
	return FAREWELL_DONE;
}

bool hook_room_is_temporary(struct slice name)
{
	const struct feature *f;

	EACH_HOOK(f, room_is_temporary)
		if (f->hooks->room_is_temporary(name))
			return true;
	return false;
}

enum hook_result hook_presence(struct job *j)
{
	const struct feature *f;

	EACH_HOOK(f, presence)
		if (f->hooks->presence(j) == HOOK_TAKEN)
			return HOOK_TAKEN;
	return HOOK_PASS;
}

enum hook_result hook_message(struct job *j)
{
	const struct feature *f;

	EACH_HOOK(f, message)
		if (f->hooks->message(j) == HOOK_TAKEN)
			return HOOK_TAKEN;
	return HOOK_PASS;
}
