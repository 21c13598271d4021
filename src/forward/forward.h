/* forward.h - the data plane: batches of packets through a snapshot of the tables. Pure functions
 * on buffers; no system call, no allocation, no lock that the control plane holds.
 *
 * From the TUN: packet -> destination looked up -> sealed -> egress. From the wire: datagram ->
 * receiver index -> window, open -> source address checked -> left in place for the TUN. What has
 * no entry, and every control frame and handshake, comes back for the node with a verdict.
 *
 * SNAPSHOT: if the calendar moved by more than FORWARD_DRIFT_US against the steady clock since the
 * table was built, this may be a resumed copy of a machine whose original goes on under the same
 * keys: nothing is sealed or opened until the node has published a new table.
 */
#ifndef FORWARD_FORWARD_H
#define FORWARD_FORWARD_H

#include "base/queue.h"
#include "forward/egress.h"
#include "forward/table.h"

#define FORWARD_BATCH_MAX 64
#define FORWARD_REPORTS_MAX \
	256 /* power of two; when it is full the newest report is dropped and counted */
#define FORWARD_DRIFT_US 10000000
#define FORWARD_MTU 1360 /* of the TUN: DESIGN 4 */

enum forward_verdict {
	FORWARD_PENDING,   /* not looked at yet */
	FORWARD_SENT,      /* sealed and in the egress */
	FORWARD_DELIVER,   /* an IP packet for the TUN */
	FORWARD_NO_ENTRY,  /* from the TUN, nobody known has that address (or entry says queue): to
			      the node */
	FORWARD_TOO_BIG,   /* from the TUN, larger than `mtu`: the node answers */
	FORWARD_FRAME,     /* from the wire: a control frame, opened: to the node */
	FORWARD_HANDSHAKE, /* from the wire: types M0..VERSION: to the node */
	FORWARD_DROP,      /* for a reason that was counted */
};

/* One packet of a batch; the buffer is the caller's, bytes are changed in place. */
struct forward_packet {
	uint8_t *data;
	size_t len;
	struct endpoint local, remote; /* from the wire: where it came in, and from whom */
	/* results */
	enum forward_verdict verdict;
	uint32_t link;        /* of the entry, for FRAME and TOO_BIG */
	uint32_t local_index; /* of the key set, for FRAME */
	uint8_t frame_kind;
	uint16_t mtu;
};

struct forward_batch {
	struct forward_packet packets[FORWARD_BATCH_MAX];
	size_t count;
};

enum forward_report_kind {
	FORWARD_REPORT_OPENED,  /* first packet opened under this key set */
	FORWARD_REPORT_IP,      /* first IP packet under this key set, either way */
	FORWARD_REPORT_SENT,    /* each 2^20 packets sent, and at the rekey limit */
	FORWARD_REPORT_ADDRESS, /* an authenticated packet came from another endpoint than the
				   entry's */
	FORWARD_REPORT_UNKNOWN, /* a data datagram with an index that nobody has; at most one a
				   batch */
};

struct forward_report {
	enum forward_report_kind kind;
	uint32_t link, local_index;
	uint64_t count;
	struct endpoint local, remote;
};

/* Each a reason for which packets ended here. */
struct forward_counters {
	uint64_t sent, delivered, frames, handshakes;
	uint64_t drop_malformed, drop_unknown_index, drop_replay, drop_forged, drop_source,
		drop_destination, drop_expired, drop_kind, drop_egress_full, drop_snapshot,
		drop_not_admitted;
	uint64_t reports_lost;
};

/* One worker's own state; embed it. */
struct forward_thread {
	struct egress *egress; /* borrowed */
	struct forward_report reports[FORWARD_REPORTS_MAX];
	struct queue report_queue;
	struct forward_counters counters;
};

void forward_thread_init(struct forward_thread *thread, struct egress *egress);

/* Both go through batch->packets[0..count), set every verdict, and return how many are for the
 * node or the TUN (not SENT, not DROP). A NULL table drops or returns everything as NO_ENTRY. */
size_t forward_from_tun(struct forward_thread *thread, const struct forward_table *table,
			struct now now, struct forward_batch *batch);
size_t forward_from_wire(struct forward_thread *thread, const struct forward_table *table,
			 struct now now, struct forward_batch *batch);

/* Hands out the oldest report. */
bool forward_report(struct forward_thread *thread, struct forward_report *ret);

#endif
