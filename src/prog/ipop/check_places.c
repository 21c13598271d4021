/* check_places.c - see check_places.h. */
#include "prog/ipop/check_places.h"

#include "base/err.h"
#include "prog/ipop/report.h"
#include "prog/ipop/spawn.h"

#include <stdio.h>
#include <unistd.h>

/* systemd gives the directory to whom the unit names; else it has to be the daemon's. */
static int check_owner(const struct store *store, const char *path, uint32_t uid,
		       struct complaint *complaint)
{
	char user[16] = "root";
	uint32_t owner;

	if (spawn_has_systemd(store) || !file_is_foreign(path, uid, &owner))
		return 0;
	if (uid != 0)
		(void)snprintf(user, sizeof(user), "%u", uid);
	return complain(complaint, ERR_PERMISSION,
			"%s: belongs to user %u, and the daemon, which is %s%s, may not write "
			"there: chown %s %s",
			path, owner, uid == 0 ? "" : "user ", user, user, path);
}

static int check_file(const struct store *store, enum store_file file, uint32_t uid,
		      struct complaint *complaint)
{
	struct file_path path;
	enum file_kind kind;

	if (store_path(store, file, &path) != 0)
		return 0; /* nothing can be there */
	kind = file_kind(path.text);
	if (kind == FILE_NONE)
		return 0;
	if (file == STORE_CONTROL) /* anything else is replaced */
		return kind == FILE_DIRECTORY
			       ? store_complain(complaint, ERR_UNSUPPORTED, path.text)
			       : 0;
	if (kind != FILE_REGULAR)
		return store_complain(complaint, ERR_UNSUPPORTED, path.text);
	return check_owner(store, path.text, uid, complaint);
}

int check_places_run(const struct store *store, uint32_t uid, struct complaint *complaint)
{
	static const enum store_file files[] = { STORE_PID, STORE_CONTROL, STORE_LOG };
	struct file_path path;
	enum file_kind kind;
	int err;

	if (store_directory_path(store, STORE_RUN, &path) != 0)
		return 0; /* nothing can be there */
	kind = file_kind(path.text);
	if (kind == FILE_NONE)
		return 0;
	if (kind != FILE_DIRECTORY)
		return store_complain(complaint, ERR_UNSUPPORTED, path.text);
	err = check_owner(store, path.text, uid, complaint);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]) && err == 0; i++)
		err = check_file(store, files[i], uid, complaint);
	return err;
}

static void remark(const char *path, uint32_t uid)
{
	const bool is_directory = file_kind(path) == FILE_DIRECTORY;
	uint32_t owner;

	if (file_is_for_all(path))
		report_note("%s: anybody on this host may %s: chmod o-w %s", path,
			    is_directory ? "put files there" : "change it", path);
	if (file_is_foreign(path, uid, &owner) && owner != 0 && owner != geteuid())
		report_note("%s: belongs to user %u, who may change %s: chown root %s", path, owner,
			    is_directory ? "what is there" : "it", path);
}

void check_places_remark(const struct store *store, uint32_t uid)
{
	static const enum store_directory directories[] = { STORE_ETC, STORE_MEMBERS, STORE_MEMBER,
							    STORE_RUNS, STORE_RUN };
	struct file_path path;

	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++)
		if (store_directory_path(store, directories[i], &path) == 0)
			remark(path.text, uid);
	if (store_path(store, STORE_CONFIG, &path) == 0)
		remark(path.text, uid);
}
