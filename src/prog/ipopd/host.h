/* host.h - what the steward holds of the host: lock, interface, addresses, control socket.
 *
 * Opened once and kept while nodes come and go, so that programs that use the network notice
 * nothing but a pause. When the process ends, however it ends, the kernel takes the interface
 * with its addresses and routes; what stays is the socket's name, which the next start replaces.
 */
#ifndef PROG_IPOPD_HOST_H
#define PROG_IPOPD_HOST_H

#include "group/complaint.h"
#include "group/store.h"
#include "io/netlink.h"
#include "io/tun.h"
#include "io/unix.h"
#include "prog/ipopd/addresses.h"
#include "prog/ipopd/claims.h"

#define HOST_SETTLE_MS 50 /* until addresses that change together have all changed */
#define HOST_MEND_MS 1000 /* between two times that addresses are given back */
#define HOST_LOOK_MS                                                                 \
	5000 /* between two looks at the routes, which may be very many; or after an \
	      * error */

struct host {
	const struct store *store; /* borrowed */
	int lock, listener;        /* owned; -1: not held */
	bool has_tun;
	int tun[TUN_QUEUES_MAX]; /* owned, if has_tun: one for each queue */
	uint32_t queues;
	uint32_t workers;        /* of each node: without any, one queue */
	int watch;               /* owned; readable when addresses of the host changed */
	int uevents;             /* owned; readable when the kernel has a word; -1: it has none */
	unsigned index;          /* of the interface */
	struct netlink *netlink; /* owned */
	uint32_t group;          /* who may read the socket; UNIX_GROUP_NONE */
	bool has_given;          /* the interface has been given addresses: */
	struct node_addresses given;
	bool has_ipv6;               /* of these, too: a host may be without */
	struct mono mend_at, mended; /* when to look whether it has them; when it was last mended */
	struct mono look_at;         /* when to look whether all is well */
	struct mono routes_at, routes_looked; /* the same of routes, and when that was done */
	struct complaint said, of_routes;     /* what was in the way then; or empty */
};

/* Takes everything but addresses; the interface has a queue for each worker. 0, or an error with a
 * sentence that says what to do: ERR_EXISTS (a daemon, or an interface of that name; routes that
 * overlap), ERR_UNSUPPORTED (no TUN), ERR_PERMISSION, ERR_TOO_LONG, ERR_NOMEM, ERR_IO. */
int host_open(struct host *host, const struct store *store, const struct claims *claims,
	      uint32_t workers, struct complaint *complaint);

/* Removes interface and socket; accepts what host_open() left behind when it failed. */
void host_close(struct host *host);

/* Puts checked addresses on the interface and brings it up. 0 or an error with its sentence. */
int host_configure(struct host *host, const struct node_addresses *addresses,
		   struct complaint *complaint);

/* As soon as may be: the interface is a new one. */
void host_look_soon(struct host *host, struct mono now);

/* Looks whether the host lets programs use the network, which only the host can mend: 0, with what
 * is in the way, or an empty text; what cannot be found out is as it was. ERR_NOT_FOUND: the
 * interface was moved out of this network namespace. */
int host_look(struct host *host, const struct claims *claims, struct mono now,
	      struct complaint *ret);

/* Reads what `watch` has to say: true if the addresses are to be listed again. */
bool host_has_changed(struct host *host, struct mono now);

/* Gives the interface back what somebody took from it: the kernel takes IPv6 addresses, and with
 * them the routes, from one that goes down. One that is down stays so: who did that meant it. */
void host_mend(struct host *host, struct mono now);
struct mono host_deadline(const struct host *host);

/* Reads what `uevents` has to say: true if this machine is, or may be, a resumed copy. */
bool host_was_copied(const struct host *host);

/* The addresses under which others may reach this host: not inside any network of ours that runs
 * here, for a datagram through one tunnel is not to carry another; nor those of our network,
 * whoever else may have them. 0, ERR_AGAIN, ERR_IO. */
int host_addresses(const struct host *host, struct addresses *ret);

/* Makes the interface again if somebody deleted it, or took it out of this network namespace. The
 * same results. */
int host_restore(struct host *host, struct complaint *complaint);

#endif
