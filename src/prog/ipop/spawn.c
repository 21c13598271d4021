/* spawn.c - see spawn.h. */
#include "prog/ipop/spawn.h"

#include "base/check.h"
#include "base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOG_MODE 0640
#define SIGNAL_STATUS 128
#define EXEC_FAILED 127

static const char systemctl[] = "/usr/bin/systemctl";

/* --- systemd --- */

bool spawn_has_systemd(const struct store *store)
{
	static const char *const units[] = { "/etc/systemd/system/ipop@.service",
					     "/usr/local/lib/systemd/system/ipop@.service",
					     "/usr/lib/systemd/system/ipop@.service",
					     "/lib/systemd/system/ipop@.service" };

	/* sd_booted(3): this directory is there only where systemd is the service manager. */
	if (store->root[0] != '\0' || access("/run/systemd/system", F_OK) != 0)
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (access(units[i], F_OK) == 0)
			return true;
	return false;
}

static int exit_status(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : SIGNAL_STATUS + WTERMSIG(status);
}

int spawn_systemctl(const char *verb, const struct store *store)
{
	char unit[32];
	int status;
	pid_t pid;

	CHECK(snprintf(unit, sizeof(unit), "ipop@%s.service", store->network) < (int)sizeof(unit));
	pid = fork();
	if (pid == 0) {
		(void)execl(systemctl, "systemctl", verb, unit, (char *)NULL);
		_exit(EXEC_FAILED);
	}
	if (pid < 0)
		return -1;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return exit_status(status);
}

