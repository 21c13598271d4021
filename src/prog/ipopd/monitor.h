/* monitor.h - those who are told what happens: clients that monitor, and the steward where the
 * configuration has a program for members that come and go. Asks the node how things are, again and
 * again while somebody listens, and tells what has changed.
 *
 * Clients hear of what changes from now on. The steward hears of each member that is there, and of
 * what it could not be told (that was many, or its queue is full) at the next look.
 */
#ifndef PROG_IPOPD_MONITOR_H
#define PROG_IPOPD_MONITOR_H

#include "prog/ipopd/control.h"
#include "prog/ipopd/lookout.h"

#define MONITOR_QUESTIONS 2       /* a look */
#define MONITOR_TELLS_A_SECOND 64 /* the steward; there is room in its queue for other things */

/* All zero but the control connections and the channel at first. */
struct monitor {
	struct control *control; /* borrowed */
	int channel;             /* borrowed; to the steward */
	bool steward_listens;    /* else it is told nothing */
	struct lookout *clients; /* owned; NULL while no client monitors */
	struct lookout *steward; /* owned; NULL while it does not listen */
	unsigned told;           /* to the steward, in this second */
	struct mono next_second;
};

void monitor_free(struct monitor *monitor);

/* True when the node is to be asked, and then these questions. Their replies come back through
 * monitor_reply(), before the next look. */
bool monitor_is_due(struct monitor *monitor, struct mono now);
struct node_event monitor_question(size_t number);
/* False if that is the reply to somebody else's. */
bool monitor_reply(struct monitor *monitor, struct now now, const struct node_reply *reply);

/* The steward asks to hear of each member that is there once more. */
void monitor_tell_again(struct monitor *monitor);

/* Something moves in the node. */
void monitor_hint(struct monitor *monitor, struct mono now);
struct mono monitor_deadline(const struct monitor *monitor);

/* What the node does not tell. */
void monitor_tell(struct monitor *monitor, struct now now, enum happening_kind kind,
		  uint64_t number);

#endif
