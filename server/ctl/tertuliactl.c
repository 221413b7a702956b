/* SPDX-License-Identifier: Apache-2.0 */
/* tertuliactl — what an administrator does to the service from a shell. */
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/daemon.h"
#include "base/version.h"
#include "ctl/doctor.h"
#include "ctl/init.h"
#include "ctl/move.h"
#include "ctl/report.h"
#include "ctl/schema.h"

#ifndef SYSCONFDIR
#define SYSCONFDIR "/etc/tertulia"
#endif

/* What monitoring takes for "could not tell". */
enum { EXIT_UNKNOWN = 3 };

static const char help[] =
    "usage: tertuliactl doctor [-c file] [--json | --quiet | --ldif]\n"
    "                          [--admin-dn DN --admin-password-file file]\n"
    "       tertuliactl doctor --schema\n"
    "       tertuliactl init [-c file]\n"
    "       tertuliactl profiles move --to inline|tree [--yes] [-c file]\n"
    "                          --admin-dn DN --admin-password-file file\n"
    "       tertuliactl --help | --version\n"
    "\n"
    "doctor looks at the configuration, the directory and the service, and\n"
    "says what is wrong and what to do next.\n"
    "\n"
    "  -c file       configuration (default " SYSCONFDIR "/tertulia.conf)\n"
    "  --json        one JSON object\n"
    "  --quiet       only what is wrong, and the last line\n"
    "  --ldif        what puts imPerson of profiles right, for ldapmodify\n"
    "  --admin-dn DN, --admin-password-file file\n"
    "                an identity that may read cn=config and password hashes,\n"
    "                for indexes and the price of hashes\n"
    "  --schema      print the schema for cn=config, to load with ldapadd\n"
    "\n"
    "init asks some questions, looks into the directory, and writes a first\n"
    "configuration.\n"
    "\n"
    "profiles move brings all profiles onto the people's own entries, or back to\n"
    "ou=profiles; without --yes it only says what it would do.\n"
    "\n"
    "Exit: 0 no fault, 1 warnings, 2 faults, 3 could not tell.\n";

struct options { struct doctor doctor; bool is_json, is_quiet, is_ldif, is_schema; };

static int usage(void)
{
	fputs("tertuliactl: see `tertuliactl --help`\n", stderr);
	return EXIT_UNKNOWN;
}

static int doctor(struct options *o)
{
	bool has_colours = isatty(STDOUT_FILENO) != 0
	    && getenv("NO_COLOR") == NULL;
	struct report_counts counts;

	doctor_run(&o->doctor, isatty(STDERR_FILENO) != 0 && !o->is_quiet);
	counts = report_count(o->doctor.results, check_n);
	if (o->is_ldif)
		fputs(buf_cstr(&o->doctor.mend), stdout);
	else if (o->is_json)
		report_json(stdout, &o->doctor);
	else
		report_text(stdout, &o->doctor, o->is_quiet, has_colours);
	doctor_end(&o->doctor);
	return report_code(&counts);
}

static int doctor_command(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "ldif", no_argument, NULL, 'l' },
		{ "schema", no_argument, NULL, 's' },
		{ "admin-dn", required_argument, NULL, 'D' },
		{ "admin-password-file", required_argument, NULL, 'y' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	struct options o = { .doctor.path = SYSCONFDIR "/tertulia.conf" };
	int c;

	while ((c = getopt_long(argc, argv, "c:hq", longs, NULL)) != -1)
		switch (c) {
		case 'c': o.doctor.path = optarg; break;
		case 'j': o.is_json = true; break;
		case 'q': o.is_quiet = true; break;
		case 'l': o.is_ldif = true; break;
		case 's': o.is_schema = true; break;
		case 'D': o.doctor.admin_dn = optarg; break;
		case 'y': o.doctor.admin_password_file = optarg; break;
		case 'h': fputs(help, stdout); return 0;
		default: return usage();
		}
	if (optind != argc || (o.doctor.admin_dn == NULL)
	    != (o.doctor.admin_password_file == NULL))
		return usage();
	if (!o.is_schema)
		return doctor(&o);
	fwrite(schema_ldif().p, 1, schema_ldif().n, stdout);
	return 0;
}

static int init_command(int argc, char **argv)
{
	const char *path = SYSCONFDIR "/tertulia.conf";
	int c;

	while ((c = getopt(argc, argv, "c:")) != -1) {
		if (c != 'c')
			return usage();
		path = optarg;
	}
	signal(SIGPIPE, SIG_IGN);
	return optind == argc ? init_run(path, stdin, stdout) : usage();
}

/* argv[0] is "profiles". */
static int profiles_command(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "to", required_argument, NULL, 't' },
		{ "yes", no_argument, NULL, 'Y' },
		{ "admin-dn", required_argument, NULL, 'D' },
		{ "admin-password-file", required_argument, NULL, 'y' },
		{ NULL, 0, NULL, 0 }
	};
	struct move_order o = { .path = SYSCONFDIR "/tertulia.conf" };
	const char *to = "";
	int c;

	if (argc < 2 || strcmp(argv[1], "move") != 0)
		return usage();
	while ((c = getopt_long(argc - 1, argv + 1, "c:", longs, NULL)) != -1)
		switch (c) {
		case 'c': o.path = optarg; break;
		case 't': to = optarg; break;
		case 'Y': o.is_meant = true; break;
		case 'D': o.admin_dn = optarg; break;
		case 'y': o.admin_password_file = optarg; break;
		default: return usage();
		}
	o.to = strcmp(to, "inline") == 0 ? PROFILES_INLINE : PROFILES_TREE;
	if (optind != argc - 1 || o.admin_dn == NULL
	    || o.admin_password_file == NULL
	    || (strcmp(to, "inline") != 0 && strcmp(to, "tree") != 0))
		return usage();
	return move_run(&o, stdout);
}

int main(int argc, char **argv)
{
	const char *command = argc > 1 ? argv[1] : "";

	/* OPS-14, LDAP-09: no ldaprc and no environment decides for us. */
	daemon_clean_environment();
	if (strcmp(command, "--help") == 0 || strcmp(command, "-h") == 0) {
		fputs(help, stdout);
		return 0;
	}
	if (strcmp(command, "--version") == 0 || strcmp(command, "-V") == 0) {
		puts("tertuliactl " TERTULIA_VERSION);
		return 0;
	}
	if (strcmp(command, "init") == 0)
		return init_command(argc - 1, argv + 1);
	if (strcmp(command, "profiles") == 0)
		return profiles_command(argc - 1, argv + 1);
	if (strcmp(command, "doctor") != 0)
		return usage();
	return doctor_command(argc - 1, argv + 1);
}
