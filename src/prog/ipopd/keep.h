/* keep.h - the members that the node remembers, over its restarts and ours.
 *
 * On disk each is a line `host:port#id`, as a bootstrap line is (group/bootstrap.h) but with an
 * address for the host, so that nothing has to be looked up. The node may have been taken over, and
 * what it wants kept is given to the next one: channel_decode() lets through no more than endpoints
 * and ids, which a node tries like any that a stranger names. And it is written at most once a
 * second, whatever the node asks.
 */
#ifndef PROG_IPOPD_KEEP_H
#define PROG_IPOPD_KEEP_H

#include "group/store.h"
#include "prog/ipopd/channel.h"

#define KEEP_PAUSE_MS 1000  /* between two writes */
#define KEEP_RETRY_MS 60000 /* after one that failed */

/* Lines as keep_print() makes them. 0, ERR_MALFORMED (anything else, an endpoint that is none), or
 * ERR_FULL; *ret is untouched then. */
int keep_parse(struct span text, struct channel_neighbours *ret);

/* Fits into KEEP_TEXT_MAX. */
#define KEEP_TEXT_MAX (NODE_NEIGHBOURS_MAX * (BOOTSTRAP_TEXT_CHARS + 1))
void keep_print(const struct channel_neighbours *neighbours, struct writer *w);

/* Embed it; nothing to free. Only `neighbours` may be read from outside. */
struct keep {
	const struct store *store;            /* borrowed */
	struct channel_neighbours neighbours; /* what the next node is given */
	bool due;                             /* the file has others */
	bool failed;                          /* and could not be written, which was said */
	struct mono not_before;               /* of the next write */
};

/* Reads the file. One that is damaged counts as none, and a line of the log says so. */
void keep_init(struct keep *keep, const struct store *store);

/* The node wants these kept; those that are in the file already are not written again. */
void keep_take(struct keep *keep, const struct channel_neighbours *neighbours);

/* Writes what is due; what could not be written stays due. */
void keep_poll(struct keep *keep, struct mono now);
struct mono keep_deadline(const struct keep *keep);

/* The same without a pause, at the end. */
void keep_flush(struct keep *keep);

#endif
