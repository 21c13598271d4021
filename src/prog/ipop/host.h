/* host.h - what the verbs need of this host: its clock and chance, and which networks it is in. */
#ifndef PROG_IPOP_HOST_H
#define PROG_IPOP_HOST_H

#include "crypto/random.h"
#include "group/store.h"
#include "prog/ipop/cli.h"

#define HOST_NETWORKS_MAX 64

/* Fresh from the kernel: 0, or ERR_IO with a complaint. */
int host_entropy(struct entropy *ret, struct complaint *complaint);

/* A name for this host that a certificate can have: the first label of its host name in lower case,
 * or empty if that is none. */
void host_name(char ret[CERTIFICATE_NAME_MAX + 1]);

struct host_networks {
	char names[HOST_NETWORKS_MAX][NETWORK_NAME_MAX + 1]; /* sorted */
	size_t count;
};

/* The networks that this host is in: those with a bundle or a key, with a daemon that runs, or with
 * a configuration alone, for which something has been lost or is still to come. 0, ERR_PERMISSION
 * or ERR_IO with a complaint, and none. */
int host_networks(const char *root, struct host_networks *ret, struct complaint *complaint);

/* Another network than `own` that this host is in, whose IPv4 addresses overlap with `prefix`: only
 * one of the two can be up. False: there is none whose bundle can be read. */
struct host_overlap {
	char network[NETWORK_NAME_MAX + 1];
	struct prefix prefix;
};
bool host_find_overlap(const struct store *own, const struct prefix *prefix,
		       struct host_overlap *ret);

/* "The addresses of "lab", 10.151.0.0/16, overlap with those of "home", 10.151.0.0/16": the
 * beginning of a sentence. */
void host_overlap_text(const struct store *own, const struct prefix *prefix,
		       const struct host_overlap *overlap, struct complaint *ret);

/* The files of a network that need not be there yet: 0, or EXIT_USAGE with a complaint. */
enum exit_code host_store(const struct cli *cli, const char *network, struct store *ret,
			  struct complaint *complaint);

/* The network that is meant: the one of this name, or (NULL) the only one there is. EXIT_OK,
 * EXIT_USAGE, EXIT_NOT_JOINED, EXIT_DENIED, EXIT_FAILED; with a complaint. */
enum exit_code host_choose(const struct cli *cli, const char *network, struct store *ret,
			   struct complaint *complaint);

/* Whether --root can be one: a directory, or nothing yet. EXIT_OK, or EXIT_USAGE with a complaint.
 */
enum exit_code host_check_root(const struct cli *cli, struct complaint *complaint);

/* Before files are made below it: says so if --root names what is not there. A slip of the keyboard
 * must not hide a private key in a place that nobody looks for. */
void host_tell_new_root(const struct cli *cli);

/* The lowest UDP port that the daemon's node, which never is root, may have here. */
uint32_t host_first_port(void);

/* Whether an interface of this host is called so. */
bool host_has_interface(const char *name);

/* Whether a route of this host, but a default route, overlaps with a prefix. */
bool host_has_route(const struct prefix *prefix);

#endif
