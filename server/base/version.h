/* SPDX-License-Identifier: Apache-2.0 */
/* base/version.h — the one place that knows the version. */
#ifndef BASE_VERSION_H
#define BASE_VERSION_H

#define TERTULIA_VERSION "0.1"

#endif
