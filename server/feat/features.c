/* SPDX-License-Identifier: Apache-2.0 */
/* feat/features.c — what this server can do, in the order of hooks.
 *
 * Adding a feature is adding its line.  Subscriptions come before presence:
 * they take their four types of presence stanza, presence has the rest. */
#include "feat/features.h"

const struct feature *const features[] = {
	&feature_roster,
	&feature_subscription,
	&feature_presence,
	&feature_farewell,
	&feature_message,
	&feature_disco,
	&feature_contact,
	&feature_vcard,
	&feature_avatar,
	&feature_register,
	&feature_ping,
	&feature_version,
	&feature_time,
	&feature_legacy_session,
	&feature_muc,
	&feature_search,
	NULL,
};
