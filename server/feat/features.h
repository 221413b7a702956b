/* SPDX-License-Identifier: Apache-2.0 */
/* feat/features.h — the descriptors, each defined in the file of its name. */
#ifndef FEAT_FEATURES_H
#define FEAT_FEATURES_H

#include "core/feature.h"

extern const struct feature feature_avatar, feature_contact,
    feature_disco, feature_farewell, feature_legacy_session, feature_message, feature_muc,
    feature_ping, feature_presence, feature_register, feature_roster,
    feature_search, feature_subscription, feature_time,
    feature_vcard, feature_version;

#endif
