/* settings.h - what steward and node both know of the network, read from the same descriptors.
 *
 * The steward opens the files and needs prefixes and bootstrap hosts; the node gets the descriptors
 * and reads the same files, not those that a name stands for meanwhile. Who writes into one in
 * place can come between the two: then the steward refuses what the node asks for, and the node
 * ends.
 */
#ifndef PROG_IPOPD_SETTINGS_H
#define PROG_IPOPD_SETTINGS_H

#include "group/bundle.h"
#include "group/config.h"
#include "group/store.h"
#include "prog/ipopd/channel.h"

struct settings {
	struct config config;
	struct bundle bundle; /* holds the network secret */
	struct node_bootstrap bootstrap[NODE_BOOTSTRAP_MAX];
	uint32_t bootstrap_count;
};

/* Opens bundle, key and (if there is one) configuration: fds[CHANNEL_FD_BUNDLE..] are set, -1 where
 * there is no file. 0, ERR_NOT_FOUND (this host is no member), ERR_DENIED (secrets that others may
 * read), ERR_PERMISSION, ERR_UNSUPPORTED, ERR_TOO_LONG, ERR_IO (also: a member without its key);
 * with a sentence. */
int settings_open(const struct store *store, int fds[CHANNEL_FDS], struct complaint *complaint);

/* Closes those that are open. */
void settings_close(int fds[CHANNEL_FDS]);

/* Reads what they hold, without judging certificates. 0, ERR_FOREIGN (another network's bundle), or
 * the errors of the parsers, which a configuration with another IPv4 prefix than the bundle's gets,
 * too; with a sentence. */
int settings_read(const struct store *store, const int fds[CHANNEL_FDS], struct settings *ret,
		  struct complaint *complaint);

/* How many threads are to move packets: what the configuration says, or what suits the machine. */
uint32_t settings_workers(const struct settings *settings);

/* What is relayed for others, in all; 0: nothing. */
uint64_t settings_relay_bytes_s(const struct settings *settings);

/* Overwrites the secret. */
void settings_wipe(struct settings *settings);

#endif
