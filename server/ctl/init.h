/* SPDX-License-Identifier: Apache-2.0 */
/* ctl/init.h — `tertuliactl init`: questions, a look into the directory, and a
 * first configuration.
 *
 * It asks for no password: secrets stand in files (security LDAP-22).  It
 * writes nothing into the directory, and no file but the one named, which must
 * not be there yet. */
#ifndef CTL_INIT_H
#define CTL_INIT_H

#include <stdio.h>

/* 0: written; 2: it cannot be; 3: the questions were not answered. */
int init_run(const char *path, FILE *in, FILE *out);

#endif
