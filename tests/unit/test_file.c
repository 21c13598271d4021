/* test_file.c - a file is read whole or not at all, and after a failure at any step of writing it
 * is the old one or the new one. */
#include "tests/lib/cmocka.h"

#include "base/err.h"
#include "io/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* The n-th call of those that writing needs fails; 0: none does. The linker sends them here
 * (--wrap in meson.build). */
static struct {
	unsigned fail_at, calls;
	int error;              /* with which it fails */
	size_t write_bytes_max; /* what one write() takes at most */
} disk = { .write_bytes_max = SIZE_MAX };

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): the linker's names */
ssize_t __real_write(int fd, const void *bytes, size_t len);
int __real_fchmod(int fd, mode_t mode);
int __real_fsync(int fd);
int __real_renameat(int from, const char *old, int to, const char *new);
ssize_t __wrap_write(int fd, const void *bytes, size_t len);
int __wrap_fchmod(int fd, mode_t mode);
int __wrap_fsync(int fd);
int __wrap_renameat(int from, const char *old, int to, const char *new);

static bool fails(void)
{
	errno = disk.error;
	return ++disk.calls == disk.fail_at;
}

ssize_t __wrap_write(int fd, const void *bytes, size_t len)
{
	if (fails())
		return -1;
	return __real_write(fd, bytes, len < disk.write_bytes_max ? len : disk.write_bytes_max);
}

int __wrap_fchmod(int fd, mode_t mode)
{
	return fails() ? -1 : __real_fchmod(fd, mode);
}

int __wrap_fsync(int fd)
{
	return fails() ? -1 : __real_fsync(fd);
}

int __wrap_renameat(int from, const char *old, int to, const char *new)
{
	return fails() ? -1 : __real_renameat(from, old, to, new);
}

/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

/* --- a directory for each test --- */

static char directory[64];

static const char *at(const char *name)
{
	static struct file_path path;

	assert_int_equal(file_path(&path, "%s/%s", directory, name), 0);
	return path.text;
}

static int set_up(void **state)
{
	(void)state;
	(void)snprintf(directory, sizeof(directory), "/tmp/ipop-test-file-XXXXXX");
	disk.fail_at = disk.calls = 0;
	disk.error = EIO;
	disk.write_bytes_max = SIZE_MAX;
	return mkdtemp(directory) == NULL ? -1 : 0;
}

