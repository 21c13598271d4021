/* file.h - files that are read whole, and written so that a crash leaves the old or the new one.
 *
 * Symbolic links are not followed at the last step: whoever can make one in our directories must
 * not choose what we read or overwrite. Everything read is wiped when it is given back, since some
 * of it is secret and the rest costs nothing.
 */
#ifndef IO_FILE_H
#define IO_FILE_H

#include "base/span.h"

#include <stdbool.h>

#define FILE_PATH_BYTES 1024 /* with the final zero */
#define FILE_GROUP_KEEP UINT32_MAX

/* The ERR_* for what a call on a file has left in errno. */
int file_err(int error);

struct file_path {
	char text[FILE_PATH_BYTES];
};

/* Builds a path as printf(3) does: 0 or ERR_TOO_LONG. */
__attribute__((format(printf, 2, 3))) int file_path(struct file_path *ret, const char *format, ...);

struct file_bytes {
	uint8_t *data; /* owned; a zero stands behind the last byte */
	size_t len;
};

/* Reads a regular file of at most `max` bytes. 0, ERR_NOT_FOUND, ERR_PERMISSION, ERR_UNSUPPORTED (a
 * symbolic link, or no regular file), ERR_TOO_LONG, ERR_NOMEM, ERR_IO. */
int file_read(const char *path, size_t max, struct file_bytes *ret);

/* Whether a program may be run with our rights: a regular file that can be executed, and neither it
 * nor the directories above it can be changed by anybody but root or ourselves. 0; ERR_NOT_FOUND,
 * ERR_UNSUPPORTED (no such file, or no program), ERR_DENIED (others may change it), ERR_MALFORMED
 * (a script that does not begin with #!). */
int file_check_program(const char *path);

/* Whether nobody but root and ourselves may change what is found at this path: the file, each
 * directory on the way, and where links lead the same. */
bool file_is_guarded(const char *path);

/* The same in two steps, for a process that opens and another that reads. Reads from the start,
 * wherever the descriptor stands. */
int file_open(const char *path, int *ret_fd);
int file_read_fd(int fd, size_t max, struct file_bytes *ret);

/* What keeps a user without special rights from reading a file: the file, or a directory above. */
struct file_obstacle {
	struct file_path path;
	uint32_t owner;
	bool is_directory;
};

/* Whether there is such a thing, by owner and mode. Where that cannot be seen there is none. */
bool file_find_obstacle(const char *path, uint32_t uid, uint32_t gid, struct file_obstacle *ret);

enum file_kind { FILE_NONE, FILE_REGULAR, FILE_DIRECTORY, FILE_LINK, FILE_SPECIAL };

/* What is found there; a symbolic link is not followed. */
enum file_kind file_kind(const char *path);

/* True if nobody but its owner may read or write an open file. */
bool file_is_private(int fd);

/* Wipes; accepts what was never read. */
void file_free(struct file_bytes *bytes);

/* Replaces or makes a file: it has this mode and all these bytes, on the disk, or it is as it was.
 * With an error of the very last step, which brings its name to the disk, it is the new one, and a
 * power cut may bring the old one back: who gets an error may write again. 0, ERR_NOT_FOUND (no
 * such directory), ERR_PERMISSION, ERR_UNSUPPORTED (something else than a regular file is there),
 * ERR_TOO_LONG, ERR_READ_ONLY, ERR_NO_SPACE, ERR_IO.
 *
 * It is the caller's, but what root writes is the owner's of the directory.
 *
 * Until it is complete it has another name, ".NAME.XXXXXXXXXXXXXXXX" of random hexadecimal digits.
 * What a crash has left under such a name, with a secret in it perhaps, stays until file_sweep().
 */
int file_write(const char *path, struct span bytes, unsigned mode);

/* Removes from a directory what a crash has left of file_write() to files whose names fit a pattern
 * of glob(7), and that is ours. Nothing that a process is still writing goes, and what cannot be
 * removed stays. It is for directories that are ours alone: in any other one, what looks like a
 * leftover may be somebody's file. */
void file_sweep(const char *directory, const char *pattern);

/* Makes a directory with this mode and group, and those above it that are missing with 0755. Those
 * that it made are on the disk, or not there. One that is there already gets mode and group, too.
 * 0, ERR_PERMISSION, ERR_UNSUPPORTED (something else is there), ERR_TOO_LONG, ERR_READ_ONLY,
 * ERR_NO_SPACE, ERR_IO. */
int file_make_directory(const char *path, unsigned mode, uint32_t group);

/* Gives a file or directory to another user and group; a symbolic link itself. 0, ERR_NOT_FOUND,
 * ERR_PERMISSION, ERR_READ_ONLY, ERR_IO. */
int file_give(const char *path, uint32_t uid, uint32_t gid);

/* True if it is there and is theirs; of a symbolic link, the link. */
bool file_is_of(const char *path, uint32_t uid);

/* True if it is there and is not theirs, and then whose. */
bool file_is_foreign(const char *path, uint32_t uid, uint32_t *ret_owner);

/* True if it is there, and its mode lets everybody write; of a symbolic link nothing is asked. */
bool file_is_for_all(const char *path);

/* Makes or opens a file and locks it for as long as the descriptor (or one inherited from it) is
 * open. It is for its owner alone. 0, ERR_EXISTS (another process holds it), ERR_NOT_FOUND,
 * ERR_PERMISSION, ERR_UNSUPPORTED, ERR_IO. */
int file_lock(const char *path, int *ret_fd);

/* True if another process holds that lock. It is looked for by sharing it for an instant, in which
 * a file_lock() fails; nothing is made. */
bool file_is_locked(const char *path);

/* file_lock(), but waits for the other process to let go. */
int file_lock_wait(const char *path, int *ret_fd);

#endif
