/* store.c - see store.h. */
#include "group/store.h"

#include "base/check.h"
#include "base/err.h"
#include "base/seccheck.h"
#include "group/registry.h"
#include "group/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NEIGHBOURS_BYTES_MAX 4096
#define REQUEST_END ".pem" /* behind the hash of a key */

/* What stands before the network's name and what behind it; the same for its directories. */
struct place {
	const char *before, *after;
	size_t bytes_max; /* of files that are read */
	unsigned mode;
	bool secret; /* not for other eyes: such a file is not used */
};

static const struct place files[STORE_FILES] = {
	[STORE_CONFIG] = { "/etc/ipop/", ".conf", CONFIG_BYTES_MAX, 0644, false },
	[STORE_KEY] = { "/var/lib/ipop/", "/key.pem", KEY_PEM_BYTES_MAX, 0600, true },
	[STORE_BUNDLE] = { "/var/lib/ipop/", "/bundle.json", BUNDLE_BYTES_MAX, 0600, true },
	[STORE_NEIGHBOURS] = { "/var/lib/ipop/", "/neighbours", NEIGHBOURS_BYTES_MAX, 0600, false },
	[STORE_CA_KEY] = { "/var/lib/ipop-ca/", "/key.pem", KEY_PEM_BYTES_MAX, 0600, true },
	[STORE_CA_CERTIFICATE] = { "/var/lib/ipop-ca/", "/certificate.pem",
				   CERTIFICATE_PEM_BYTES_MAX, 0644, false },
	[STORE_CA_REGISTRY] = { "/var/lib/ipop-ca/", "/registry", REGISTRY_BYTES_MAX, 0600, false },
	[STORE_CA_SECRET] = { "/var/lib/ipop-ca/", "/secret", NETWORK_SECRETS_TEXT_MAX, 0600,
			      true },
	[STORE_CA_CONFIG] = { "/var/lib/ipop-ca/", "/group.conf", CONFIG_BYTES_MAX, 0644, false },
	[STORE_CA_LOCK] = { "/var/lib/ipop-ca/", "/lock", 0, 0600, false },
	[STORE_CONTROL] = { "/run/ipop/", "/control", 0, 0660, false },
	[STORE_LOG] = { "/run/ipop/", "/log", 0, 0640, false },
	[STORE_LOG_OLD] = { "/run/ipop/", "/log.old", 0, 0640, false },
	[STORE_PID] = { "/run/ipop/", "/pid", 0, 0600, false },
};

static const struct place directories[STORE_DIRECTORIES] = {
	[STORE_ETC] = { "/etc/ipop", NULL, 0, 0755, false },
	[STORE_REQUESTS] = { "/var/lib/ipop/requests", NULL, 0, 0700, false },
	[STORE_MEMBERS] = { "/var/lib/ipop", NULL, 0, 0755, false },
	[STORE_RUNS] = { "/run/ipop", NULL, 0, 0755, false },
	[STORE_MEMBER] = { "/var/lib/ipop/", "", 0, 0700, false },
	[STORE_CA] = { "/var/lib/ipop-ca/", "", 0, 0700, false },
	[STORE_RUN] = { "/run/ipop/", "", 0, 0750, false },
};

static int path_of(const struct store *store, const struct place *place, struct file_path *ret)
{
	if (place->after == NULL)
		return file_path(ret, "%s%s", store->root, place->before);
	CHECK(store->network[0] != '\0');
	return file_path(ret, "%s%s%s%s", store->root, place->before, store->network, place->after);
}

int store_path(const struct store *store, enum store_file file, struct file_path *ret)
{
	CHECK(file < STORE_FILES);
	return path_of(store, &files[file], ret);
}

int store_directory_path(const struct store *store, enum store_directory directory,
			 struct file_path *ret)
{
	CHECK(directory < STORE_DIRECTORIES);
	return path_of(store, &directories[directory], ret);
}

