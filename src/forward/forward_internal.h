/* forward_internal.h - what the two directions of forward.h share. */
#ifndef FORWARD_FORWARD_INTERNAL_H
#define FORWARD_FORWARD_INTERNAL_H

#include "forward/forward.h"
#include "forward/joiner.h"

/* A packet of UDP that left, as far as the next one may go on where it ends. */
struct departure {
	const struct table_entry *entry; /* NULL: there is none */
	size_t len;
	uint16_t transport_at;
	uint32_t ports; /* both, as they stand there */
};

/* One batch on its way through one table. */
struct pass {
	struct forward_thread *thread;
	const struct forward_table *table; /* NULL: none */
	struct now now;
	bool is_same_run; /* SNAPSHOT: the keys of the table may be used */

	struct departure last; /* from the TUN */

	/* From the wire. */
	bool node_has_work;    /* the node may have keys for us when it has seen what came so far */
	bool unknown_reported; /* FORWARD_REPORT_UNKNOWN was said */
	bool moved_reported;
	struct forward_report moved; /* the last FORWARD_REPORT_ADDRESS of this pass */
	struct joiner joiner;
	/* Datagrams come in runs: whose the last one was. */
	const struct table_entry *entry; /* NULL: nobody's */
	struct keyset *keyset;
	uint32_t receiver;
};

struct pass forward_pass(struct forward_thread *thread, const struct forward_table *table,
			 struct now now);

void forward_tell(struct forward_thread *thread, const struct forward_report *what);

/* Tells the session what its keys have been through. */
void forward_tell_milestones(const struct pass *pass, const struct table_entry *entry,
			     struct keyset *keyset);

enum forward_verdict forward_drop(uint64_t *counter);

/* By why a key set did not seal or open it. */
enum forward_verdict forward_drop_failed(struct forward_counters *counters, int err);

/* A slot of the link's, for a datagram whose outer header says `ecn`; NULL: dropped, and counted.
 */
struct egress_datagram *forward_reserve(const struct pass *pass, const struct table_entry *link,
					uint8_t ecn);

#endif
