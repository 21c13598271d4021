/* log_room.c - see log_room.h. */
#include "prog/ipopd/log_room.h"

#include "base/err.h"
#include "prog/ipopd/log.h"

#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOOK_MS 1000
#define FLAGS (O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

/* The kernel copies: this process need not have room for it. */
static void copy(int from, off_t at, int to)
{
	ssize_t n;

	do {
		n = sendfile(to, from, &at, STORE_LOG_BYTES_MAX);
	} while (n > 0);
}

/* The end of what is there, for those who may read the log. */
static int keep_end(const char *path, const struct stat *log, const char *old_path)
{
	struct stat found;
	const int from = open(path, O_RDONLY | FLAGS);
	int to;

	if (from < 0)
		return ERR_IO;
	if (fstat(from, &found) < 0 || found.st_ino != log->st_ino || found.st_dev != log->st_dev) {
		(void)close(from); /* another log than ours */
		return ERR_NOT_FOUND;
	}
	to = open(old_path, O_WRONLY | O_CREAT | O_TRUNC | FLAGS, log->st_mode & 0777);
	if (to >= 0) {
		(void)!fchown(to, (uid_t)-1, log->st_gid); /* else it is for fewer */
		copy(from, found.st_size - STORE_LOG_BYTES_MAX, to);
		(void)close(to); /* what there was no room for is lost */
	}
	(void)close(from); /* only read */
	return 0;
}

bool log_room_is_ours(const struct store *store)
{
	struct file_path path;
	struct stat log;
	struct stat named;

	return fstat(STDERR_FILENO, &log) == 0 && store_path(store, STORE_LOG, &path) == 0 &&
	       lstat(path.text, &named) == 0 && S_ISREG(named.st_mode) &&
	       named.st_ino == log.st_ino && named.st_dev == log.st_dev;
}

void log_room_poll(struct log_room *room, const struct store *store, struct mono now)
{
	struct file_path path;
	struct file_path old;
	struct stat log;

	if (!mono_reached(now, room->look_at))
		return;
	room->look_at = mono_add_ms(now, LOOK_MS);
	if (fstat(STDERR_FILENO, &log) < 0 || !S_ISREG(log.st_mode) ||
	    log.st_size <= STORE_LOG_BYTES_MAX || store_path(store, STORE_LOG, &path) < 0 ||
	    store_path(store, STORE_LOG_OLD, &old) < 0 || keep_end(path.text, &log, old.text) < 0)
		return;
	if (ftruncate(STDERR_FILENO, 0) == 0)
		log_info("the log was long, and begins anew old=%s", old.text);
}