int store_request_path(const struct store *store, struct span spki, struct file_path *ret)
{
	char name[TEXT_HEX_CHARS(HASH_BYTES) + 1];
	struct file_path directory;
	uint8_t hash[HASH_BYTES];
	int err = store_directory_path(store, STORE_REQUESTS, &directory);

	hash_sha256(&spki, 1, hash);
	text_hex(span_of(hash, sizeof(hash)), name);
	return err == 0 ? file_path(ret, "%s/%s" REQUEST_END, directory.text, name) : err;
}

/* What is there instead of a file that can be used. */
static int complain_kind(struct complaint *complaint, int err, const char *path)
{
	switch (file_kind(path)) {
	case FILE_LINK:
		return complain(complaint, err,
				"%s: is a symbolic link, and is not followed: put the file itself "
				"there",
				path);
	case FILE_DIRECTORY:
		return complain(complaint, err, "%s: is a directory, and must be a file: remove it",
				path);
	case FILE_REGULAR:
		return complain(complaint, err, "%s: is a file, and must be a directory: remove it",
				path);
	case FILE_SPECIAL:
		return complain(complaint, err, "%s: is no regular file: remove it", path);
	case FILE_NONE:
		break;
	}
	return complain(complaint, err, "%s: something above it is no directory: remove that",
			path);
}

/* What root may not do, a daemon without the right over the files of others: whose they are. */
static bool complain_owner(struct complaint *complaint, int err, const char *path)
{
	struct file_path place = { "" };
	uint32_t owner;
	char *slash;

	if (geteuid() != 0 || file_path(&place, "%s", path) != 0)
		return false;
	slash = strrchr(place.text, '/');
	if (!file_is_foreign(place.text, 0, &owner)) { /* or that in which it would be */
		if (slash == NULL || slash == place.text)
			return false;
		*slash = '\0';
		if (!file_is_foreign(place.text, 0, &owner))
			return false;
	}
	(void)complain(complaint, err,
		       "%s: %s, for root too, as %s belongs to user %u: chown root %s", path,
		       err_text(err), place.text, owner, place.text);
	return true;
}

int store_complain(struct complaint *complaint, int err, const char *path)
{
	if (err == ERR_PERMISSION && complain_owner(complaint, err, path))
		return err;
	if (err == ERR_DENIED)
		return complain(complaint, err,
				"%s: must be for its owner alone; if nobody else has read it: "
				"chmod 600 %s",
				path, path);
	if (err == ERR_UNSUPPORTED)
		return complain_kind(complaint, err, path);

	const char *const help = err == ERR_PERMISSION
					 ? "; run as root, or name a directory of yours with --root"
					 : "";

	return complain(complaint, err, "%s: %s%s", path, err_text(err), help);
}

int store_complain_read(struct complaint *complaint, int err, const char *path, size_t max)
{
	if (err != ERR_TOO_LONG)
		return store_complain(complaint, err, path);
	return complain(complaint, err,
			"%s: is longer than %zu bytes, so it is not what belongs there: bring that "
			"back from a copy",
			path, max);
}

int store_make_directory(const struct store *store, enum store_directory directory,
			 struct complaint *complaint)
{
	return store_make_directory_for(store, directory, FILE_GROUP_KEEP, complaint);
}

int store_make_directory_for(const struct store *store, enum store_directory directory,
			     uint32_t group, struct complaint *complaint)
{
	struct file_path path;
	int err = store_directory_path(store, directory, &path);

	if (err != 0)
		return store_complain(complaint, err, store->root);
	err = file_make_directory(path.text, directories[directory].mode, group);
	return err == 0 ? 0 : store_complain(complaint, err, path.text);
}

static int give(const char *path, uint32_t uid, uint32_t gid, struct complaint *complaint)
{
	const int err = file_give(path, uid, gid);

	return err == 0 || err == ERR_NOT_FOUND ? 0 : store_complain(complaint, err, path);
}

