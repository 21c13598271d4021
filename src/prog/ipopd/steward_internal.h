/* steward_internal.h - what a steward is made of; for the files of the steward. */
#ifndef PROG_IPOPD_STEWARD_INTERNAL_H
#define PROG_IPOPD_STEWARD_INTERNAL_H

#include "io/loop.h"
#include "io/notify.h"
#include "io/process.h"
#include "prog/ipopd/channel.h"
#include "prog/ipopd/claims.h"
#include "prog/ipopd/control.h"
#include "prog/ipopd/hooks.h"
#include "prog/ipopd/host.h"
#include "prog/ipopd/keep.h"
#include "prog/ipopd/log_room.h"
#include "prog/ipopd/lookups.h"
#include "prog/ipopd/restarts.h"
#include "prog/ipopd/steward.h"

/* After the host ran out of descriptors, a node did not listen, a reload. */
#define STEWARD_RELAX_MS 1000

enum steward_state {
	STEWARD_STARTING,
	STEWARD_READY,
	STEWARD_WAITING,
	STEWARD_STOPPING,
	STEWARD_ENDED,
	STEWARD_STATES
};

/* Of a node that is ready: whether it is there. */
enum steward_asked {
	STEWARD_NOT_ASKED,
	STEWARD_ASKED,
	STEWARD_OVERDUE /* and has missed one deadline */
};

enum steward_event {
	EVENT_SIGNAL,
	EVENT_CLIENT,
	EVENT_CONTROL,
	EVENT_CHANNEL,
	EVENT_NODE,
	EVENT_LOOKUP,
	EVENT_HOOK,
	EVENT_ADDRESSES,
	EVENT_UEVENTS
};

struct steward {
	const struct steward_config *config; /* borrowed */
	enum steward_state state;
	struct mono deadline; /* of the state */
	struct host host;
	struct claims claims;
	struct loop loop;
	int signals;         /* owned */
	uint32_t uid, gid;   /* of the node; PROCESS_UID_KEEP */
	struct process node; /* pidfd -1: none runs */
	int channel;         /* owned; to the node */
	bool killed;         /* by us, who have said why */
	bool configured;     /* this node has its addresses: */
	struct node_addresses given;
	bool shares_user; /* the node runs as one that other programs do, too */
	bool may_swap;    /* our memory, and the node's */
	bool was_ready;
	bool reloads; /* as soon as may be: files are to be read anew */
	struct mono reload_again;
	enum steward_asked asked;
	struct mono node_since;
	struct restarts restarts;
	struct lookups lookups;
	struct node_bootstrap bootstrap[NODE_BOOTSTRAP_MAX];
	struct keep keep;
	struct hooks hooks;
	unsigned hooked;            /* the interface for which `on-up` was run; 0: none */
	struct addresses addresses; /* of the host, as this node knows them */
	bool knows_addresses;
	struct mono look_at; /* when to look whether they changed */
	/* What on the host keeps programs from using the network, or empty: so the log says, and so
	 * does this node. */
	struct complaint of_host, told_of_host;
	struct mono clients_again;
	struct log_room log_room;
	struct notify_watchdog watchdog;
	struct control *control; /* owned; of those that no node can answer */
	uint64_t stop_token;
	bool has_stop_token; /* somebody of these has said `down` */
	bool clients_paused;
	bool has_said;            /* this node, why it ends */
	struct complaint trouble; /* why the last node ended, or could not begin; or empty */
	int exit_code;
};

/* Takes what the files say for a node that is going to be started: a renewed bundle counts. 0, or
 * an error with a sentence. */
int steward_take_settings(struct steward *s, const int fds[CHANNEL_FDS], uint32_t *ret_workers,
			  struct complaint *complaint);

/* Somebody has said why: that it dies is no news. */
void steward_kill_node(struct steward *s);

/* Looks at the interface and the routes, if it is time, and has the log and the node know of what
 * changed. Ends a node whose interface was moved away: the next one gets another. */
void steward_look_at_host(struct steward *s, struct mono now);

/* Has the node know the host's addresses, once it is time to look for them. */
void steward_tell_addresses(struct steward *s, struct mono now);

/* The node tells of a member. */
void steward_take_peer(struct steward *s, const struct channel_message *message);

/* Has the node tell of all members once more, if programs of the owner's need it. */
void steward_ask_for_peers(struct steward *s, struct mono now);

/* What a bundle's JSON took. */
void steward_give_memory_back(struct steward *s);

/* The node is ready. Reads the files anew. If all is well with them, and they are for the member
 * that runs here, they count, and the node is given them; else it is told what is wrong, and
 * nothing changes. */
void steward_reload(struct steward *s);

#endif