static int is_entry(const struct dirent *entry)
{
	return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

/* How many entries the directory has; removes them if wanted. */
static int entries(bool remove)
{
	struct dirent **list = NULL;
	const int count = scandir(directory, &list, is_entry, alphasort);

	for (int i = 0; i < count; i++) {
		if (remove)
			(void)unlinkat(AT_FDCWD, at(list[i]->d_name),
				       list[i]->d_type == DT_DIR ? AT_REMOVEDIR : 0);
		free(list[i]);
	}
	free(list);
	return count;
}

static int tear_down(void **state)
{
	(void)state;
	(void)entries(true);
	return rmdir(directory);
}

static void assert_holds(const char *path, const char *want)
{
	struct file_bytes bytes = { 0 };

	assert_int_equal(file_read(path, 4096, &bytes), 0);
	assert_int_equal(bytes.len, strlen(want));
	assert_string_equal((const char *)bytes.data, want); /* ends with a zero */
	file_free(&bytes);
	assert_null(bytes.data);
}

static void what_was_written_is_read(void **state)
{
	struct stat status;

	(void)state;
	assert_int_equal(file_write(at("key.pem"), span_text("secret"), 0600), 0);
	assert_holds(at("key.pem"), "secret");
	assert_int_equal(stat(at("key.pem"), &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_int_equal(file_write(at("key.pem"), span_text(""), 0640), 0);
	assert_holds(at("key.pem"), "");
	assert_int_equal(stat(at("key.pem"), &status), 0);
	assert_int_equal(status.st_mode & 07777, 0640);
	assert_int_equal(entries(false), 1);
}

static void a_failure_leaves_the_old_or_the_new(void **state)
{
	unsigned failures = 0;

	(void)state;
	disk.write_bytes_max = 2; /* three writes */
	for (unsigned n = 1;; n++) {
		struct file_bytes bytes;
		int err;

		disk.fail_at = 0;
		assert_int_equal(file_write(at("f"), span_text("old"), 0600), 0);
		disk.fail_at = n;
		disk.calls = 0;
		err = file_write(at("f"), span_text("newer"), 0600);
		assert_int_equal(entries(false), 1); /* nothing half-made stays */
		if (disk.calls < n) {
			assert_int_equal(err, 0);
			break;
		}
		failures++;
		assert_int_equal(err, ERR_IO);
		assert_int_equal(file_read(at("f"), 16, &bytes), 0);
		/* Only when the directory could not be synchronised is the new one there. */
		assert_string_equal((const char *)bytes.data, failures == 7 ? "newer" : "old");
		file_free(&bytes);
	}
	assert_int_equal(failures, 7); /* 3 write, fchmod, fsync, renameat, fsync */
	assert_holds(at("f"), "newer");
}

static void a_new_file_that_fails_is_not_there(void **state)
{
	struct file_bytes bytes;

	(void)state;
	disk.fail_at = 3; /* fsync of the file */
	assert_int_equal(file_write(at("f"), span_text("new"), 0600), ERR_IO);
	assert_int_equal(file_read(at("f"), 16, &bytes), ERR_NOT_FOUND);
	assert_int_equal(entries(false), 0);
}

/* A full disk and a read-only one are no matter of permissions, and no accident. */
static void a_failing_disk_says_how(void **state)
{
	static const struct {
		int error, want;
	} cases[] = {
		{ EIO, ERR_IO },          { ENOSPC, ERR_NO_SPACE },   { EDQUOT, ERR_NO_SPACE },
		{ EROFS, ERR_READ_ONLY }, { EACCES, ERR_PERMISSION }, { EPERM, ERR_PERMISSION },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		disk.error = cases[i].error;
		disk.fail_at = 1;
		disk.calls = 0;
		assert_int_equal(file_write(at("f"), span_text("new"), 0600), cases[i].want);
	}
}

static void symbolic_links_are_refused(void **state)
{
	struct file_bytes bytes;
	char link[FILE_PATH_BYTES];
	int fd;

	(void)state;
	assert_int_equal(file_write(at("target"), span_text("kept"), 0600), 0);
	(void)snprintf(link, sizeof(link), "%s", at("link"));
	assert_int_equal(symlink(at("target"), link), 0);
	assert_int_equal(file_read(link, 16, &bytes), ERR_UNSUPPORTED);
	assert_int_equal(file_write(link, span_text("new"), 0600), ERR_UNSUPPORTED);
	assert_int_equal(file_lock(link, &fd), ERR_UNSUPPORTED);
	assert_int_equal(file_make_directory(link, 0700, FILE_GROUP_KEEP), ERR_UNSUPPORTED);
	assert_holds(at("target"), "kept");
	assert_int_equal(entries(false), 2);
}

static void what_is_no_file_is_refused(void **state)
{
	struct file_bytes bytes;

	(void)state;
	assert_int_equal(file_read("/dev/null", 16, &bytes), ERR_UNSUPPORTED);
	assert_int_equal(mkfifo(at("fifo"), 0600), 0);
	assert_int_equal(file_read(at("fifo"), 16, &bytes), ERR_UNSUPPORTED); /* and no waiting */
	assert_int_equal(file_write(at("fifo"), span_text("x"), 0600), ERR_UNSUPPORTED);
	assert_int_equal(file_read(directory, 16, &bytes), ERR_UNSUPPORTED);
	assert_int_equal(file_write(at(""), span_text("x"), 0600), ERR_UNSUPPORTED);
	assert_int_equal(file_read(at("none"), 16, &bytes), ERR_NOT_FOUND);
	assert_int_equal(file_write(at("none/f"), span_text("x"), 0600), ERR_NOT_FOUND);
}

static void reading_has_a_limit(void **state)
{
	struct file_bytes bytes;

	(void)state;
	assert_int_equal(file_write(at("f"), span_text("12345"), 0600), 0);
	assert_int_equal(file_read(at("f"), 4, &bytes), ERR_TOO_LONG);
	assert_int_equal(file_read(at("f"), 5, &bytes), 0);
	assert_int_equal(bytes.len, 5);
	file_free(&bytes);
	/* Files of the kernel say that they have no bytes, and have some. */
	assert_int_equal(file_read("/proc/self/status", 4096, &bytes), ERR_TOO_LONG);
}

static void a_descriptor_is_read_from_its_start(void **state)
{
	struct file_bytes bytes;
	int fd;

	(void)state;
	assert_int_equal(file_write(at("f"), span_text("12345"), 0600), 0);
	assert_int_equal(file_open(at("f"), &fd), 0);
	assert_int_equal(lseek(fd, 3, SEEK_SET), 3);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(file_read_fd(fd, 16, &bytes), 0);
		assert_string_equal((const char *)bytes.data, "12345");
		file_free(&bytes);
	}
	(void)close(fd);
}

static void directories_get_their_mode(void **state)
{
	struct stat status;

	(void)state;
	assert_int_equal(file_make_directory(at("a"), 0750, FILE_GROUP_KEEP), 0);
	assert_int_equal(stat(at("a"), &status), 0);
	assert_int_equal(status.st_mode & 07777, 0750);
	assert_int_equal(chmod(at("a"), 0777), 0);
	assert_int_equal(file_make_directory(at("a"), 0750, FILE_GROUP_KEEP), 0);
	assert_int_equal(stat(at("a"), &status), 0);
	assert_int_equal(status.st_mode & 07777, 0750);
	assert_int_equal(file_make_directory(at("a/b/c"), 0700, FILE_GROUP_KEEP), 0);
	assert_int_equal(stat(at("a/b"), &status), 0);
	assert_int_equal(status.st_mode & 0700, 0700);
	assert_int_equal(rmdir(at("a/b/c")), 0);
	assert_int_equal(rmdir(at("a/b")), 0);
	assert_int_equal(file_write(at("f"), span_text(""), 0600), 0);
	assert_int_equal(file_make_directory(at("f"), 0750, FILE_GROUP_KEEP), ERR_UNSUPPORTED);
	assert_int_equal(file_make_directory(at("f/g"), 0750, FILE_GROUP_KEEP), ERR_UNSUPPORTED);
}

/* A power cut leaves no directory without a name, nor does a failure leave one half-made. */
static void directories_are_on_the_disk(void **state)
{
	(void)state;
	for (unsigned n = 1; n <= 3; n++) { /* fsync of both parents, and of the last one itself */
		disk.fail_at = n;
		disk.calls = 0;
		assert_int_equal(file_make_directory(at("a/b"), 0755, FILE_GROUP_KEEP), ERR_IO);
		assert_int_equal(disk.calls, n);
		assert_int_equal(access(at("a"), F_OK), n == 1 ? -1 : 0);
		assert_int_equal(access(at("a/b"), F_OK), n == 3 ? 0 : -1);
		(void)rmdir(at("a/b"));
		(void)rmdir(at("a"));
	}
	disk.fail_at = 0;
	disk.calls = 0;
	assert_int_equal(file_make_directory(at("a/b"), 0755, FILE_GROUP_KEEP), 0);
	assert_int_equal(disk.calls, 3);
	assert_int_equal(rmdir(at("a/b")), 0);
}

static int make_empty(const char *name)
{
	const int fd = open(at(name), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	return fd;
}

static bool is_there(const char *name)
{
	return access(at(name), F_OK) == 0;
}

static void what_a_crash_left_is_swept(void **state)
{
	static const char *const others[] = {
		".g.0123456789abcdef",    "f.0123456789abcdef",    ".f.0123456789abcde",
		".f.0123456789abcdef0",   ".f.0123456789ABCDEF",   ".f0123456789abcdef",
		"..0123456789abcdef",     ".f.g.0123456789abcdef", ".f.20240101",
		".0123456789abcdef0.pem",
	};
	const size_t count = sizeof(others) / sizeof(others[0]);
	int writing;

	(void)state;
	(void)close(make_empty(".f.0123456789abcdef"));
	(void)close(make_empty(".a.pem.fedcba9876543210"));
	for (size_t i = 0; i < count; i++)
		(void)close(make_empty(others[i]));
	writing = make_empty(".f.00000000deadbeef");
	assert_int_equal(flock(writing, LOCK_EX), 0); /* as file_write() has it */
	file_sweep(directory, "f");
	assert_false(is_there(".f.0123456789abcdef"));
	assert_true(is_there(".f.00000000deadbeef"));
	(void)close(writing);
	file_sweep(directory, "f");
	assert_false(is_there(".f.00000000deadbeef"));
	assert_true(is_there(".a.pem.fedcba9876543210"));
	file_sweep(directory, "*.pem");
	assert_false(is_there(".a.pem.fedcba9876543210"));
	for (size_t i = 0; i < count; i++)
		assert_true(is_there(others[i]));
	assert_int_equal(entries(false), count);
	file_sweep(at("none"), "*");
}

/* Where a file is written much else may be that only its owner can tell from a leftover. */
static void writing_removes_nothing(void **state)
{
	static const char *const left[] = { ".f.0123456789abcdef", ".f.20240101",
					    ".bashrc.deadbeef" };

	(void)state;
	for (size_t i = 0; i < 3; i++)
		(void)close(make_empty(left[i]));
	assert_int_equal(file_write(at("f"), span_text("new"), 0600), 0);
	for (size_t i = 0; i < 3; i++)
		assert_true(is_there(left[i]));
}

/* Of another user's nothing is swept; root has given what it wrote to the directory's owner. */
static void only_what_is_ours_is_swept(void **state)
{
	static const char name[] = ".f.0123456789abcdef";

	(void)state;
	if (geteuid() != 0)
		skip();
	(void)close(make_empty(name));
	assert_int_equal(chown(at(name), 4711, 4711), 0);
	file_sweep(directory, "f");
	assert_true(is_there(name));
	assert_int_equal(chown(directory, 4711, 4711), 0);
	file_sweep(directory, "f");
	assert_false(is_there(name));
	assert_int_equal(mkfifo(at(name), 0600), 0);
	file_sweep(directory, "f");
	assert_true(is_there(name));
}

static unsigned mode_of(const char *name)
{
	struct stat status;

	assert_int_equal(stat(at(name), &status), 0);
	return status.st_mode & 07777U;
}

static void one_holds_a_lock(void **state)
{
	int first;
	int second;

	(void)state;
	assert_false(file_is_locked(at("pid"))); /* and is not made */
	assert_int_equal(access(at("pid"), F_OK), -1);
	assert_int_equal(file_lock(at("pid"), &first), 0);
	assert_true(file_is_locked(at("pid")));
	assert_int_equal(mode_of("pid"), 0600); /* flock(2) asks for no right but open()'s */
	assert_int_equal(file_lock(at("pid"), &second), ERR_EXISTS);
	/* Removed under the holder: the name is free, and a new file is made and locked. */
	assert_int_equal(unlink(at("pid")), 0);
	assert_int_equal(file_lock(at("pid"), &second), 0);
	(void)close(first);
	assert_int_equal(file_lock(at("pid"), &first), ERR_EXISTS);
	(void)close(second);
	assert_int_equal(file_lock(at("pid"), &first), 0);
	(void)close(first);
	assert_false(file_is_locked(at("pid")));
	assert_int_equal(chmod(at("pid"), 0644), 0);
	assert_int_equal(file_lock(at("pid"), &first), 0); /* looking has let go again */
	assert_int_equal(mode_of("pid"), 0600);
	(void)close(first);
}

static void link_to(const char *target, const char *name)
{
	(void)unlink(name);
	assert_int_equal(symlink(target, name), 0);
}

/* A file may be guarded, and each directory on the way to it, and a link still lead elsewhere. */
static void links_on_the_way_are_guarded_too(void **state)
{
	char path[256];
	char target[256];
	const char *const here = directory;
	const int before = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	assert_int_equal(chdir(here), 0);
	assert_int_equal(mkdir("ours", 0755), 0);
	assert_int_equal(mkdir("theirs", 0755), 0);
	assert_int_equal(close(open("ours/file", O_CREAT | O_WRONLY | O_CLOEXEC, 0644)), 0);
	assert_int_equal(close(open("theirs/file", O_CREAT | O_WRONLY | O_CLOEXEC, 0644)), 0);
	assert_int_equal(chmod("theirs", 0777), 0);
	(void)snprintf(path, sizeof(path), "%s/ours/file", here);
	assert_true(file_is_guarded(path));
	(void)snprintf(path, sizeof(path), "%s/theirs/../ours/file", here);
	assert_false(file_is_guarded(path));

	(void)snprintf(path, sizeof(path), "%s/ours/link", here);
	link_to("file", "ours/link");
	assert_true(file_is_guarded(path));
	link_to("../ours/./file", "ours/link");
	assert_true(file_is_guarded(path));
	link_to("../theirs/file", "ours/link"); /* a file of ours in their directory */
	assert_false(file_is_guarded(path));
	link_to("../ours/file", "theirs/link"); /* our file, by their link */
	link_to("../theirs/link", "ours/link");
	assert_false(file_is_guarded(path));
	(void)snprintf(target, sizeof(target), "%s/ours/file", here);
	link_to(target, "ours/link");
	assert_true(file_is_guarded(path));
	link_to("link", "ours/link"); /* to itself */
	assert_false(file_is_guarded(path));
	link_to("nowhere", "ours/link");
	assert_false(file_is_guarded(path));
	link_to("../ours", "ours/link"); /* a directory by a link */
	(void)snprintf(path, sizeof(path), "%s/ours/link/file", here);
	assert_true(file_is_guarded(path));
	link_to("../theirs", "ours/link");
	assert_false(file_is_guarded(path));
	assert_false(file_is_guarded("ours/file"));

	assert_int_equal(unlink("ours/file"), 0);
	assert_int_equal(unlink("ours/link"), 0);
	assert_int_equal(unlink("theirs/file"), 0);
	assert_int_equal(unlink("theirs/link"), 0);
	assert_int_equal(rmdir("ours"), 0);
	assert_int_equal(rmdir("theirs"), 0);
	assert_int_equal(fchdir(before), 0);
	(void)close(before);
}

static void paths_have_a_limit(void **state)
{
	struct file_path path;
	char text[FILE_PATH_BYTES + 1];

	(void)state;
	memset(text, 'x', sizeof(text));
	text[FILE_PATH_BYTES] = 0;
	assert_int_equal(file_path(&path, "%s", text), ERR_TOO_LONG);
	text[FILE_PATH_BYTES - 1] = 0;
	assert_int_equal(file_path(&path, "%s", text), 0);
	assert_string_equal(path.text, text);
}

/* What root writes there, the daemon of a service manager has to read as somebody else. */
static void a_file_of_root_is_the_owner_s_of_the_directory(void **state)
{
	const struct span old = span_text("old");
	const char *mine;
	struct stat status;

	(void)state;
	if (geteuid() != 0)
		skip();
	mine = at("mine");
	assert_int_equal(file_write(mine, old, 0600), 0);
	assert_true(file_is_of(mine, 0));
	assert_int_equal(chown(directory, 4711, 4712), 0);
	assert_true(file_is_of(directory, 4711));
	assert_int_equal(file_write(mine, old, 0600), 0);
	assert_int_equal(stat(mine, &status), 0);
	assert_int_equal(status.st_uid, 4711);
	assert_int_equal(status.st_gid, 4712);
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_int_equal(file_give(mine, 0, 0), 0);
	assert_true(file_is_of(mine, 0));
	assert_int_equal(unlink(mine), 0);
	assert_int_equal(file_give(mine, 0, 0), ERR_NOT_FOUND);
	assert_false(file_is_of(mine, 0));
}

/* By owner, group and the rest: the first class that fits counts. */
static void what_keeps_a_reader_out_is_found(void **state)
{
	static const struct {
		uint32_t uid, gid;
		mode_t mode;
		bool is_obstacle;
	} cases[] = {
		{ 4711, 4712, 0400, false }, { 4711, 4712, 0377, true }, { 4711, 9, 0400, false },
		{ 9, 4712, 0040, false },    { 9, 4712, 0737, true },    { 9, 9, 0004, false },
		{ 9, 9, 0773, true },        { 0, 0, 0770, true }, /* without capabilities */
	};
	struct file_obstacle obstacle;
	struct file_path file;
	struct file_path above;

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(file_path(&file, "%s", at("file")), 0);
	assert_int_equal(file_write(file.text, span_text("x"), 0600), 0);
	assert_int_equal(file_give(file.text, 4711, 4712), 0);
	assert_int_equal(chmod(directory, 0755), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(chmod(file.text, cases[i].mode), 0);
		assert_int_equal(
			file_find_obstacle(file.text, cases[i].uid, cases[i].gid, &obstacle),
			cases[i].is_obstacle);
		if (!cases[i].is_obstacle)
			continue;
		assert_string_equal(obstacle.path.text, file.text);
		assert_int_equal(obstacle.owner, 4711);
		assert_false(obstacle.is_directory);
	}
	assert_int_equal(chmod(directory, 0700), 0);
	assert_true(file_find_obstacle(file.text, 4711, 4712, &obstacle));
	assert_true(obstacle.is_directory);
	assert_int_equal(file_path(&above, "%s", directory), 0);
	assert_string_equal(obstacle.path.text, above.text);
	assert_int_equal(unlink(file.text), 0);
	assert_false(file_find_obstacle(file.text, 0, 0, &obstacle));
}

static void kinds_are_told_apart(void **state)
{
	struct file_path path;

	(void)state;
	assert_int_equal(file_path(&path, "%s", at("it")), 0);
	assert_int_equal(file_kind(path.text), FILE_NONE);
	assert_int_equal(file_kind(directory), FILE_DIRECTORY);
	assert_int_equal(mkfifo(path.text, 0600), 0);
	assert_int_equal(file_kind(path.text), FILE_SPECIAL);
	assert_int_equal(unlink(path.text), 0);
	assert_int_equal(symlink("/", path.text), 0);
	assert_int_equal(file_kind(path.text), FILE_LINK);
	assert_int_equal(unlink(path.text), 0);
	assert_int_equal(file_write(path.text, span_text("x"), 0600), 0);
	assert_int_equal(file_kind(path.text), FILE_REGULAR);
}

/* The kernel runs what begins with #!, and formats that are no text. */
static void scripts_say_who_runs_them(void **state)
{
	static const struct {
		const char *text;
		int err;
	} cases[] = {
		{ "#!/bin/sh\n", 0 },
		{ "#!", 0 },
		{ "\177ELF", 0 },
		{ "echo\n", ERR_MALFORMED },
		{ "# a remark", ERR_MALFORMED },
		{ "\n#!/bin/sh", ERR_MALFORMED },
		{ "", ERR_MALFORMED },
		{ "#", ERR_MALFORMED },
	};
	struct file_path path;

	(void)state;
	assert_int_equal(file_path(&path, "%s", at("hook")), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(file_write(path.text, span_text(cases[i].text), 0755), 0);
		assert_int_equal(file_check_program(path.text), cases[i].err);
	}
}

#define IN_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_DIRECTORY(what_was_written_is_read),
		IN_DIRECTORY(a_failure_leaves_the_old_or_the_new),
		IN_DIRECTORY(a_new_file_that_fails_is_not_there),
		IN_DIRECTORY(a_failing_disk_says_how),
		IN_DIRECTORY(symbolic_links_are_refused),
		IN_DIRECTORY(what_is_no_file_is_refused),
		IN_DIRECTORY(reading_has_a_limit),
		IN_DIRECTORY(a_descriptor_is_read_from_its_start),
		IN_DIRECTORY(directories_get_their_mode),
		IN_DIRECTORY(directories_are_on_the_disk),
		IN_DIRECTORY(what_a_crash_left_is_swept),
		IN_DIRECTORY(writing_removes_nothing),
		IN_DIRECTORY(only_what_is_ours_is_swept),
		IN_DIRECTORY(one_holds_a_lock),
		IN_DIRECTORY(a_file_of_root_is_the_owner_s_of_the_directory),
		IN_DIRECTORY(links_on_the_way_are_guarded_too),
		IN_DIRECTORY(what_keeps_a_reader_out_is_found),
		IN_DIRECTORY(kinds_are_told_apart),
		IN_DIRECTORY(scripts_say_who_runs_them),
		cmocka_unit_test(paths_have_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
