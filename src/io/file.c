/* file.c - see file.h. */
#include "io/file.h"

#include "base/check.h"
#include "base/err.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define DIRECTORY_MODE 0755
#define LOCK_MODE 0600 /* whoever can open it for reading can lock it, and keep us out */
#define MODE_BITS 07777
#define TEMPORARY_DIGITS 16
#define READ_BYTES 4096 /* at first, of a file whose size is not known */

int file_err(int error)
{
	switch (error) {
	case ENOENT:
		return ERR_NOT_FOUND;
	case EACCES:
	case EPERM:
		return ERR_PERMISSION;
	case EROFS:
		return ERR_READ_ONLY;
	case ENOSPC:
	case EDQUOT:
		return ERR_NO_SPACE;
	case ELOOP: /* O_NOFOLLOW met a symbolic link */
	case ENOTDIR:
	case EISDIR:
	case ENXIO:
		return ERR_UNSUPPORTED;
	case ENAMETOOLONG:
		return ERR_TOO_LONG;
	case ENOMEM:
		return ERR_NOMEM;
	default:
		return ERR_IO;
	}
}

int file_path(struct file_path *ret, const char *format, ...)
{
	struct file_path path;
	va_list arguments;
	int len;

	va_start(arguments, format);
	len = vsnprintf(path.text, sizeof(path.text), format, arguments);
	va_end(arguments);
	if (len < 0 || (size_t)len >= sizeof(path.text))
		return ERR_TOO_LONG;
	*ret = path;
	return 0;
}

