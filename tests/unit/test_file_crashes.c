/* test_file_crashes.c - whatever is stored is written by file_write(), and after a crash at any
 * point of that it is whole: the old one, or the new one; and what was said to be written is not
 * lost.
 *
 * A life is a child process that writes one version after the other, and dies at a chosen step, by
 * SIGKILL: in front of it, or in the middle if it is a write. What the kernel had not been asked to
 * put on the disk by then goes as the kind of crash says. The next life finds what this one left.
 */
#include "tests/lib/cmocka.h"

#include "io/file.h"

#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define POINTS_MIN 1000
#define VERSIONS_A_LIFE 3
#define PIECES 25 /* write() takes so much of a file at once */
#define BYTES_MAX 70000

enum crash {
	CRASH_PROGRAM,   /* the kernel goes on: all that was done stays */
	CRASH_POWER,     /* bytes that were not synced are gone, and names as they were */
	CRASH_REORDERED, /* half of such bytes are gone, and names are new */
	CRASHES
};

/* The life of this process; steps are counted in a child only. */
static struct {
	bool runs;
	enum crash crash;
	unsigned step, last; /* of a crash */
	size_t piece;
	int file;         /* that is written; -1: none */
	size_t unsynced;  /* bytes of it */
	size_t len;       /* of it */
	bool name_is_new; /* and its directory was not synced */
	bool had_old;
	int directory;
	char temporary[64];
} life = { .file = -1 };

static char directory[] = "/tmp/ipop-test-crashes-XXXXXX";
static struct file_path path, backup;

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): the linker's names */
ssize_t __real_write(int fd, const void *bytes, size_t len);
int __real_fchmod(int fd, mode_t mode);
int __real_fsync(int fd);
int __real_renameat(int from, const char *old, int to, const char *new);
int __real_openat64(int at, const char *name, int flags, ...);
ssize_t __wrap_write(int fd, const void *bytes, size_t len);
int __wrap_fchmod(int fd, mode_t mode);
int __wrap_fsync(int fd);
int __wrap_renameat(int from, const char *old, int to, const char *new);
int __wrap_openat64(int at, const char *name, int flags, ...);

static _Noreturn void crash(void)
{
	if (life.crash != CRASH_PROGRAM && life.unsynced > 0) {
		const size_t lost =
			life.crash == CRASH_POWER ? life.unsynced : (life.unsynced + 1) / 2;

		if (ftruncate(life.file, (off_t)(life.len - lost)) < 0)
			abort();
	}
	if (life.crash == CRASH_POWER && life.name_is_new) {
		if (__real_renameat(AT_FDCWD, path.text, life.directory, life.temporary) < 0 ||
		    (life.had_old && rename(backup.text, path.text) < 0))
			abort();
	}
	(void)kill(getpid(), SIGKILL);
	_exit(1); /* not reached */
}

static bool is_due(void)
{
	return life.runs && ++life.step == life.last;
}

static void crash_if_due(void)
{
	if (is_due())
		crash();
}

ssize_t __wrap_write(int fd, const void *bytes, size_t len)
{
	const bool due = fd == life.file && is_due();
	const size_t piece = fd == life.file && len > life.piece ? life.piece : len;
	const ssize_t n = __real_write(fd, bytes, due ? piece / 2 : piece);

	if (fd == life.file && n > 0) {
		life.unsynced += (size_t)n;
		life.len += (size_t)n;
	}
	if (due)
		crash();
	return n;
}

int __wrap_fchmod(int fd, mode_t mode)
{
	crash_if_due();
	return __real_fchmod(fd, mode);
}

/* The disk is of our own making, so nothing has to reach the real one. */
int __wrap_fsync(int fd)
{
	crash_if_due();
	if (fd == life.file)
		life.unsynced = 0;
	else
		life.name_is_new = false;
	return 0;
}

int __wrap_renameat(int from, const char *old, int to, const char *new)
{
	crash_if_due();
	(void)unlink(backup.text); /* there may be none */
	life.had_old = link(path.text, backup.text) == 0;
	life.name_is_new = true;
	life.directory = from;
	(void)snprintf(life.temporary, sizeof(life.temporary), "%s", old);
	return __real_renameat(from, old, to, new);
}

