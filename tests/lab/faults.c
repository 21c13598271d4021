/* faults.c - a host that goes wrong while the daemon runs on it: linked into a daemon of the
 * laboratory, both processes of which have it, for they are one program.
 *
 * What is wrong stands in /run/faults, which is mapped when the program begins, before it gives up
 * files: so a story changes it while the daemon runs. Each field is a decimal number in
 * FIELD_BYTES, filled up with blanks; 0, or no file at all, is a host that is well.
 *
 *   0 clock    seconds that somebody has put the wall clock forward
 *   1 asleep   seconds that the machine was suspended: all its clocks are later
 *   2 send     the errno of each datagram that leaves
 *   3 write    the errno of each write to a file in /var/lib/ipop
 *   4 read     the errno of each read of one
 *   5 stuck    the pid of a process that does not come back when it asks for the time
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define FILE_NAME "/run/faults"
#define FIELD_BYTES 32
#define DISK "/var/lib/ipop/"

enum fault { FAULT_CLOCK, FAULT_ASLEEP, FAULT_SEND, FAULT_WRITE, FAULT_READ, FAULT_STUCK, FAULTS };

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): the linker's names */
int __real_clock_gettime(clockid_t clock, struct timespec *ret);
int __real_timerfd_settime(int fd, int flags, const struct itimerspec *at, struct itimerspec *old);
int __real_sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags);
ssize_t __real_write(int fd, const void *bytes, size_t len);
int __real_fsync(int fd);
ssize_t __real_pread64(int fd, void *bytes, size_t len, off_t at);
ssize_t __real___pread64_chk(int fd, void *bytes, size_t len, off_t at, size_t room);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ret);
int __wrap_timerfd_settime(int fd, int flags, const struct itimerspec *at, struct itimerspec *old);
int __wrap_sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags);
ssize_t __wrap_write(int fd, const void *bytes, size_t len);
int __wrap_fsync(int fd);
ssize_t __wrap_pread64(int fd, void *bytes, size_t len, off_t at);
ssize_t __wrap___pread64_chk(int fd, void *bytes, size_t len, off_t at, size_t room);

static const char *fields; /* NULL: all is well */
static pid_t self;

__attribute__((constructor)) static void map_faults(void)
{
	const int fd = open(FILE_NAME, O_RDONLY | O_CLOEXEC);
	void *map;

	self = getpid();
	if (fd < 0)
		return;
	map = mmap(NULL, (size_t)FAULTS * FIELD_BYTES, PROT_READ, MAP_SHARED, fd, 0);
	if (map != MAP_FAILED)
		fields = map;
	(void)close(fd); /* the map stays */
}

static long value_of(enum fault fault)
{
	return fields == NULL ? 0 : strtol(fields + (size_t)fault * FIELD_BYTES, NULL, 10);
}

/* -1 with that errno, if there is one. */
static int fails(enum fault fault)
{
	const long error = value_of(fault);

	if (error == 0)
		return 0;
	errno = (int)error;
	return -1;
}

int __wrap_clock_gettime(clockid_t clock, struct timespec *ret)
{
	const int done = __real_clock_gettime(clock, ret);

	while (value_of(FAULT_STUCK) == (long)self)
		;
	if (clock == CLOCK_REALTIME)
		ret->tv_sec += value_of(FAULT_CLOCK);
	if (clock == CLOCK_REALTIME || clock == CLOCK_BOOTTIME)
		ret->tv_sec += value_of(FAULT_ASLEEP);
	return done;
}

/* The daemon's timers are of CLOCK_BOOTTIME, and absolute; one whose time is past fires at once. */
int __wrap_timerfd_settime(int fd, int flags, const struct itimerspec *at, struct itimerspec *old)
{
	const long asleep = value_of(FAULT_ASLEEP);
	struct itimerspec real = *at;

	real.it_value.tv_sec = real.it_value.tv_sec > asleep ? real.it_value.tv_sec - asleep : 1;
	return __real_timerfd_settime(fd, flags, &real, old);
}

int __wrap_sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags)
{
	return fails(FAULT_SEND) < 0 ? -1 : __real_sendmmsg(fd, messages, count, flags);
}

static int is_on_disk(int fd)
{
	char link[64];
	char name[4096];
	ssize_t len;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, name, sizeof(name) - 1);
	name[len < 0 ? 0 : len] = '\0';
	return strstr(name, DISK) != NULL;
}

static int disk_fails(enum fault fault, int fd)
{
	return value_of(fault) != 0 && is_on_disk(fd) ? fails(fault) : 0;
}

ssize_t __wrap_write(int fd, const void *bytes, size_t len)
{
	return disk_fails(FAULT_WRITE, fd) < 0 ? -1 : __real_write(fd, bytes, len);
}

int __wrap_fsync(int fd)
{
	return disk_fails(FAULT_WRITE, fd) < 0 ? -1 : __real_fsync(fd);
}

ssize_t __wrap_pread64(int fd, void *bytes, size_t len, off_t at)
{
	return disk_fails(FAULT_READ, fd) < 0 ? -1 : __real_pread64(fd, bytes, len, at);
}

/* What a build with checked buffers calls. */
ssize_t __wrap___pread64_chk(int fd, void *bytes, size_t len, off_t at, size_t room)
{
	return disk_fails(FAULT_READ, fd) < 0 ? -1 : __real___pread64_chk(fd, bytes, len, at, room);
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
