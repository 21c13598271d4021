/* world_internal.h - what a node's world is made of; for the files of the world. */
#ifndef PROG_IPOPD_WORLD_INTERNAL_H
#define PROG_IPOPD_WORLD_INTERNAL_H

#include "io/loop.h"
#include "prog/ipopd/beacons.h"
#include "prog/ipopd/channel.h"
#include "prog/ipopd/control.h"
#include "prog/ipopd/firewall.h"
#include "prog/ipopd/monitor.h"
#include "prog/ipopd/reload.h"
#include "prog/ipopd/reminder.h"
#include "prog/ipopd/world.h"

enum world_event { EVENT_CHANNEL, EVENT_TUN, EVENT_UDP, EVENT_BEACON, EVENT_CLIENT, EVENT_WORKER };

struct world {
	struct world_config config;
	const char *cipher; /* what sessions that begin here seal packets with; borrowed for ever */
	struct loop loop;
	struct node *node;
	struct pump pump; /* of this thread: what the node sends, and without workers everything */
	struct publisher publisher;
	struct worker *workers[WORLD_WORKERS_MAX]; /* owned; as many as `config` says */
	struct control *control;
	struct monitor monitor;
	struct beacons beacons;
	struct now now;      /* of this turn */
	struct mono mix_at;  /* when to stir the entropy again */
	struct mono trim_at; /* when to give memory back */
	struct reminder reminder;
	struct reload reload;
	bool configured; /* our addresses stand on the interface */
	bool has_addresses;
	struct node_addresses addresses;
	struct complaint trouble; /* of this host, as the steward sees it; or empty */
	struct firewall firewall;
	struct complaint shut; /* the sentence of a firewall that is closed; or empty */
	bool stopping;         /* somebody wants an end */
	bool told;             /* and the node was told to say goodbye */
	bool said_goodbye;
	bool has_stop_token;
	uint64_t stop_token;         /* the user who asked for it */
	struct mono stop_at;         /* whatever has not left by then stays */
	struct forward_batch single; /* what is opened outside of the pump's batches */
	uint8_t ring_buffer[EGRESS_SLOT_BYTES];
};

void world_tell_node(struct world *w, const struct node_event *event);
/* Does what the node wants. */
void world_poll_node(struct world *w);

/* Fresh bytes of the kernel's into what keys are drawn from, where it is time. 0, or ERR_IO. */
int world_stir(struct world *w);

/* What a crowd of members needed lies scattered among what is in use, and malloc() keeps all of it;
 * each crowd would find it in a little smaller pieces, and take a little more. Now and then it goes
 * back to the kernel, in a turn that there is anyway: while nothing happens nothing is freed. */
void world_give_memory_back(struct world *w);

/* The node is to say goodbye, and then this process ends. */
void world_stop(struct world *w);

/* Takes what the steward says: 0, or why this node cannot go on. Its death is an order to stop. */
int world_hear_steward(struct world *w);

/* 0, or an error, which is in the log. */
int world_ask_steward(struct world *w, const struct channel_message *message);

/* To the client with its token, or, of our own request, to ourselves. */
void world_reply(struct world *w, const struct node_reply *reply);

/* A user wants the files read anew: the steward does that, for one client at a time. */
void world_ask_for_reload(struct world *w, uint64_t token);

/* Whoever has waited too long for it is told so. */
void world_mind_reload(struct world *w);

/* The steward has found these files good: what can change counts from now on. 0, or why this node
 * cannot go on with them. */
int world_take_files(struct world *w, const struct channel_message *message);

/* It has not: whoever waits is told why. */
void world_not_reloaded(struct world *w, const struct complaint *why);

#endif