int store_give(const struct store *store, uint32_t uid, uint32_t gid, struct complaint *complaint)
{
	static const enum store_file given[] = { STORE_KEY, STORE_BUNDLE, STORE_NEIGHBOURS };
	struct file_path path;
	int err = store_directory_path(store, STORE_MEMBER, &path);

	if (err != 0)
		return store_complain(complaint, err, store->root);
	if (file_is_of(path.text, uid))
		return 0;
	/* The directory last: while it is root's nobody else can put a link where a file is. */
	for (size_t i = 0; i < sizeof(given) / sizeof(given[0]) && err == 0; i++) {
		struct file_path file;

		err = store_path(store, given[i], &file);
		err = err != 0 ? store_complain(complaint, err, path.text)
			       : give(file.text, uid, gid, complaint);
	}
	return err == 0 ? give(path.text, uid, gid, complaint) : err;
}

/* What only the daemon has to see belongs to it; to the rest it must be let. */
static int complain_obstacle(const struct file_obstacle *obstacle, bool is_its, uint32_t uid,
			     struct complaint *complaint)
{
	const char *const path = obstacle->path.text;
	char user[16];

	(void)snprintf(user, sizeof(user), "%u", uid);
	if (is_its && obstacle->owner != uid)
		return complain(complaint, ERR_PERMISSION,
				"%s: belongs to user %u, and the daemon, which is %s%s, may not %s "
				"it: chown %s %s",
				path, obstacle->owner, uid == 0 ? "" : "user ",
				uid == 0 ? "root" : user, obstacle->is_directory ? "enter" : "read",
				uid == 0 ? "root" : user, path);
	/* Who has a file may change it: of a stranger's the daemon makes no use. */
	if (!obstacle->is_directory && obstacle->owner != uid && obstacle->owner != 0)
		return complain(complaint, ERR_PERMISSION,
				"%s: belongs to user %u, and the daemon, which is %s%s, may not "
				"read it: chown root %s%s%s",
				path, obstacle->owner, uid == 0 ? "" : "user ",
				uid == 0 ? "root" : user, path, uid == 0 ? "" : "; chmod a+r ",
				uid == 0 ? "" : path);
	return complain(complaint, ERR_PERMISSION,
			"%s: the daemon, which is %s%s, may not %s it: chmod %s%s %s", path,
			uid == 0 ? "" : "user ", uid == 0 ? "root" : user,
			obstacle->is_directory ? "enter" : "read",
			obstacle->owner == uid ? "u+" : "a+", obstacle->is_directory ? "x" : "r",
			path);
}

int store_check_reader(const struct store *store, enum store_file file, uint32_t uid, uint32_t gid,
		       struct complaint *complaint)
{
	struct file_obstacle obstacle;
	struct file_path member;
	struct file_path path;
	bool is_its;

	if (store_path(store, file, &path) != 0 ||
	    store_directory_path(store, STORE_MEMBER, &member) != 0 ||
	    !file_find_obstacle(path.text, uid, gid, &obstacle))
		return 0;
	is_its = files[file].secret &&
		 (!obstacle.is_directory || strcmp(obstacle.path.text, member.text) == 0);
	return complain_obstacle(&obstacle, is_its, uid, complaint);
}

static int open_file(const char *path, bool secret, int *ret_fd, struct complaint *complaint)
{
	const int err = file_open(path, ret_fd);

	if (err != 0)
		return store_complain(complaint, err, path);
	if (secret && !SECCHECK(SEC_STORE_SECRET, file_is_private(*ret_fd))) {
		(void)close(*ret_fd); /* nothing was read */
		return store_complain(complaint, ERR_DENIED, path);
	}
	return 0;
}

/* Who is root, or a daemon that is somebody else, is not helped by being told to be root. */
static int explain(const struct store *store, enum store_file file, int err,
		   struct complaint *complaint)
{
	struct complaint better;
	struct file_path member;