static bool is_regular(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

/* --- reading --- */

int file_open(const char *path, int *ret_fd)
{
	/* O_NONBLOCK: opening a FIFO must not wait for its writer. */
	const int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return file_err(errno);
	if (!is_regular(fd)) {
		(void)close(fd); /* nothing was written */
		return ERR_UNSUPPORTED;
	}
	*ret_fd = fd;
	return 0;
}

/* As the kernel decides it for one without capabilities: the first class that fits counts. */
static bool is_permitted(const struct stat *status, uint32_t uid, uint32_t gid, mode_t right)
{
	if (status->st_uid == uid)
		return (status->st_mode >> 6 & right) != 0;
	return (status->st_mode >> (status->st_gid == gid ? 3 : 0) & right) != 0;
}

bool file_find_obstacle(const char *path, uint32_t uid, uint32_t gid, struct file_obstacle *ret)
{
	struct file_path part;
	struct stat status;

	for (size_t len = path[0] == '/' ? 1 : strcspn(path, "/");;
	     len += 1 + strcspn(path + len + 1, "/")) {
		if (file_path(&part, "%.*s", (int)len, path) < 0 || stat(part.text, &status) < 0)
			return false;
		if (!is_permitted(&status, uid, gid, S_ISDIR(status.st_mode) ? 1 : 4))
			break;
		if (path[len] == '\0')
			return false;
		if (len == 1 && path[0] == '/')
			len = 0; /* the root's name ends with its slash */
	}
	*ret = (struct file_obstacle){ .path = part,
				       .owner = status.st_uid,
				       .is_directory = S_ISDIR(status.st_mode) };
	return true;
}

enum file_kind file_kind(const char *path)
{
	struct stat status;

	if (lstat(path, &status) < 0)
		return FILE_NONE;
	if (S_ISLNK(status.st_mode))
		return FILE_LINK;
	if (S_ISDIR(status.st_mode))
		return FILE_DIRECTORY;
	return S_ISREG(status.st_mode) ? FILE_REGULAR : FILE_SPECIAL;
}

bool file_is_private(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 && (status.st_mode & (S_IRWXG | S_IRWXO)) == 0;
}

/* Nobody else may change it. A sticky directory keeps others from replacing what is ours in it. */
static bool is_guarded(const struct stat *status)
{
	const bool is_ours = status->st_uid == 0 || status->st_uid == geteuid();
	const bool is_sticky = S_ISDIR(status->st_mode) && (status->st_mode & S_ISVTX) != 0;

	return is_ours && (is_sticky || (status->st_mode & (S_IWGRP | S_IWOTH)) == 0);
}

#define LINKS_MAX 40 /* on the way to one file, as the kernel has it (path_resolution(7)) */

/* Where a link stands in for the first `len` bytes of a path: the same file by the link's target.
 */
static bool follow(const char *path, size_t len, struct file_path *ret)
{
	char target[sizeof(ret->text)];
	struct file_path link;
	ssize_t n;

	if (file_path(&link, "%.*s", (int)len, path) < 0)
		return false;
	n = readlink(link.text, target, sizeof(target) - 1);
	if (n <= 0)
		return false;
	target[n] = '\0';
	if (target[0] == '/')
		return file_path(ret, "%s%s", target, path + len) == 0;
	*strrchr(link.text, '/') = '\0';
	return file_path(ret, "%s/%s%s", link.text, target, path + len) == 0;
}

/* Each directory on the way, and each that a link leads through: who can change one of them can
 * change what the path means. */
bool file_is_guarded(const char *path)
{
	struct file_path rest;
	struct stat status;
	unsigned links = 0;

	if (path[0] != '/' || file_path(&rest, "%s", path) < 0 || stat("/", &status) < 0 ||
	    !is_guarded(&status))
		return false;
	for (size_t len = 1 + strcspn(rest.text + 1, "/");;
	     len += 1 + strcspn(rest.text + len + 1, "/")) {
		struct file_path part;

		if (file_path(&part, "%.*s", (int)len, rest.text) < 0 ||
		    lstat(part.text, &status) < 0)
			return false;
		if (S_ISLNK(status.st_mode)) {
			if (++links > LINKS_MAX || !follow(rest.text, len, &part))
				return false;
			rest = part;
			len = 0; /* from the start: it is another path now */
			continue;
		}
		if (!is_guarded(&status))
			return false;
		if (rest.text[len] == '\0')
			return true;
	}
}

/* Text that does not say what is to read it: the kernel does not run it, only shells do
 * (execve(2)).
 */
static bool is_bare_script(const char *path)
{
	char start[2];
	const int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return false; /* it can be run without being read */
	n = pread(fd, start, sizeof(start), 0);
	(void)close(fd); /* nothing was written */
	if (n < 0)
		return false;
	if (n < (ssize_t)sizeof(start))
		return true;
	return memcmp(start, "#!", sizeof(start)) != 0 && isascii(start[0]) && isascii(start[1]) &&
	       (isprint(start[0]) || isspace(start[0])) && (isprint(start[1]) || isspace(start[1]));
}

int file_check_program(const char *path)
{
	struct stat status;

	if (stat(path, &status) < 0)
		return errno == ENOENT || errno == ENOTDIR ? ERR_NOT_FOUND : file_err(errno);
	if (!S_ISREG(status.st_mode) || (status.st_mode & S_IXUSR) == 0)
		return ERR_UNSUPPORTED;
	if (!file_is_guarded(path))
		return ERR_DENIED;
	return is_bare_script(path) ? ERR_MALFORMED : 0;
}

/* Reads until the end or the room is full. */
static int read_all(int fd, uint8_t *data, size_t room, size_t *ret_len)
{
	size_t len = 0;

	while (len < room) {
		const ssize_t n = pread(fd, data + len, room - len, (off_t)len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return file_err(errno);
		if (n == 0)
			break;
		len += (size_t)n;
	}
	*ret_len = len;
	return 0;
}

void file_free(struct file_bytes *bytes)
{
	if (bytes->data != NULL)
		explicit_bzero(bytes->data, bytes->len);
	free(bytes->data);
	*bytes = (struct file_bytes){ 0 };
}

/* What it held is not left in memory that others get. */
static int grow(struct file_bytes *bytes, size_t len)
{
	uint8_t *const data = calloc(1, len + 1);

	if (data == NULL)
		return ERR_NOMEM;
	if (bytes->data != NULL)
		memcpy(data, bytes->data, bytes->len);
	file_free(bytes);
	*bytes = (struct file_bytes){ .data = data, .len = len };
	return 0;
}

/* How much to read at first, and at most: where the size is known, all and one byte more, which
 * tells if it grows meanwhile. A process in its sandbox cannot ask for the size. */
static int plan(int fd, size_t *max, size_t *ret_first)
{
	struct stat status;

	*ret_first = *max < READ_BYTES ? *max + 1 : READ_BYTES;
	if (fstat(fd, &status) < 0)
		return errno == EACCES ? 0 : file_err(errno);
	if (status.st_size < 0 || (uintmax_t)status.st_size > *max)
		return ERR_TOO_LONG;
	*max = (size_t)status.st_size;
	*ret_first = *max + 1;
	return 0;
}

int file_read_fd(int fd, size_t max, struct file_bytes *ret)
{
	struct file_bytes bytes = { 0 };
	size_t room;
	size_t len = 0;
	int err = plan(fd, &max, &room);

	if (err < 0)
		return err;
	while (err == 0 && len == bytes.len && len <= max) {
		err = grow(&bytes, room);
		if (err == 0)
			err = read_all(fd, bytes.data, bytes.len, &len);
		room = 2 * room < max ? 2 * room : max + 1;
	}
	if (err == 0 && len > max)
		err = ERR_TOO_LONG;
	if (err < 0) {
		file_free(&bytes);
		return err;
	}
	*ret = (struct file_bytes){ .data = bytes.data, .len = len };
	return 0;
}

int file_read(const char *path, size_t max, struct file_bytes *ret)
{
	int fd = -1;
	int err = file_open(path, &fd);

	if (err < 0)
		return err;
	err = file_read_fd(fd, max, ret);
	(void)close(fd); /* nothing was written */
	return err;
}

/* --- writing --- */

/* A file in its directory, and the name that its successor has until it is complete. */
struct place {
	int directory;
	const char *name; /* borrowed from the path */
	char temporary[FILE_PATH_BYTES];
};

static int find_place(const char *path, struct place *ret)
{
	const char *slash = strrchr(path, '/');
	struct file_path directory;

	ret->name = slash == NULL ? path : slash + 1;
	if (*ret->name == 0)
		return ERR_UNSUPPORTED;
	if (file_path(&directory, "%.*s", slash == NULL ? 1 : (int)(ret->name - path),
		      slash == NULL ? "." : path) < 0)
		return ERR_TOO_LONG;
	ret->directory = open(directory.text, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return ret->directory < 0 ? file_err(errno) : 0;
}

/* ".key.pem.0123456789abcdef" */
static int choose_temporary(struct place *place)
{
	uint64_t chance;
	int len;

	if (getrandom(&chance, sizeof(chance), 0) != (ssize_t)sizeof(chance))
		return ERR_IO;
	len = snprintf(place->temporary, sizeof(place->temporary), ".%s.%0*" PRIx64, place->name,
		       TEMPORARY_DIGITS, chance);
	return len < 0 || (size_t)len >= sizeof(place->temporary) ? ERR_TOO_LONG : 0;
}

/* What a file that fits the pattern is called until it is complete. */
static bool is_temporary(const char *name, const char *pattern)
{
	const size_t len = strlen(name);
	const size_t before = len > TEMPORARY_DIGITS + 2 ? len - TEMPORARY_DIGITS - 1 : 0;
	struct file_path whole;

	return name[0] == '.' && before > 0 && name[before] == '.' &&
	       strspn(name + before + 1, "0123456789abcdef") == TEMPORARY_DIGITS &&
	       file_path(&whole, "%.*s", (int)(before - 1), name + 1) == 0 &&
	       fnmatch(pattern, whole.text, 0) == 0;
}

/* A file that we have made, or, as root, have given to the directory's owner already. */
static bool is_ours(int directory, int fd)
{
	struct stat above;
	struct stat status;

	return fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
	       (status.st_uid == geteuid() ||
		(geteuid() == 0 && fstat(directory, &above) == 0 && status.st_uid == above.st_uid));
}

/* Who writes a file under such a name holds its lock, so what can be locked is nobody's. */
static void remove_leftover(int directory, const char *name)
{
	const int fd =
		openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (is_ours(directory, fd) && flock(fd, LOCK_EX | LOCK_NB) == 0)
		(void)unlinkat(directory, name, 0); /* or it stays */
	(void)close(fd);                            /* only looked at */
}

void file_sweep(const char *directory, const char *pattern)
{
	const int fd = open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct dirent **list = NULL;
	int count;

	if (fd < 0)
		return;
	count = scandirat(fd, ".", &list, NULL, NULL);
	for (int i = 0; i < count; i++) {
		if (is_temporary(list[i]->d_name, pattern))
			remove_leftover(fd, list[i]->d_name);
		free(list[i]);
	}
	free(list);
	(void)close(fd); /* only a name */
}

/* Locks a file that was just made under that name; false if it is to be swept away, or was. Where a
 * file system has no locks, nobody sweeps either. */
static bool guard(int fd)
{
	struct stat status;

	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return errno != EWOULDBLOCK;
	return fstat(fd, &status) < 0 || status.st_nlink > 0;
}

static int make_temporary(struct place *place, int *ret_fd)
{
	for (;;) {
		int err = choose_temporary(place);
		int fd;

		if (err < 0)
			return err;
		fd = openat(place->directory, place->temporary,
			    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd < 0)
			return file_err(errno);
		if (guard(fd)) {
			*ret_fd = fd;
			return 0;
		}
		(void)close(fd); /* nothing was written: try another name */
	}
}

static int write_all(int fd, struct span bytes)
{
	while (bytes.len > 0) {
		const ssize_t n = write(fd, bytes.data, bytes.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return file_err(errno);
		bytes = span_of(bytes.data + n, bytes.len - (size_t)n);
	}
	return 0;
}

/* What root writes into the directory of somebody else is theirs: the daemon of a service manager
 * is another user, and reads what the administrator's program writes. */
static int give_to_owner(int directory, int fd)
{
	struct stat status;

	if (geteuid() != 0)
		return 0;
	if (fstat(directory, &status) < 0 ||
	    (status.st_uid != 0 && fchown(fd, status.st_uid, status.st_gid) < 0))
		return file_err(errno);
	return 0;
}

/* The bytes are on the disk before the name points to them: else a crash could leave a name with
 * nothing behind it. */
static int write_temporary(const struct place *place, int fd, struct span bytes, unsigned mode)
{
	int err = give_to_owner(place->directory, fd);

	if (err == 0)
		err = write_all(fd, bytes);
	return err == 0 && (fchmod(fd, (mode_t)mode) < 0 || fsync(fd) < 0) ? file_err(errno) : err;
}

/* rename() would replace a symbolic link without following it; but who made one there expects
 * something else, so it is refused. */
static bool may_be_replaced(const struct place *place)
{
	struct stat status;

	return fstatat(place->directory, place->name, &status, AT_SYMLINK_NOFOLLOW) < 0 ||
	       S_ISREG(status.st_mode);
}

static int replace(struct place *place, struct span bytes, unsigned mode)
{
	int fd = -1;
	int err;

	if (!may_be_replaced(place))
		return ERR_UNSUPPORTED;
	err = make_temporary(place, &fd);
	if (err < 0)
		return err;
	err = write_temporary(place, fd, bytes, mode);
	if (err == 0 &&
	    renameat(place->directory, place->temporary, place->directory, place->name) < 0)
		err = file_err(errno);
	if (err < 0)
		(void)unlinkat(place->directory, place->temporary, 0); /* or it is swept later */
	(void)close(fd); /* which lets go; after fsync() nothing is left to fail */
	if (err < 0)
		return err;
	/* The new name itself has to survive a crash. If this fails it is there all the same, but
	 * for how long is not known: the caller may write again. */
	return fsync(place->directory) < 0 ? file_err(errno) : 0;
}

int file_write(const char *path, struct span bytes, unsigned mode)
{
	struct place place;
	int err = find_place(path, &place);

	if (err < 0)
		return err;
	err = replace(&place, bytes, mode);
	(void)close(place.directory); /* only a name */
	return err;
}

/* --- directories --- */

/* The name of a directory is on the disk when the one that it stands in is. */
static int sync_parent(const char *path)
{
	const char *const slash = strrchr(path, '/');
	struct file_path parent;
	int err;
	int fd;

	err = slash == NULL ? file_path(&parent, ".")
			    : file_path(&parent, "%.*s", (int)(slash - path) + 1, path);
	if (err < 0)
		return err;
	fd = open(parent.text, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return file_err(errno);
	if (fsync(fd) < 0)
		err = file_err(errno);
	(void)close(fd); /* only a name */
	return err;
}

static int make_one(const char *path, mode_t mode)
{
	struct stat status;

	if (mkdir(path, mode) == 0) {
		const int err = sync_parent(path);

		if (err < 0)
			(void)rmdir(path); /* it is empty */
		return err;
	}
	if (errno != EEXIST)
		return file_err(errno);
	return stat(path, &status) == 0 && S_ISDIR(status.st_mode) ? 0 : ERR_UNSUPPORTED;
}

/* Makes the directories above the last part. */
static int make_parents(const char *path)
{
	struct file_path part;

	for (const char *at = path; (at = strchr(at + 1, '/')) != NULL;) {
		int err = file_path(&part, "%.*s", (int)(at - path), path);

		if (err == 0)
			err = make_one(part.text, DIRECTORY_MODE);
		if (err < 0)
			return err;
	}
	return 0;
}

/* By descriptor, so that it is the directory that was looked at. */
static int set_access(const char *path, mode_t mode, uint32_t group)
{
	const int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat status;
	int err = 0;

	if (fd < 0)
		return file_err(errno);
	if (fstat(fd, &status) < 0 ||
	    (group != FILE_GROUP_KEEP && status.st_gid != group &&
	     fchown(fd, (uid_t)-1, group) < 0) ||
	    ((status.st_mode & MODE_BITS) != mode && fchmod(fd, mode) < 0) || fsync(fd) < 0)
		err = file_err(errno);
	(void)close(fd); /* only a name */
	return err;
}

int file_make_directory(const char *path, unsigned mode, uint32_t group)
{
	int err = make_parents(path);

	if (err == 0)
		err = make_one(path, (mode_t)mode);
	return err < 0 ? err : set_access(path, (mode_t)mode, group);
}

int file_give(const char *path, uint32_t uid, uint32_t gid)
{
	return lchown(path, uid, gid) < 0 ? file_err(errno) : 0;
}

bool file_is_of(const char *path, uint32_t uid)
{
	struct stat status;

	return lstat(path, &status) == 0 && status.st_uid == uid;
}

bool file_is_foreign(const char *path, uint32_t uid, uint32_t *ret_owner)
{
	struct stat status;

	if (lstat(path, &status) < 0 || status.st_uid == uid)
		return false;
	*ret_owner = status.st_uid;
	return true;
}

bool file_is_for_all(const char *path)
{
	struct stat status;

	return lstat(path, &status) == 0 && !S_ISLNK(status.st_mode) &&
	       (status.st_mode & S_IWOTH) != 0;
}

/* --- locks --- */

/* True if the name still leads to what was opened: the last holder may have removed it between our
 * open() and our lock. */
static bool is_current(int fd, const char *path)
{
	struct stat opened;
	struct stat named;

	return fstat(fd, &opened) == 0 && lstat(path, &named) == 0 &&
	       opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

static int lock(const char *path, int operation, int *ret_fd)
{
	for (;;) {
		const int fd =
			open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC, LOCK_MODE);

		if (fd < 0)
			return file_err(errno);
		if (!is_regular(fd)) {   /* a FIFO cannot hold the number of a process */
			(void)close(fd); /* nothing was written */
			return ERR_UNSUPPORTED;
		}
		if (flock(fd, operation) < 0) {
			const int error = errno;

			(void)close(fd); /* nothing was written */
			if (error == EINTR)
				continue;
			return error == EWOULDBLOCK ? ERR_EXISTS : file_err(error);
		}
		if (is_current(fd, path)) {
			(void)fchmod(fd, LOCK_MODE); /* it may be older than this rule */
			*ret_fd = fd;
			return 0;
		}
		(void)close(fd); /* of a file that nobody can find: try with the new one */
	}
}

int file_lock(const char *path, int *ret_fd)
{
	return lock(path, LOCK_EX | LOCK_NB, ret_fd);
}

bool file_is_locked(const char *path)
{
	const int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	bool locked;

	if (fd < 0)
		return false;
	locked = flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
	(void)close(fd); /* only looked at; this lets go */
	return locked;
}

int file_lock_wait(const char *path, int *ret_fd)
{
	return lock(path, LOCK_EX, ret_fd);
}
