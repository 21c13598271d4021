/* remove.c - see remove.h. */
#include "prog/ipop/remove.h"

#include "base/err.h"
#include "io/file.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int complain_about(const char *path, int error, struct complaint *complaint)
{
	const int err = error == EACCES || error == EPERM ? ERR_PERMISSION
			: error == EROFS                  ? ERR_READ_ONLY
							  : ERR_IO;

	return complain(complaint, err, "%s: cannot be removed: %s", path, strerrordesc_np(error));
}

int remove_file(const char *path, struct complaint *complaint)
{
	return unlink(path) == 0 || errno == ENOENT ? 0 : complain_about(path, errno, complaint);
}

static int remove_entry(const char *directory, const char *name, struct complaint *complaint)
{
	struct file_path path;

	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return 0;
	if (file_path(&path, "%s/%s", directory, name) != 0)
		return complain(complaint, ERR_TOO_LONG, "%s: a name in it is too long", directory);
	if (unlink(path.text) == 0 || errno == ENOENT || errno == EISDIR)
		return 0;
	return complain_about(path.text, errno, complaint);
}

int remove_directory(const char *path, bool may_stay, struct complaint *complaint)
{
	struct dirent **entries = NULL;
	const int count = scandir(path, &entries, NULL, alphasort);
	int err = 0;

	if (count < 0)
		return errno == ENOENT ? 0 : complain_about(path, errno, complaint);
	for (int i = 0; i < count; i++) {
		if (err == 0)
			err = remove_entry(path, entries[i]->d_name, complaint);
		free(entries[i]);
	}
	free(entries);
	if (err != 0 || rmdir(path) == 0 || (may_stay && errno == ENOTEMPTY))
		return err;
	return complain_about(path, errno, complaint);
}