	if (err == ERR_PERMISSION && store_directory_path(store, STORE_MEMBER, &member) == 0 &&
	    (geteuid() == 0 || file_is_of(member.text, geteuid())) &&
	    store_check_reader(store, file, geteuid(), getegid(), &better) != 0)
		*complaint = better;
	return err;
}

int store_open(const struct store *store, enum store_file file, int *ret_fd,
	       struct complaint *complaint)
{
	struct file_path path;
	const int err = store_path(store, file, &path);

	if (err != 0)
		return store_complain(complaint, err, store->root);
	return explain(store, file, open_file(path.text, files[file].secret, ret_fd, complaint),
		       complaint);
}

static int read_file(const char *path, const struct place *place, struct file_bytes *ret,
		     struct complaint *complaint)
{
	int fd;
	int err = open_file(path, place->secret, &fd, complaint);

	if (err != 0)
		return err;
	err = file_read_fd(fd, place->bytes_max, ret);
	(void)close(fd); /* nothing was written */
	return err == 0 ? 0 : store_complain_read(complaint, err, path, place->bytes_max);
}

int store_read(const struct store *store, enum store_file file, struct file_bytes *ret,
	       struct complaint *complaint)
{
	struct file_path path;
	const int err = store_path(store, file, &path);

	if (err != 0)
		return store_complain(complaint, err, store->root);
	return read_file(path.text, &files[file], ret, complaint);
}

int store_read_key(const char *path, struct file_bytes *ret, struct complaint *complaint)
{
	return read_file(path, &files[STORE_KEY], ret, complaint);
}

/* The files of ours that stand there: of others' nothing is a leftover. */
static void sweep(const struct store *store, const char *directory)
{
	const size_t len = strlen(directory);
	struct file_path path;

	for (enum store_file file = 0; file < STORE_FILES; file++) {
		if (store_path(store, file, &path) == 0 &&
		    strncmp(path.text, directory, len) == 0 && path.text[len] == '/' &&
		    strchr(path.text + len + 1, '/') == NULL)
			file_sweep(directory, path.text + len + 1);
	}
}

void store_sweep(const struct store *store, enum store_directory directory)
{
	struct file_path path;

	if (store_directory_path(store, directory, &path) != 0)
		return; /* then nothing was written there */
	if (directory == STORE_REQUESTS)
		file_sweep(path.text, "*" REQUEST_END);
	else
		sweep(store, path.text);
}

int store_write(const struct store *store, enum store_file file, struct span bytes,
		struct complaint *complaint)
{
	struct file_path directory;
	struct file_path path;
	int err = store_path(store, file, &path);

	if (err != 0)
		return store_complain(complaint, err, store->root);
	directory = path;
	*strrchr(directory.text, '/') = '\0';
	sweep(store, directory.text);
	err = file_write(path.text, bytes, files[file].mode);
	return err == 0 ? 0 : store_complain(complaint, err, path.text);
}

int store_write_config(const struct store *store, const struct config *config,
		       struct complaint *complaint)
{
	uint8_t text[CONFIG_BYTES_MAX];
	struct writer w = writer_of(text, sizeof(text));

	config_print(config, &w);
	CHECK(writer_ok(&w));
	return store_write(store, STORE_CONFIG, writer_span(&w), complaint);
}

static int check_program(const char *file, enum config_option_id id, const char *program,
			 struct complaint *complaint)
{
	const char *const name = config_option(id)->name;
	const int err = file_check_program(program);

	switch (err) {
	case 0:
		return 0;
	case ERR_NOT_FOUND:
		return complain(complaint, ERR_UNSUPPORTED, "%s: %s: there is no %s", file, name,
				program);
	case ERR_UNSUPPORTED:
		return complain(complaint, err,
				"%s: %s: %s is no program; chmod +x makes a script one", file, name,
				program);
	case ERR_MALFORMED:
		return complain(complaint, err,
				"%s: %s: %s is a script that does not say what is to run it: its "
				"first line must be like #!/bin/sh",
				file, name, program);
	case ERR_DENIED:
		return complain(
			complaint, err,
			"%s: %s: %s would run with the daemon's rights, and others than root "
			"can change it, or a directory above it; chown root and chmod go-w "
			"help",
			file, name, program);
	default:
		return store_complain(complaint, err, program);
	}
}

