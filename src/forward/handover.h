/* handover.h - what a worker gives to the control thread: packets that are for the node, and
 * reports, in their order. A bounded queue of one writer and one reader, without a lock.
 *
 * Handshakes and frames may bring keys. Until the reader says that the node has seen them, and that
 * the tables which came of them stand, the node is behind: see node_is_behind in forward.h.
 *
 * Who may fill it. Handshakes and packets from the TUN are what strangers or this host's programs
 * can make as many of as they like: they leave the last quarter to frames of members, and these
 * leave the last eighth to reports, each of which is made once. Datagrams with an index that nobody
 * has cost a stranger nothing: they are taken while the queue is nearly empty. What has no room is
 * counted.
 */
#ifndef FORWARD_HANDOVER_H
#define FORWARD_HANDOVER_H

#include "forward/forward.h"

#define HANDOVER_ITEMS 256                             /* power of two */
#define HANDOVER_KEPT (HANDOVER_ITEMS / 4)             /* handshakes and the TUN leave these, */
#define HANDOVER_KEPT_REPORTS (HANDOVER_ITEMS / 8)     /* frames these, */
#define HANDOVER_KEPT_PENDING (HANDOVER_ITEMS * 7 / 8) /* and unknown indices these */

struct handover; /* opaque */

struct handover_item {
	bool is_report;
	struct forward_report report;
	struct forward_packet packet; /* its data is in `bytes`; PENDING: to be opened after all
				       * that came before it */
	uint8_t bytes[EGRESS_SLOT_BYTES];
};

/* 0 or ERR_NOMEM. */
int handover_new(struct handover **ret);
void handover_del(struct handover *handover); /* accepts NULL */

/* --- the worker --- */

/* A copy; of a packet at most EGRESS_SLOT_BYTES. False: there was no room. */
bool handover_packet(struct handover *handover, const struct forward_packet *packet);
bool handover_report(struct handover *handover, const struct forward_report *report);
/* True if the reader has not yet done with a handshake or a frame. */
bool handover_is_behind(const struct handover *handover);

/* --- the control thread --- */

/* The oldest that was not handed out yet, the reader's until handover_done(); NULL: there is none.
 */
struct handover_item *handover_next(struct handover *handover);
/* All that was handed out has been dealt with. */
void handover_done(struct handover *handover);

#endif
