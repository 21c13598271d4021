/* node_remember.h - the neighbours of before a restart. */
#ifndef NODE_NODE_REMEMBER_H
#define NODE_NODE_REMEMBER_H

#include "base/pool.h"
#include "node/event.h"

#define REMEMBER_VAIN_MAX 64 /* dials in vain while we have links, then it is forgotten */

struct node;

struct remembered {
	struct node_neighbour neighbour;
	uint8_t vain;          /* dials since it was up, while we had links */
	struct mono next;      /* not before, while we have links */
	struct handle session; /* dialled; HANDLE_NONE: none is under way */
	struct mono patience;  /* with it */
};

/* Of a node: embed it, zeroed. */
struct memory {
	struct remembered all[NODE_NEIGHBOURS_MAX]; /* newest first */
	uint32_t count;
	uint32_t at;         /* whose turn is next */
	uint32_t alone;      /* dialled since there was a link */
	bool has_dialled;    /* all, since the start or since the host's addresses changed */
	bool keep_wanted;    /* they have changed */
	struct mono keep_at; /* KEEP: not before */
	struct mono next;    /* dial */
	struct mono dialled; /* the last */
};

void remember_init(struct node *node, struct now now);
/* Who is near has changed, or how it is reached: what is to be remembered. */
void remember_soon(struct node *node);
/* Somebody may be reached from where we are now. */
void remember_host_changed(struct node *node, struct now now);
/* Somebody is wanted while we are alone: they are dialled as often as at first. */
void remember_hurry(struct node *node);
void remember_tick(struct node *node, struct now now);
bool remember_poll(struct node *node, struct now now, struct node_action *ret);
struct mono remember_deadline(const struct node *node);

#endif
