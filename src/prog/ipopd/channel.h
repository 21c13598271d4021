/* channel.h - what steward and node tell each other, message by message.
 *
 * Every message is CHANNEL_BYTES long, its unused rest is zero, and a few descriptors may ride on
 * it. The steward reads the node's messages as those of an enemy: the node reads what peers send,
 * so it may have been taken over. Whoever reads something malformed ends the conversation.
 *
 * Each way some 160 messages can wait, by the kernel's defaults. Of those that others make a side
 * send (clients; members who come and go) it leaves so many unsent that there is room for all else.
 *
 *     steward to node                      node to steward
 *     START         once, first            CONFIGURE      once: these addresses, please
 *     CONFIGURED    the answer             LOOKUP         the n-th bootstrap line's host, please
 *     LOOKUP_DONE   the answer             KEEP           these neighbours, for the next node
 *     HOST          its addresses now      FAILED         the reason for which I end
 *     CLIENT        a control connection   RELOAD         read the files anew, please
 *     PING          are you there?         PONG           I am
 *     COPIED        this machine is a      PEER           this member came, or went
 *                   resumed copy: no key
 *                   counts any more
 *     RELOADED      the files as they are now; also where nobody asked
 *     NOT_RELOADED  what is wrong in them: all stays as it is
 *     PEERS         tell me of each member that is there once more
 *     TROUBLE       what on this host keeps programs from using the network, or nothing
 *     STOP          say goodbye and end
 */
#ifndef PROG_IPOPD_CHANNEL_H
#define PROG_IPOPD_CHANNEL_H

#include "group/config.h"
#include "io/tun.h"
#include "io/unix.h"
#include "node/node.h"
#include "prog/ipopd/addresses.h"

#define CHANNEL_BYTES 640
#define CHANNEL_A_TURN 16 /* messages that a side takes in before it turns to others */

enum channel_kind {
	CHANNEL_START = 1,
	CHANNEL_CONFIGURED = 2,
	CHANNEL_LOOKUP_DONE = 3,
	CHANNEL_CLIENT = 4,
	CHANNEL_STOP = 5,
	CHANNEL_HOST = 6,
	CHANNEL_COPIED = 7,
	CHANNEL_RELOADED = 8,
	CHANNEL_NOT_RELOADED = 9,
	CHANNEL_PING = 10,
	CHANNEL_TROUBLE = 11,
	CHANNEL_PEERS = 12,
	CHANNEL_CONFIGURE = 64, /* from here on the node's */
	CHANNEL_LOOKUP = 65,
	CHANNEL_KEEP = 66,
	CHANNEL_FAILED = 67,
	CHANNEL_RELOAD = 68,
	CHANNEL_PONG = 69,
	CHANNEL_PEER = 70,
};

/* What a node remembers, and a later one is given. */
struct channel_neighbours {
	struct node_neighbour list[NODE_NEIGHBOURS_MAX];
	uint32_t count;
};

/* The files that a node reads; the configuration need not exist, then its place holds -1. START has
 * those that exist, in this order, and behind them the queues of the interface. */
enum channel_file { CHANNEL_FD_BUNDLE, CHANNEL_FD_KEY, CHANNEL_FD_CONFIG, CHANNEL_FDS };

struct channel_message {
	enum channel_kind kind;
	union {
		struct {
			char network[NODE_NAME_MAX + 1];
			uint8_t log_style; /* enum log_style */
			uint8_t workers;
			uint8_t queues; /* 1, or one for each worker */
			bool has_config;
			struct channel_neighbours neighbours;
		} start;
		struct {
			uint32_t bootstrap;
			struct endpoint endpoints[NODE_ENDPOINTS_MAX];
			uint32_t count;
		} lookup_done;
		struct {
			uint32_t uid;
			bool may_change;
		} client;
		struct addresses host;
		struct node_addresses configure;
		uint32_t lookup;
		struct {
			struct id id;
			char name[CERTIFICATE_NAME_MAX + 1];
			bool is_there;
		} peer;
		struct channel_neighbours keep;
		struct complaint failed; /* also of NOT_RELOADED and TROUBLE; received: to be made
					  * printable, as complain() does */
		struct {
			bool has_config;
		} reloaded;
	};
	int fds[UNIX_FDS_MAX]; /* START: see above; CLIENT: the connection; RELOADED: bundle and,
				* if there is one, configuration */
	size_t fd_count;
};

/* Puts the files that exist, and so many queues, into a START. */
void channel_add_start_fds(struct channel_message *start, const int files[CHANNEL_FDS],
			   const int *queues, uint32_t queue_count);

/* Fits always. */
void channel_encode(const struct channel_message *message, struct unix_message *ret);

/* Takes a message apart that came from the steward, or from the node: 0, or ERR_MALFORMED (length,
 * a kind that the sender has no business with, a field out of its range, bytes behind the last
 * one, more or fewer descriptors than the kind has). The descriptors stay in `raw` until 0. */
int channel_decode(const struct unix_message *raw, bool from_steward, struct channel_message *ret);

/* True for an endpoint that a neighbour can have: an address, and a port. Others are malformed. */
bool channel_may_name(const struct endpoint *endpoint);

/* Encode and send, receive and decode, as unix_send() and unix_receive() do. Where we have no
 * descriptor free for what came it is lost: ERR_FULL for a CLIENT's, ERR_NOMEM for others', after
 * which the two sides know different things. */
int channel_send(int fd, const struct channel_message *message);
int channel_receive(int fd, bool from_steward, struct channel_message *ret);

#endif
