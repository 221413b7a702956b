/* SPDX-License-Identifier: Apache-2.0 */
/* tests/bench/usage.c — what processes have used, as /proc tells it. */
#include "tests/bench/usage.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static bool read_proc(struct buf *out, const char *path)
{
	char bytes[4096];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, bytes, sizeof bytes) : -1;

	if (fd >= 0)
		close(fd);
	buf_clear(out);
	if (n > 0)
		buf_add(out, slice_make(bytes, (size_t)n));
	return n > 0;
}

/* Fields of "stat" from the third on: behind a name that may hold spaces. */
struct stat_fields { char name[32]; uint64_t parent, ticks; };

static bool read_stat(const char *path, struct stat_fields *f)
{
	struct buf b = { 0 };
	struct slice rest, word;
	const char *begin, *end;
	uint64_t n;
	bool is_read = read_proc(&b, path);

	*f = (struct stat_fields){ { 0 }, 0, 0 };
	begin = is_read ? memchr(b.p, '(', b.n) : NULL;
	end = is_read ? memrchr(b.p, ')', b.n) : NULL;
	if (begin != NULL && end != NULL) {
		snprintf(f->name, sizeof f->name, "%.*s", (int)(end - begin - 1),
		    begin + 1);
		rest = slice_make(end + 1, b.n - (size_t)(end + 1 - b.p));
		for (int field = 3; slice_word(&rest, &word); field++) {
			if (!slice_number(word, UINT64_MAX / 2, &n))
				continue;
			if (field == 4)
				f->parent = n;
			else if (field == 14 || field == 15)
				f->ticks += n;
		}
	}
	buf_fini(&b);
	return end != NULL;
}

static bool has_pid(const struct pids *p, uint64_t pid)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->pid[i] == pid)
			return true;
	return false;
}

static void add(struct pids *p, uint64_t pid)
{
	if (pid != 0 && p->n < PIDS_MOST && !has_pid(p, pid))
		p->pid[p->n++] = pid;
}

/* One pass finds the children of those known; true: there were some. */
static bool add_children(struct pids *p)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	struct stat_fields f;
	size_t before = p->n;
	char path[300];

	while (proc != NULL && (entry = readdir(proc)) != NULL) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		snprintf(path, sizeof path, "/proc/%s/stat", entry->d_name);
		if (read_stat(path, &f) && has_pid(p, f.parent))
			add(p, strtoull(entry->d_name, NULL, 10));
	}
	if (proc != NULL)
		closedir(proc);
	return p->n > before;
}

void pids_add(struct pids *p, struct slice list)
{
	struct slice one, rest = list;
	uint64_t pid;

	while (rest.n != 0) {
		slice_cut(rest, ',', &one, &rest);
		if (slice_number(one, UINT32_MAX, &pid))
			add(p, pid);
	}
	while (add_children(p))
		;
}

double cpu_of(const struct pids *p)
{
	struct stat_fields f;
	uint64_t ticks = 0;
	char path[64];

	for (size_t i = 0; i < p->n; i++) {
		snprintf(path, sizeof path, "/proc/%llu/stat",
		    (unsigned long long)p->pid[i]);
		if (read_stat(path, &f))
			ticks += f.ticks;
	}
	return (double)ticks / (double)sysconf(_SC_CLK_TCK);
}

double cpu_of_main_thread(uint64_t pid)
{
	struct stat_fields f;
	char path[64];

	snprintf(path, sizeof path, "/proc/%llu/task/%llu/stat",
	    (unsigned long long)pid, (unsigned long long)pid);
	return read_stat(path, &f)
	    ? (double)f.ticks / (double)sysconf(_SC_CLK_TCK) : 0;
}

double cpu_of_threads(uint64_t pid, const char *name)
{
	char path[300];
	struct dirent *entry;
	struct stat_fields f;
	uint64_t ticks = 0;
	DIR *tasks;

	snprintf(path, sizeof path, "/proc/%llu/task", (unsigned long long)pid);
	tasks = opendir(path);
	while (tasks != NULL && (entry = readdir(tasks)) != NULL) {
		snprintf(path, sizeof path, "/proc/%llu/task/%s/stat",
		    (unsigned long long)pid, entry->d_name);
		if (isdigit((unsigned char)entry->d_name[0])
		   
		    && read_stat(path, &f)
		    && strncmp(f.name, name, strlen(name)) == 0)
			ticks += f.ticks;
	}
	if (tasks != NULL)
		closedir(tasks);
	return (double)ticks / (double)sysconf(_SC_CLK_TCK);
}

static uint64_t pss_one(uint64_t pid)
{
	struct buf b = { 0 };
	struct slice rest, word;
	uint64_t n = 0;
	char path[64];

	snprintf(path, sizeof path, "/proc/%llu/smaps_rollup",
	    (unsigned long long)pid);
	if (read_proc(&b, path)) {
		rest = buf_slice(&b);
		while (slice_word(&rest, &word))
			if (slice_is(word, "Pss:") && slice_word(&rest, &word)) {
				slice_number(word, UINT64_MAX / 2, &n);
				break;
			}
	}
	buf_fini(&b);
	return n;
}

uint64_t pss_of(const struct pids *p)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < p->n; i++)
		sum += pss_one(p->pid[i]);
	return sum;
}
