/* SPDX-License-Identifier: Apache-2.0 */
/* ctl/checks.h — every check of the doctor, by the file it stands in. */
#ifndef CTL_CHECKS_H
#define CTL_CHECKS_H

#include "ctl/doctor.h"

/* check_local.c: files and certificates of this machine */
check_fn check_configuration, check_secrets, check_certificate,
    check_certificate_names, check_certificate_days;
/* check_login.c: what people log in with when it is no password */
check_fn check_client_certificates, check_keytab;
/* check_running.c: the service on this machine */
check_fn check_processes, check_control, check_ports, check_descriptors;
/* check_reach.c: the way to the directory */
check_fn check_resolve, check_reach, check_tls, check_tls_days, check_bind_im,
    check_bind_web, check_bind_admin;
/* check_server.c: what the directory server can */
check_fn check_preset, check_contexts, check_extensions, check_sync,
    check_hashes, check_replicas, check_writes;
/* check_schema.c, check_indexes.c: what it knows, and finds at once */
check_fn check_schema, check_indexes;
/* check_policy.c: what a wrong password does; check_state.c: who is closed, can we see it */
check_fn check_policy, check_account_state;
/* check_entries.c */
check_fn check_entries;
/* check_people.c: what is in it */
check_fn check_bases, check_people, check_names, check_examples,
    check_password_time;
/* check_lookup.c: that they are found as a login looks for them */
check_fn check_lookup;
/* check_profiles.c, check_values.c */
check_fn check_profiles, check_values;
/* check_search.c, check_groups.c: what people see of one another, where it is configured */
check_fn check_search, check_groups;
/* check_lists.c: lists that rooms follow; check_cards.c: vCards and photos */
check_fn check_lists, check_cards, check_photos;
/* check_admission.c: the groups whose members may use the service */
check_fn check_people_groups;
/* check_access.c, check_acting.c, check_secrecy.c: who may do what, by trying */
check_fn check_scratch, check_access_im, check_unique, check_access_limits,
    check_access_web, check_acting, check_passwords, check_access_nobody;
/* check_private.c: who reads what */
check_fn check_private, check_reading;
/* check_references.c */
check_fn check_references;
/* check_clock.c */
check_fn check_clock;

#endif
