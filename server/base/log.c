/* SPDX-License-Identifier: Apache-2.0 */
/* base/log.c — the event log.  One write(2) per line, so lines of several
 * threads and processes do not mix (POSIX O_APPEND). */
#include "base/log.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static const char *const names[] = { "debug", "info", "warn", "error" };
static int log_fd = STDERR_FILENO;
static enum log_level log_least = LOG_INFO;

bool log_open(const char *path, enum log_level least, const char **why_r)
{
	int fd = STDERR_FILENO;

	if (path != NULL && *path != '\0' && strcmp(path, "stderr") != 0) {
		fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
		if (fd < 0) {
			*why_r = "log file cannot be opened for writing";
			return false;
		}
	}
	if (log_fd != STDERR_FILENO)
		close(log_fd);
	log_fd = fd;
	log_least = least;
	return true;
}

static void add_time(struct buf *line)
{
	struct timespec now;
	struct tm tm;
	char text[32];

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
	buf_addf(line, "%s.%03ldZ ", text, now.tv_nsec / 1000000);
}

static void line_write(struct buf *line)
{
	/* One event, one line, whatever a format argument carried. */
	for (size_t i = 0; i < line->n; i++)
		if ((unsigned char)line->p[i] < 0x20 || line->p[i] == 0x7f)
			line->p[i] = '?';
	buf_addc(line, '\n');
	if (write(log_fd, line->p, line->n) < 0)
		return;                 /* nowhere left to say so */
}

void log_event(enum log_level level, const char *event, const char *who,
    const char *fmt, ...)
{
	struct buf line = { 0 };
	va_list ap;

	if (level < log_least)
		return;
	add_time(&line);
	buf_addf(&line, "%s %s %s ", names[level], event, who);
	va_start(ap, fmt);
	buf_addv(&line, fmt, ap);
	va_end(ap);
	line_write(&line);
	buf_fini(&line);
}

const char *log_text(struct slice s)
{
	static _Thread_local char ring[8][128 * 4 + 8];
	static _Thread_local unsigned turn;
	char *out = ring[turn++ % COUNT(ring)], *p = out;
	size_t n = s.n < 120 ? s.n : 120;

	*p++ = '"';
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c < 0x20 || c >= 0x7f || c == '"' || c == '\\')
			p += snprintf(p, 5, "\\x%02x", c);
		else
			*p++ = (char)c;
	}
	*p++ = '"';
	if (n < s.n)
		*p++ = '+';
	*p = '\0';
	return out;
}

static void last_words(const char *fmt, va_list ap) FORMAT(1, 0);
static void last_words(const char *fmt, va_list ap)
{
	struct buf text = { 0 };

	buf_addv(&text, fmt, ap);
	fprintf(stderr, "%s\n", buf_cstr(&text));
	buf_fini(&text);
}

void fatal(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	last_words(fmt, ap);
	va_end(ap);
	exit(1);
}

void panic(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	last_words(fmt, ap);
	va_end(ap);
	abort();
}