int __wrap_openat64(int at, const char *name, int flags, ...)
{
	mode_t mode = 0;
	va_list rest;
	int fd;

	if ((flags & O_CREAT) == 0)
		return __real_openat64(at, name, flags, mode);
	va_start(rest, flags);
	mode = va_arg(rest, mode_t);
	va_end(rest);
	crash_if_due();
	fd = __real_openat64(at, name, flags, mode);
	life.file = fd;
	life.len = life.unsynced = 0;
	return fd;
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

/* --- versions --- */

/* The bytes of a version tell which it is, at each place. */
static void fill(uint32_t version, uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)(version >> i % 4 * 8 ^ i / 4);
}

/* The version that is stored, which must be whole; 0: there is none. */
static uint32_t stored(size_t len)
{
	static uint8_t want[BYTES_MAX];
	struct file_bytes bytes = { 0 };
	struct stat status;
	uint32_t version = 0;

	if (stat(path.text, &status) < 0)
		return 0;
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_int_equal(file_read(path.text, BYTES_MAX, &bytes), 0);
	assert_int_equal(bytes.len, len);
	for (size_t i = 0; i < 4; i++)
		version |= (uint32_t)bytes.data[i] << i * 8;
	fill(version, want, len);
	assert_memory_equal(bytes.data, want, len);
	file_free(&bytes);
	return version;
}

/* --- lives --- */

static _Noreturn void live(uint32_t from, size_t len, int done)
{
	static uint8_t bytes[BYTES_MAX];

	life.runs = true;
	for (uint32_t version = from + 1; version <= from + VERSIONS_A_LIFE; version++) {
		fill(version, bytes, len);
		if (file_write(path.text, span_of(bytes, len), 0600) != 0 ||
		    __real_write(done, &version, sizeof(version)) != (ssize_t)sizeof(version))
			_exit(2);
	}
	_exit(0);
}

/* True if it crashed; *ret_done is the last version that was said to be written. */
static bool one_life(uint32_t from, size_t len, uint32_t *ret_done)
{
	uint32_t version;
	int status;
	int done[2];
	pid_t pid;

	assert_int_equal(pipe(done), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		live(from, len, done[1]);
	(void)close(done[1]);
	*ret_done = from;
	while (read(done[0], &version, sizeof(version)) == (ssize_t)sizeof(version))
		*ret_done = version;
	(void)close(done[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL : WEXITSTATUS(status) == 0);
	return WIFSIGNALED(status);
}

/* A crash at each step, until a life comes to its end: how many. What is read then is written last
 * or was about to be. */
static unsigned crash_everywhere(enum crash kind, size_t len)
{
	uint32_t version = stored(len);
	uint32_t done;
	unsigned points = 0;

	life.crash = kind;
	life.piece = len / PIECES + 1;
	for (life.last = 1; one_life(version, len, &done); life.last++) {
		const uint32_t now = stored(len);

		if (now < done || now > done + 1)
			fail_msg("kind %u, %zu bytes, step %u: %u is stored, %u was written", kind,
				 len, life.last, now, done);
		version = now;
		points++;
	}
	assert_int_equal(stored(len), done);
	return points;
}

static void a_crash_at_any_point_tears_and_loses_nothing(void **state)
{
	static const size_t lens[] = { 4, 100, 1000, 4096, BYTES_MAX };
	struct stat status;
	unsigned points = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		for (enum crash kind = CRASH_PROGRAM; kind < CRASHES; kind++)
			points += crash_everywhere(kind, lens[i]);
		assert_int_equal(unlink(path.text), 0);
		/* Nothing is there then but what a sweep finds, and our own link. */
		assert_int_equal(unlink(backup.text), 0);
		file_sweep(directory, "state");
		assert_int_equal(stat(directory, &status), 0);
		assert_int_equal(rmdir(directory), 0);
		assert_int_equal(mkdir(directory, 0700), 0);
	}
	printf("# %u crash points\n", points);
	assert_true(points >= POINTS_MIN);
}

static int set_up(void **state)
{
	(void)state;
	return mkdtemp(directory) == NULL || file_path(&path, "%s/state", directory) < 0 ||
			       file_path(&backup, "%s/backup", directory) < 0
		       ? -1
		       : 0;
}

static int tear_down(void **state)
{
	(void)state;
	return rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_crash_at_any_point_tears_and_loses_nothing,
						set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