bool spawn_is_enabled(const struct store *store)
{
	struct file_path link;

	/* What `systemctl enable` makes of the unit's [Install]. */
	return file_path(&link, "/etc/systemd/system/multi-user.target.wants/ipop@%s.service",
			 store->network) == 0 &&
	       faccessat(AT_FDCWD, link.text, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Does not return. */
static void run_journalctl(const struct store *store, unsigned lines, int out)
{
	char unit[40];
	char count[16];

	CHECK(snprintf(unit, sizeof(unit), "--unit=ipop@%s.service", store->network) <
	      (int)sizeof(unit));
	(void)snprintf(count, sizeof(count), "--lines=%u", lines);
	if (dup2(out, STDOUT_FILENO) >= 0)
		(void)execl("/usr/bin/journalctl", "journalctl", "--quiet", "--no-pager",
			    "--output=short-iso", unit, count, (char *)NULL);
	_exit(EXEC_FAILED);
}

/* All that comes from it, up to a limit: what is behind that is not read. */
static int read_pipe(int fd, struct file_bytes *ret)
{
	ssize_t n = 1;

	ret->len = 0;
	ret->data = calloc(1, STORE_LOG_BYTES_MAX);
	if (ret->data == NULL)
		return ERR_NOMEM;
	while (n != 0 && ret->len < STORE_LOG_BYTES_MAX) {
		n = read(fd, ret->data + ret->len, STORE_LOG_BYTES_MAX - ret->len);
		if (n < 0 && errno != EINTR) {
			file_free(ret);
			return ERR_IO;
		}
		ret->len += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

int spawn_journal(const struct store *store, unsigned lines, struct file_bytes *ret)
{
	int status = -1;
	int pair[2];
	pid_t pid;
	int err;

	if (pipe2(pair, O_CLOEXEC) < 0)
		return ERR_IO;
	pid = fork();
	if (pid == 0)
		run_journalctl(store, lines, pair[1]);
	(void)close(pair[1]); /* the child has its own */
	err = pid < 0 ? ERR_IO : read_pipe(pair[0], ret);
	(void)close(pair[0]); /* only read */
	if (pid > 0 && !spawn_wait(pid, -1, &status))
		status = -1;
	if (err == 0 && status != 0) {
		file_free(ret);
		err = ERR_PERMISSION;
	}
	return err;
}

/* --- by ourselves --- */

/* The daemon of our own build or installation, seen from this program's file. */
static int find_daemon(struct file_path *ret, struct complaint *complaint)
{
	static const char *const places[] = { "ipopd", "../ipopd/ipopd", "../sbin/ipopd",
					      "../libexec/ipopd" };
	struct file_path self;
	const ssize_t len = readlink("/proc/self/exe", self.text, sizeof(self.text) - 1);
	char *slash;

	if (len < 0)
		return complain(complaint, ERR_IO, "/proc/self/exe cannot be read");
	self.text[len] = '\0';
	slash = strrchr(self.text, '/');
	if (slash != NULL)
		*slash = '\0';
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (file_path(ret, "%s/%s", self.text, places[i]) == 0 &&
		    access(ret->text, X_OK) == 0)
			return 0;
	return complain(complaint, ERR_NOT_FOUND, "ipopd is not there, beside %s", self.text);
}

/* What has grown long makes room, under another name. It is not cut: a daemon that this program
 * cannot see may still be writing there. */
static void make_room(const struct store *store, const char *path)
{
	struct file_path old;
	struct stat status;

	if (lstat(path, &status) == 0 && status.st_size > STORE_LOG_BYTES_MAX &&
	    store_path(store, STORE_LOG_OLD, &old) == 0)
		(void)rename(path, old.text); /* or it grows on */
}

/* To append to it; nothing else than a regular file. */
static int open_log_file(const char *path, int *ret_fd, struct complaint *complaint)
{
	struct stat status;
	/* O_NONBLOCK: a FIFO must not wait for a reader. */
	const int fd =
		open(path,
		     O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC,
		     LOG_MODE);

	if (fd < 0)
		return store_complain(complaint, file_err(errno), path);
	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode)) {
		(void)close(fd); /* nothing was written */
		return store_complain(complaint, ERR_UNSUPPORTED, path);
	}
	*ret_fd = fd;
	return 0;
}

static int open_log(const struct store *store, int *ret_fd, off_t *ret_from,
		    struct complaint *complaint)
{
	struct file_path path;
	int err = store_make_directory(store, STORE_RUN, complaint);

	if (err != 0)
		return err;
	CHECK(store_path(store, STORE_LOG, &path) == 0); /* longer by a word than the directory */
	make_room(store, path.text);
	err = open_log_file(path.text, ret_fd, complaint);
	if (err == 0)
		*ret_from = lseek(*ret_fd, 0, SEEK_END);
	return err;
}

int spawn_log_line(const struct store *store, const char *line, struct complaint *complaint)
{
	const size_t len = strlen(line);
	struct file_path path;
	int fd = -1;
	int err = store_path(store, STORE_LOG, &path);

	if (err != 0)
		return store_complain(complaint, err, store->root);
	err = open_log_file(path.text, &fd, complaint);
	if (err != 0 || fd < 0)
		return err;
	if (write(fd, line, len) != (ssize_t)len)
		err = store_complain(complaint, file_err(errno), path.text);
	(void)close(fd); /* what was written is enough */
	return err;
}

/* In the child: nothing of the terminal stays, and nothing else is open. */
static _Noreturn void become_daemon(char *const *argv, int log)
{
	const int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (setsid() >= 0 && chdir("/") == 0 && null >= 0 && dup2(null, STDIN_FILENO) >= 0 &&
	    dup2(log, STDOUT_FILENO) >= 0 && dup2(log, STDERR_FILENO) >= 0 &&
	    close_range(STDERR_FILENO + 1, ~0U, 0) == 0)
		(void)execv(argv[0], argv);
	_exit(EXEC_FAILED);
}

int spawn_daemon(const struct store *store, pid_t *ret_pid, off_t *ret_log_from,
		 struct complaint *complaint)
{
	char *const root = store->root[0] == '\0' ? NULL : realpath(store->root, NULL);
	char option[] = "--root";
	char network[NETWORK_NAME_MAX + 1];
	struct file_path daemon;
	int log = -1;
	int err = find_daemon(&daemon, complaint);
	char *argv[] = { daemon.text, option, root, network, NULL };

	memcpy(network, store->network, sizeof(network));
	if (store->root[0] == '\0') {
		argv[1] = network;
		argv[2] = NULL;
	}
	if (err == 0 && root == NULL && store->root[0] != '\0')
		err = store_complain(complaint, ERR_NOT_FOUND, store->root);
	if (err == 0)
		err = open_log(store, &log, ret_log_from, complaint);
	if (err == 0) {
		*ret_pid = fork();
		if (*ret_pid == 0)
			become_daemon(argv, log);
		if (*ret_pid < 0)
			err = complain(complaint, ERR_NOMEM, "ipopd could not be started");
	}
	if (log >= 0)
		(void)close(log); /* the child has it */
	free(root);
	return err;
}

/* --- a daemon that somebody started --- */

bool spawn_is_locked(const struct store *store, struct file_path *ret_path)
{
	return store_path(store, STORE_PID, ret_path) == 0 && file_is_locked(ret_path->text);
}

/* What a file says, if it says little. */
static size_t read_short(const char *path, char *ret, size_t room)
{
	const int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	ssize_t len = -1;

	if (fd >= 0) {
		len = read(fd, ret, room - 1);
		(void)close(fd); /* only read */
	}
	ret[len > 0 ? len : 0] = '\0';
	return len > 0 ? (size_t)len : 0;
}

/* The number may have been given to another process, or be one of another container. */
bool spawn_is_daemon(pid_t pid)
{
	struct file_path path;
	char name[32];

	return file_path(&path, "/proc/%ld/comm", (long)pid) == 0 &&
	       read_short(path.text, name, sizeof(name)) > 0 && strcmp(name, "ipopd\n") == 0;
}

/* 0 if it is no number of a process. */
static pid_t read_pid(const char *lock)
{
	char text[16];
	char *end;
	long pid;

	if (read_short(lock, text, sizeof(text)) == 0)
		return 0;
	pid = strtol(text, &end, 10);
	return *end != '\n' || pid <= 1 || pid > INT_MAX ? 0 : (pid_t)pid;
}

long spawn_holder(const struct store *store)
{
	struct file_path lock;

	return spawn_is_locked(store, &lock) ? read_pid(lock.text) : 0;
}

/* A handle of the process that holds the lock, or -1. A handle cannot become another's: what is
 * found true after it was opened is true of it. */
static int open_holder(const char *lock)
{
	const pid_t pid = read_pid(lock);
	int fd;

	if (pid == 0)
		return -1;
	fd = pidfd_open(pid, 0);
	if (fd >= 0 && (!spawn_is_daemon(pid) || !file_is_locked(lock))) {
		(void)close(fd); /* only a name */
		fd = -1;
	}
	return fd;
}

int spawn_terminate(const struct store *store, struct complaint *complaint)
{
	struct file_path lock;
	int fd;
	int err = 0;

	if (!spawn_is_locked(store, &lock))
		return complain(complaint, ERR_NOT_FOUND, "%s is not running; ipop up %s starts it",
				store->network, store->network);
	fd = open_holder(lock.text);
	if (fd < 0)
		return complain(
			complaint, ERR_UNSUPPORTED,
			"%s: %s is locked by a process that cannot be asked, and that is no "
			"ipopd seen from here: find it (`fuser %s`) and end it",
			store->network, lock.text, lock.text);
	if (pidfd_send_signal(fd, SIGTERM, NULL, 0) < 0 && errno == EPERM)
		err = complain(complaint, ERR_PERMISSION, "%s: only root may end it",
			       store->network);
	(void)close(fd); /* only a name */
	return err;
}

bool spawn_wait(pid_t pid, int timeout_ms, int *ret_status)
{
	struct pollfd wait = { .fd = -1, .events = POLLIN };
	int status;
	bool ended;

	if (pid > 0)
		wait.fd = pidfd_open(pid, 0);
	(void)poll(&wait, 1, timeout_ms); /* -1: nothing but the time passes */
	if (wait.fd >= 0)
		(void)close(wait.fd); /* only a name */
	ended = pid > 0 && waitpid(pid, &status, WNOHANG) == pid;
	if (ended)
		*ret_status = exit_status(status);
	return ended;
}
