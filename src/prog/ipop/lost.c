/* lost.c - see lost.h. */
#include "prog/ipop/lost.h"

#include "base/err.h"
#include "prog/ipop/report.h"
#include "prog/ipop/spawn.h"

#include <dirent.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <unistd.h>

/* What the kernel calls the lock now (proc(5), fd). Its root has to be there still. */
static bool name_of_lock(const struct store *store, struct file_path *ret)
{
	char root[PATH_MAX];
	struct store resolved = *store;
	struct file_path lock;

	if (store->root[0] != '\0') {
		if (realpath(store->root, root) == NULL)
			return false;
		resolved.root = root;
	}
	return store_path(&resolved, STORE_PID, &lock) == 0 &&
	       file_path(ret, "%s (deleted)", lock.text) == 0;
}

static bool shares(long pid, const char *space)
{
	struct file_path path;
	struct file_path own;
	struct stat theirs;
	struct stat ours;

	return file_path(&path, "/proc/%ld/ns/%s", pid, space) == 0 &&
	       file_path(&own, "/proc/self/ns/%s", space) == 0 && stat(path.text, &theirs) == 0 &&
	       stat(own.text, &ours) == 0 && theirs.st_ino == ours.st_ino &&
	       theirs.st_dev == ours.st_dev;
}

/* Whether it is in the network that we are in, and not one of a container with the same paths; nor
 * of somebody who made such paths in a user namespace of his own, as anybody may. */
static bool is_of_this_host(long pid)
{
	return shares(pid, "net") && shares(pid, "user");
}

static bool has_open(long pid, const char *name)
{
	struct file_path path;
	struct dirent *entry;
	bool found = false;
	DIR *directory;

	if (file_path(&path, "/proc/%ld/fd", pid) != 0)
		return false;
	directory = opendir(path.text);
	if (directory == NULL)
		return false; /* not for us to see */
	/* cppcheck-suppress readdirCalled ; this program has one thread */
	while (!found && (entry = readdir(directory)) != NULL) {
		const ssize_t len = readlinkat(dirfd(directory), entry->d_name, path.text,
					       sizeof(path.text) - 1);

		path.text[len > 0 ? len : 0] = '\0';
		found = strcmp(path.text, name) == 0;
	}
	(void)closedir(directory); /* only read */
	return found;
}

/* A handle of this process if it is the one; -1 if not. */
static int open_if_lost(long pid, const char *lock)
{
	const int fd = pidfd_open((pid_t)pid, 0); /* what is true from here on is true of it */

	if (fd < 0 || (spawn_is_daemon((pid_t)pid) && is_of_this_host(pid) && has_open(pid, lock)))
		return fd;
	(void)close(fd); /* only a name */
	return -1;
}

long lost_find(const struct store *store, int *ret_fd)
{
	struct file_path lock;
	DIR *const processes = opendir("/proc");
	struct dirent *entry;
	long found = 0;

	if (processes == NULL)
		return 0;
	/* cppcheck-suppress readdirCalled ; likewise */
	while (found == 0 && name_of_lock(store, &lock) && (entry = readdir(processes)) != NULL) {
		const long pid = strtol(entry->d_name, NULL, 10);
		const int fd = pid > 1 && pid <= INT_MAX ? open_if_lost(pid, lock.text) : -1;

		if (fd < 0)
			continue;
		*ret_fd = fd;
		found = pid;
	}
	(void)closedir(processes); /* only read */
	return found;
}

int lost_end(const struct store *store, unsigned seconds, struct complaint *complaint)
{
	struct pollfd end = { .events = POLLIN };
	const long pid = lost_find(store, &end.fd);
	int err = 0;

	if (pid == 0)
		return ERR_NOT_FOUND;
	report_note("The directory of %s in /run is gone; its process, %ld, is told to end.",
		    store->network, pid);
	if (pidfd_send_signal(end.fd, SIGTERM, NULL, 0) < 0)
		err = complain(complaint, ERR_PERMISSION, "%s: only root may end process %ld",
			       store->network, pid);
	else if (poll(&end, 1, (int)seconds * 1000) != 1)
		err = complain(complaint, ERR_TIMEOUT,
			       "%s: still runs after %u s; if it stands still, end its process, "
			       "%ld, by kill -KILL",
			       store->network, seconds, pid);
	(void)close(end.fd); /* only a name */
	return err;
}
