/* graph.h - the network as this host sees it: members on a ring by their ids, and their links.
 *
 * What this host knows itself comes from the daemon's answers to `status` and `peers`, what others
 * say of themselves from answers to `who`. Each link is there once, whoever told of it.
 */
#ifndef PROG_IPOP_GRAPH_H
#define PROG_IPOP_GRAPH_H

#include "base/id.h"
#include "prog/ipop/output.h"

#include <stdbool.h>

#define GRAPH_MEMBERS_MAX 1024
#define GRAPH_LINKS_MAX 32768

struct graph_member {
	struct id id;
	struct output_text name; /* or the first characters of its id */
	bool is_self;
	bool is_named; /* somebody told its name */
	bool is_asked; /* who it is linked with */
	bool answered; /* and it said so */
	double turn;   /* its place: 0 is this host's, clockwise, 1 is once around */
};

enum graph_kind {
	GRAPH_TRAFFIC,  /* of ours, for what is sent: the ring does not want it */
	GRAPH_SHORTCUT, /* a far link that the ring wants */
	GRAPH_NEAR,     /* beside each other on the ring */
	GRAPH_KINDS
};

/* Between two members, by their indices; a < b. */
struct graph_link {
	uint32_t a, b;
	enum graph_kind kind;
	bool is_relay;
};

struct graph {
	struct output_text network;
	struct graph_member *members; /* owned */
	size_t count;
	struct graph_link *links; /* owned */
	size_t link_count;
	uint32_t *order; /* owned: members by their turn; after graph_arrange() */
	bool is_cut;     /* there were more members, or links, than fit */
};

/* Begins with this host, from an answer to `status`; 0, ERR_NOMEM or ERR_MALFORMED. Free it in any
 * case. */
int graph_init(struct graph *graph, const json_t *status);
void graph_free(struct graph *graph);

/* What this host knows of its links: an answer to `peers`. What does not fit is left out, and
 * is_cut says so; here and in graph_take_who(). */
void graph_take_peers(struct graph *graph, const json_t *peers);

/* The next member that nobody has asked, from this host on clockwise; NULL: all were. It is taken
 * for asked from now on. Borrowed until the next call. */
const struct graph_member *graph_next(struct graph *graph);

/* What a member said: an answer to `who` that ended at its target, with links. */
void graph_take_who(struct graph *graph, const json_t *who);

/* Once all is known: places them on the ring. 0 or ERR_NOMEM. */
int graph_arrange(struct graph *graph);

/* How many members were asked for their links, this host among them. */
size_t graph_asked(const struct graph *graph);

/* How many links a member has. */
size_t graph_degree(const struct graph *graph, uint32_t index);

/* After graph_arrange(). A list in the order of the ring; for Graphviz; a picture: 0 or ERR_NOMEM,
 * and nothing. */
int graph_text(const struct graph *graph, FILE *out);
int graph_dot(const struct graph *graph, FILE *out);
int graph_svg(const struct graph *graph, FILE *out);

/* `ipop.graph/1` (doc/cli.md); NULL without memory. */
json_t *graph_json(const struct graph *graph);

#endif