int store_check_program(const struct store *store, const struct config *config,
			enum config_option_id id, struct complaint *complaint)
{
	char program[CONFIG_VALUE_MAX + 1];
	struct file_path path;
	int err = store_path(store, STORE_CONFIG, &path);

	if (err != 0)
		return store_complain(complaint, err, store->root);
	if (config_option(id)->type != CONFIG_TYPE_PATH || !config_value(config, id, 0, program))
		return 0;
	err = check_program(path.text, id, program, complaint);
	if (err == 0 && !file_is_guarded(path.text))
		err = complain(complaint, ERR_DENIED,
			       "%s: it names programs that run with the daemon's rights, and "
			       "others than root can change it; chown root and chmod go-w help",
			       path.text);
	return err;
}

int store_check_programs(const struct store *store, const struct config *config,
			 struct complaint *complaint)
{
	int err = 0;

	for (enum config_option_id id = 0; id < CONFIG_OPTIONS && err == 0; id++)
		err = store_check_program(store, config, id, complaint);
	return err;
}

int store_read_bundle_fd(const struct store *store, int fd, struct bundle *ret,
			 struct complaint *complaint)
{
	struct complaint inner;
	struct file_bytes bytes;
	struct file_path path;
	int err = store_path(store, STORE_BUNDLE, &path);

	if (err != 0)
		return store_complain(complaint, err, store->root);
	err = file_read_fd(fd, BUNDLE_BYTES_MAX, &bytes);
	if (err != 0)
		return store_complain_read(complaint, err, path.text, BUNDLE_BYTES_MAX);
	err = bundle_from_text(span_of(bytes.data, bytes.len), ret, &inner);
	file_free(&bytes);
	if (err != 0)
		return complain(complaint, err, "%s: %s", path.text, inner.text);
	if (SECCHECK(SEC_STORE_NETWORK, strcmp(ret->network, store->network) == 0))
		return 0;
	(void)complain(complaint, ERR_FOREIGN, "%s: is a bundle of the network \"%s\"", path.text,
		       ret->network);
	bundle_wipe(ret);
	return ERR_FOREIGN;
}

int store_read_bundle(const struct store *store, struct bundle *ret, struct complaint *complaint)
{
	int fd = -1;
	int err = store_open(store, STORE_BUNDLE, &fd, complaint);

	if (err != 0)
		return err;
	err = store_read_bundle_fd(store, fd, ret, complaint);
	(void)close(fd); /* nothing was written */
	return err;
}

int store_write_bundle(const struct store *store, const struct bundle *bundle,
		       struct complaint *complaint)
{
	uint8_t text[BUNDLE_BYTES_MAX];
	struct writer w = writer_of(text, sizeof(text));
	int err = bundle_to_text(bundle, &w);

	if (err == 0 && !writer_ok(&w))
		err = ERR_TOO_LONG;
	err = err == 0 ? store_write(store, STORE_BUNDLE, writer_span(&w), complaint)
		       : complain(complaint, err, "the bundle: %s", err_text(err));
	secret_wipe(text, sizeof(text));
	return err;
}

int store_write_key(const char *path, const struct key *key, struct span passphrase,
		    struct entropy *entropy, struct complaint *complaint)
{
	uint8_t pem[KEY_PEM_BYTES_MAX];
	size_t len;
	int err = key_to_pem(key, passphrase, entropy, pem, &len);

	if (err == 0)
		err = file_write(path, span_of(pem, len), files[STORE_KEY].mode);
	secret_wipe(pem, sizeof(pem));
	return err == 0 ? 0 : store_complain(complaint, err, path);
}
