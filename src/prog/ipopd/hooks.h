/* hooks.h - programs of the owner's, run when the network comes and goes (`on-up`, `on-down`), and
 * when members of it do (`on-peer`).
 *
 * The steward runs them, with its own rights, one at a time; they get what they need to know in
 * their environment, and no argument, no descriptor and no shell. What they say on standard error
 * stands in the log. What they leave running is ended, if it is still in their group.
 */
#ifndef PROG_IPOPD_HOOKS_H
#define PROG_IPOPD_HOOKS_H

#include "group/config.h"
#include "io/loop.h"
#include "io/process.h"
#include "node/node.h"
#include "prog/ipopd/hook_peers.h"

#define HOOKS_UP_MS 30000
#define HOOKS_PEER_MS 10000
#define HOOKS_PEER_PAUSE_MS 100 /* at most ten a second, whatever members and the node do */
#define HOOKS_LEFT_MS 1000      /* and less, while others run */
#define HOOKS_CATCH_UP_MS 10000 /* between two times that the node is to tell of all members */
#define HOOKS_DOWN_MS 2000      /* with the time that a node has: the daemon ends within 5 s */

struct hooks {
	struct loop *loop; /* borrowed */
	uint8_t event_kind;
	const char *network; /* borrowed */
	struct config_path on_up, on_down, on_peer;
	bool is_up;
	bool rests;                      /* nothing but `on-down` is to be run any more */
	struct node_addresses addresses; /* then */
	struct hook_peers peers;
	struct mono peer_again; /* when `on-peer` may run again */
	struct mono catch_up_again;
	struct process running;
	struct config_path program; /* what runs; empty: nothing does */
	uint32_t number; /* of those that were run: an event of one before counts for nothing */
	bool has_ended;
	struct mono deadline; /* of what runs */
	/* What has run: its group is ended a moment later. A daemon that it started leaves the
	 * group when who has started it may have ended already (daemon(3)). pid 0: nothing. */
	struct process left;
	struct mono left_until;
};

void hooks_init(struct hooks *hooks, struct loop *loop, uint8_t event_kind, const char *network);

/* What the configuration names counts from now on; it was checked (store_check_programs()). */
void hooks_use(struct hooks *hooks, const struct config *config);

/* Runs `on-up`; from now on `on-peer` may run. */
void hooks_up(struct hooks *hooks, struct mono now, const struct node_addresses *addresses);

/* If `on-up` was to run: runs `on-down`, and waits for it, at most HOOKS_DOWN_MS; what runs still
 * is ended before. */
void hooks_down(struct hooks *hooks);

/* That member comes or goes, as the node says: `on-peer` runs as soon as nothing else does,
 * ten times a second at most. */
void hooks_peer(struct hooks *hooks, const struct hook_peer *peer);
/* The node has ended, and with it each session. The next one tells of all members. */
void hooks_peers_gone(struct hooks *hooks);

/* When the node is to be asked to tell of all members once more, for `on-peer` counts since a
 * moment ago, or there was no room for one; and then whether it could be. */
struct mono hooks_catch_up_deadline(const struct hooks *hooks);
void hooks_asked(struct hooks *hooks, struct mono now, bool was_asked);

/* The network is to go down, and no session outlives that: of members nobody hears any more. What
 * runs goes on until hooks_down(). */
void hooks_rest(struct hooks *hooks);

/* An event of its kind came. */
void hooks_event(struct hooks *hooks, struct handle program);

/* Takes the status of what has ended, ends what takes too long, and runs what is next. */
void hooks_poll(struct hooks *hooks, struct mono now);
struct mono hooks_deadline(const struct hooks *hooks);

/* Kills what runs. */
void hooks_free(struct hooks *hooks);

#endif
