/* monitor.h - those who monitor, and what they are told: asks the node how things are, again and
 * again while somebody listens, and tells what has changed. */
#ifndef PROG_IPOPD_MONITOR_H
#define PROG_IPOPD_MONITOR_H

#include "prog/ipopd/control.h"
#include "prog/ipopd/lookout.h"

#define MONITOR_QUESTIONS 2 /* a look */

/* All zero but the control connections at first. */
struct monitor {
	struct control *control; /* borrowed */
	struct lookout *lookout; /* owned; NULL while nobody monitors */
};

void monitor_free(struct monitor *monitor);

/* True when the node is to be asked, and then these questions. Their replies come back through
 * monitor_reply(), before the next look. */
bool monitor_is_due(struct monitor *monitor, struct mono now);
struct node_event monitor_question(size_t number);
/* False if that is the reply to somebody else's. */
bool monitor_reply(struct monitor *monitor, struct now now, const struct node_reply *reply);

/* Something moves in the node. */
void monitor_hint(struct monitor *monitor, struct mono now);
struct mono monitor_deadline(const struct monitor *monitor);

/* What the node does not tell. */
void monitor_tell(struct monitor *monitor, struct now now, enum happening_kind kind,
		  uint64_t number);

#endif
