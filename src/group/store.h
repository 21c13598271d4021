/* store.h - where the files of a network are, and how they are read and written.
 *
 * ROOT/etc/ipop/NET.conf              what the owner of this host wants
 * ROOT/var/lib/ipop/NET/key.pem       0600, the private key of this member
 * ROOT/var/lib/ipop/NET/bundle.json   0600, what the group says: certificates, secret, prefix
 * ROOT/var/lib/ipop/NET/neighbours    0600, members that were near, for after a restart
 * ROOT/var/lib/ipop-ca/NET/           0700, only where the group's CA is:
 *     key.pem, certificate.pem, registry, secret, group.conf (what enters each bundle)
 * ROOT/var/lib/ipop/requests/         0700, private keys that wait for their certificate
 * ROOT/run/ipop/NET/control           the daemon's socket
 * ROOT/run/ipop/NET/log               what the daemon says when no systemd listens
 * ROOT/run/ipop/NET/log.old           and what it said before the log was long
 * ROOT/run/ipop/NET/pid               0600, its process id, locked as long as it runs
 *
 * Each file is replaced whole or not at all (io/file.h). Nothing here prints or prompts.
 */
#ifndef GROUP_STORE_H
#define GROUP_STORE_H

#include "group/bundle.h"
#include "group/config.h"
#include "io/file.h"

#define STORE_LOG_BYTES_MAX 1048576 /* of a log; what comes then goes into an empty one */

enum store_file {
	STORE_CONFIG,
	STORE_KEY,
	STORE_BUNDLE,
	STORE_NEIGHBOURS,
	STORE_CA_KEY,
	STORE_CA_CERTIFICATE,
	STORE_CA_REGISTRY,
	STORE_CA_SECRET,
	STORE_CA_CONFIG,
	STORE_CA_LOCK,
	STORE_CONTROL,
	STORE_LOG,
	STORE_LOG_OLD,
	STORE_PID,
	STORE_FILES
};

enum store_directory {
	STORE_ETC,      /* of all networks */
	STORE_REQUESTS, /* of all networks */
	STORE_MEMBERS,  /* of all networks: a directory for each, and that of the requests */
	STORE_RUNS,     /* of all networks: a directory for each that runs */
	STORE_MEMBER,
	STORE_CA,
	STORE_RUN,
	STORE_DIRECTORIES
};

struct store {
	const char *root; /* borrowed: "" for the whole system, else without a slash at its end */
	char network[NETWORK_NAME_MAX + 1]; /* empty: only what belongs to all networks */
};

/* 0 or ERR_TOO_LONG. */
int store_path(const struct store *store, enum store_file file, struct file_path *ret);
int store_directory_path(const struct store *store, enum store_directory directory,
			 struct file_path *ret);

/* Where the private key to a public one waits for its certificate. */
int store_request_path(const struct store *store, struct span spki, struct file_path *ret);

/* Returns `err`, with what went wrong with a file and what helps. */
int store_complain(struct complaint *complaint, int err, const char *path);

/* The same of a file that was open already, and of which at most so much is read. */
int store_complain_read(struct complaint *complaint, int err, const char *path, size_t max);

/* All that follow return 0 or the error of io/file.h, with a complaint that names the file. What
 * holds a private key or the secret of the network is read only if it is for its owner alone; else
 * ERR_DENIED. */

/* A new one is for the caller's group, or for `group` (io/file.h). */
int store_make_directory(const struct store *store, enum store_directory directory,
			 struct complaint *complaint);
int store_make_directory_for(const struct store *store, enum store_directory directory,
			     uint32_t group, struct complaint *complaint);

/* Gives what the daemon of this network reads and writes to the user that it runs as: the member's
 * directory, and what is in it. The group's CA is no daemon's. Does nothing if the
 * directory is theirs already. */
int store_give(const struct store *store, uint32_t uid, uint32_t gid, struct complaint *complaint);

/* Removes what a crash has left of writing our files in a directory: a key, perhaps. store_write()
 * does that first, where it writes. */
void store_sweep(const struct store *store, enum store_directory directory);

/* Whether the daemon, which is this user and has no right over the files of others, may read a
 * file: 0, or ERR_PERMISSION. What is not there may be read. */
int store_check_reader(const struct store *store, enum store_file file, uint32_t uid, uint32_t gid,
		       struct complaint *complaint);

int store_open(const struct store *store, enum store_file file, int *ret_fd,
	       struct complaint *complaint);
int store_read(const struct store *store, enum store_file file, struct file_bytes *ret,
	       struct complaint *complaint);
int store_write(const struct store *store, enum store_file file, struct span bytes,
		struct complaint *complaint);

int store_write_config(const struct store *store, const struct config *config,
		       struct complaint *complaint);

/* Whether the programs that a configuration names may be run with the daemon's rights: 0;
 * ERR_UNSUPPORTED (none, or no program), ERR_MALFORMED (a script without #!), ERR_DENIED (somebody
 * else could change one, or the file that names it). */
int store_check_programs(const struct store *store, const struct config *config,
			 struct complaint *complaint);
/* The same of one option. */
int store_check_program(const struct store *store, const struct config *config,
			enum config_option_id id, struct complaint *complaint);

/* Besides: ERR_MALFORMED and the like of the parser, and ERR_FOREIGN (it is another network's). The
 * second reads what store_open() has opened. */
int store_read_bundle(const struct store *store, struct bundle *ret, struct complaint *complaint);
int store_read_bundle_fd(const struct store *store, int fd, struct bundle *ret,
			 struct complaint *complaint);
int store_write_bundle(const struct store *store, const struct bundle *bundle,
		       struct complaint *complaint);

/* The PEM of a key's file, wherever it is. */
int store_read_key(const char *path, struct file_bytes *ret, struct complaint *complaint);

/* Makes a key's file, in PEM under a passphrase (empty: none), whose salt comes from `entropy`. */
int store_write_key(const char *path, const struct key *key, struct span passphrase,
		    struct entropy *entropy, struct complaint *complaint);

#endif
