/* crash.c - kills the program that it is linked into at the n-th step of writing files.
 *
 * Steps are the calls that change what is on the disk; the linker sends them here (--wrap in
 * meson.build). Before step CRASH_AT (an environment variable) is done, the process dies by SIGKILL
 * as if somebody had pulled the plug; of a write() half is done.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static unsigned long step;

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): the linker's names */
ssize_t __real_write(int fd, const void *bytes, size_t len);
int __real_fchmod(int fd, mode_t mode);
int __real_fsync(int fd);
int __real_renameat(int from, const char *old, int to, const char *new);
int __real_openat64(int directory, const char *name, int flags, ...);
ssize_t __wrap_write(int fd, const void *bytes, size_t len);
int __wrap_fchmod(int fd, mode_t mode);
int __wrap_fsync(int fd);
int __wrap_renameat(int from, const char *old, int to, const char *new);
int __wrap_openat64(int directory, const char *name, int flags, ...);

static int is_due(void)
{
	const char *const at = getenv("CRASH_AT");

	step++;
	return at != NULL && strtoul(at, NULL, 10) == step;
}

static void crash_if_due(void)
{
	if (is_due())
		(void)kill(getpid(), SIGKILL); /* does not return */
}

ssize_t __wrap_write(int fd, const void *bytes, size_t len)
{
	if (is_due()) {
		(void)__real_write(fd, bytes, len / 2);
		(void)kill(getpid(), SIGKILL); /* does not return */
	}
	return __real_write(fd, bytes, len);
}

int __wrap_fchmod(int fd, mode_t mode)
{
	crash_if_due();
	return __real_fchmod(fd, mode);
}

int __wrap_fsync(int fd)
{
	crash_if_due();
	return __real_fsync(fd);
}

int __wrap_renameat(int from, const char *old, int to, const char *new)
{
	crash_if_due();
	return __real_renameat(from, old, to, new);
}

int __wrap_openat64(int directory, const char *name, int flags, ...)
{
	mode_t mode = 0;
	va_list rest;

	va_start(rest, flags);
	if ((flags & O_CREAT) != 0) {
		mode = va_arg(rest, mode_t);
		crash_if_due();
	}
	va_end(rest);
	return __real_openat64(directory, name, flags, mode);
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
