/* node_internal.h - what a node is made of; for the files of node/, and for tests that look
 * into one.
 *
 * A *channel* is what the node keeps of one session: how its handshake came and its key sets. A
 * *peer* is another member; of its channels one is current and sends, others only receive until
 * they close. It is *linked* when its session has a direct or relayed way: then it is a step on the
 * ring. A *line* is a bootstrap line of the bundle and the attempts to reach it. A *wish* is a
 * session that somebody wants and that is looked for over the overlay.
 *
 * A node is *alone* while nobody is linked: there is no way on, and nobody to ask for one. It is
 * helped by whoever it dials of the lines and of those whom it remembers, by beacons, or by whoever
 * dials it.
 */
#ifndef NODE_NODE_INTERNAL_H
#define NODE_NODE_INTERNAL_H

#include "base/alarms.h"
#include "base/map.h"
#include "base/pool.h"
#include "forward/meter.h"
#include "node/node.h"
#include "node/node_announce.h"
#include "node/node_answer.h"
#include "node/node_broadcast.h"
#include "node/node_channel.h"
#include "node/node_clock.h"
#include "node/node_double.h"
#include "node/node_frames.h"
#include "node/node_lan.h"
#include "node/node_line.h"
#include "node/node_need.h"
#include "node/node_neighbour.h"
#include "node/node_overlay.h"
#include "node/node_part.h"
#include "node/node_peer.h"
#include "node/node_relaying.h"
#include "node/node_remember.h"
#include "node/node_send.h"
#include "node/node_settings.h"
#include "node/node_table.h"
#include "node/node_twin.h"
#include "node/node_way.h"
#include "node/node_who.h"
#include "node/node_wish.h"
#include "path/candidates.h"
#include "path/paths.h"
#include "path/relays.h"
#include "ring/ring.h"
#include "wire/overlay.h"

#define NODE_RETRY_MS 100 /* after there was no memory for a table */
#define NODE_CLOCK_SLACK_US \
	1000000 /* the table's clock is renewed when the calendar crept this far */

struct node {
	struct node_config config;
	struct certificate certificate;
	struct entropy *entropy; /* borrowed */
	struct rng rng;
	struct trace trace;
	struct policy *policy; /* owned, as all below */
	struct sessions *sessions;
	struct vnet *vnet;
	struct ring *ring;
	struct relays *relays;
	struct probe_budget *probe_budget;
	struct candidates candidates;
	struct announced announced; /* of them, since the last change */
	struct channel *channels;   /* NODE_SESSIONS_MAX, by the index of the session's handle */
	uint32_t channels_end;      /* none is in use from here on */
	uint32_t line_count;
	uint32_t relay_index;   /* the last that was given out */
	uint32_t silent;        /* so many were found silent lately */
	struct allowance names; /* of those whom we dialled in vain for members that have left */
	struct pool peers;
	struct alarms way_alarms;    /* by the peer's index */
	struct map peer_by_id;       /* -> index in peers */
	struct map channel_by_index; /* local index of a key set -> index in channels */
	struct line lines[NODE_BOOTSTRAP_MAX];
	struct mono turns_at; /* theirs were drawn */
	struct pool wishes;
	struct pool departures; /* struct departure */
	struct handle departure_order[DEPARTURES_MAX];
	struct queue departure_queue; /* places of departure_order */
	struct handle departed;       /* the one that the world has now */
	struct whole wholes[WHOLES_MAX];
	struct asked asked[ASKED_MAX];
	struct meter *relay_meter; /* what we relay, in all; NULL: nothing */
	struct mono started;
	struct mono alone_since;  /* MONO_NEVER: it is not */
	struct mono silent_since; /* the first of the `silent` */
	int64_t table_offset_us;  /* of the clocks, when the newest table was built */
	int64_t calendar_fix_us;  /* added to a calendar that stands before the build date */
	struct mono table_at;     /* the next table is made; or never */
	uint16_t part_sequence;
	struct node_counters counters;
	bool configured, shutting_down;
	bool peers_left; /* since peers_tick() */
	bool is_named;   /* in a line ourselves */
	struct double_teller double_tellers[NODE_KEY_TELLERS_MAX];
	struct mono double_at; /* a channel asks_double */
	struct memory memory;
	struct lan lan;
	struct clocks clocks;
	bool tick_wanted; /* timers are looked at once after each input */
};

/* What a node of this configuration tells others that it can: NODE_CAPABILITY_*. */
uint32_t node_capabilities(const struct node_config *config);

/* The time as the host has it, whatever node.c makes of its calendar. */
static inline struct now node_raw(const struct node *node, struct now now)
{
	now.wall.us -= node->calendar_fix_us;
	return now;
}

static inline bool node_is_alone(const struct node *node)
{
	return ring_link_count(node->ring) == 0;
}

#endif
