/* forward.h - the data plane: batches of packets through a snapshot of the tables. Pure functions
 * on buffers; no system call, no allocation, no lock but the receivers' turn of keyset.h.
 *
 * From the TUN: packet -> is the source ours? -> destination looked up -> sealed -> egress. From
 * the wire: datagram -> receiver index -> window, open -> is the inner source the peer's, and the
 * inner destination ours? -> left in place for the TUN. What has no entry, and every control frame
 * and handshake, comes back for the node with a verdict.
 *
 * OFFLOADS (offload.h): a super-packet from the TUN is looked up once and cut; its segments carry a
 * partial checksum if the peer has announced that it takes them, and are marked, so that they are
 * joined at the other end and written to the TUN at once. Whether the path has marked a datagram
 * (ECN) is carried over as RFC 6040 has it; of the inner DSCP nothing shows outside.
 *
 * RELAY: a relay frame that came straight from a link holds a datagram. Its index, which counts on
 * that link alone, says that we pass it on over another, as fast as a meter allows, seeing nothing
 * but ciphertext; or that it was passed on to us, and then it is opened like one from the wire. In
 * what was not sent straight to us no relay frame is taken, so nothing passes two relays.
 *
 * ORDER: a handshake or control frame may bring the keys for what stands behind it in the same
 * batch. So forward_from_wire() leaves a datagram with an index that nobody has PENDING if
 * something for the node came before it. The caller gives the node its part, takes the new table,
 * and calls again until nothing is pending; each call decides about one at least. A worker hands
 * what is pending on to the control thread, behind the rest (handover.h), and so it does with an
 * index that nobody has while the node is behind.
 *
 * SNAPSHOT: if the calendar moved by more than FORWARD_DRIFT_US against the steady clock since the
 * table was built, this may be a resumed copy of a machine whose original goes on under the same
 * keys: nothing is sealed or opened until the node has published a new table. Packets from the TUN
 * go to the node, which sees the same clocks and drops its sessions first.
 */
#ifndef FORWARD_FORWARD_H
#define FORWARD_FORWARD_H

#include "base/queue.h"
#include "forward/cutter.h"
#include "forward/egress.h"
#include "forward/table.h"

#define FORWARD_BATCH_MAX 128
#define FORWARD_REPORTS_MAX 256 /* power of two; beyond, the newest is dropped and counted */
#define FORWARD_DRIFT_US 10000000
#define FORWARD_PACKET_BYTES_MAX 2000 /* of a packet or segment that anybody has room for */
#define FORWARD_MTU 1360              /* of the TUN: 1500 less all headers of the longest way */
/* The longest super-packet that the TUN is to give. A message of UDP_SEGMENT has less than 65,535
 * bytes, so 46 segments that are sealed to 1,400; with one more each super-packet would be two
 * messages, and come as two. Linux takes up to 321 bytes off for headers (MAX_TCP_HEADER + 1) and
 * then as many segments as fit, of 1,288 bytes (TCP with timestamps on IPv6) or 1,308 (IPv4). */
#define FORWARD_SUPER_BYTES 60544

enum forward_verdict {
	FORWARD_PENDING,  /* not decided yet */
	FORWARD_SENT,     /* sealed and in the egress; from the wire: passed on */
	FORWARD_DELIVER,  /* an IP packet for the TUN: data, len, offload */
	FORWARD_JOIN,     /* data and len are a piece of the super-packet that the DELIVER before
			   * it begins: they go behind it and what was joined before */
	FORWARD_NO_ENTRY, /* from the TUN, and nobody known has that address, there is no path yet,
			   * or the keys are at their end: to the node */
	FORWARD_TOO_BIG,  /* from the TUN, larger than `mtu`: the node answers */
	FORWARD_FRAME, /* from the wire: the payload of a control frame, data, len: to the node */
	FORWARD_HANDSHAKE, /* from the wire: types M0..VERSION: to the node */
	FORWARD_DROP,      /* for a reason that was counted */
};

/* One packet of a batch. The buffer is the caller's; a datagram is opened in place, and then data
 * and len are what is to be handed on, inside the buffer. From the TUN it may be a super-packet,
 * which leaves as several datagrams; what goes to the node is cut with forward_cut() first. */
struct forward_packet {
	uint8_t *data;
	size_t len;
	struct offload offload;       /* from the TUN: given; DELIVER: result, all zero unless
				       * takes_partial */
	uint8_t ecn;                  /* from the wire: of the outer header (RFC 3168) */
	struct way way;               /* from the wire: by which it came. Before: DIRECT with both
				       * endpoints, or RING, what the node took out of a routed
				       * message; RELAY when it was taken out of a relay frame here */
	enum forward_verdict verdict; /* PENDING before; all below is set by the verdicts named */
	uint32_t link;                /* of the entry: DELIVER, FRAME, TOO_BIG */
	uint32_t local_index;         /* of the key set: DELIVER, FRAME */
	uint8_t frame_kind;           /* FRAME */
	uint16_t mtu;                 /* TOO_BIG */
};

struct forward_batch {
	struct forward_packet packets[FORWARD_BATCH_MAX];
	size_t count;
	size_t pending; /* result: how many are to be decided by another call */
};

enum forward_report_kind {
	FORWARD_REPORT_OPENED,  /* first packet opened under this key set */
	FORWARD_REPORT_IP,      /* first IP packet under this key set, either way */
	FORWARD_REPORT_ACTIVE,  /* an IP packet, either way, and none for KEYSET_QUIET_MS before:
				 * who waits for answers looks at the counters from now on */
	FORWARD_REPORT_SENT,    /* each KEYSET_SENT_STEP packets sent, so also at the rekey limit;
				 * `count` is how many */
	FORWARD_REPORT_ADDRESS, /* the newest packet came by another way than the entry's; the same
				 * way once a batch */
	FORWARD_REPORT_UNKNOWN, /* a data datagram with an index that nobody has; at most one a
				 * batch */
};

struct forward_report {
	enum forward_report_kind kind;
	uint32_t link, local_index; /* UNKNOWN: link is 0 and the index what was stated */
	uint64_t count;             /* SENT */
	struct way way;             /* ADDRESS, UNKNOWN */
};

/* What became of the packets, each once: of what came back, PENDING and NO_ENTRY are not counted.
 */
struct forward_counters {
	uint64_t sent, delivered, frames, handshakes, too_big;
	uint64_t cut;                /* super-packets that were cut; their segments are `sent` */
	uint64_t joined;             /* of `delivered`: JOIN */
	uint64_t drop_malformed;     /* no IP packet, no datagram of ours, no frame */
	uint64_t drop_unknown_index; /* nobody has it */
	uint64_t drop_replay, drop_forged;
	uint64_t drop_expired;      /* from the wire: the keys were at their end, either side's */
	uint64_t drop_kind;         /* a frame of a kind that is not spoken here */
	uint64_t drop_source;       /* the inner source is not the sender's */
	uint64_t drop_destination;  /* the inner destination is not ours, or not the last */
	uint64_t drop_not_admitted; /* policy: this peer exchanges no IP */
	uint64_t drop_ecn; /* marked by the path, and its sender does not know marks (RFC 6040) */
	uint64_t drop_egress_full;
	uint64_t drop_snapshot;
	uint64_t drop_crypto;        /* the library failed */
	uint64_t relayed;            /* passed on; counted nowhere else */
	uint64_t drop_relay_nested;  /* a relay frame in what did not come straight from a link */
	uint64_t drop_relay_unknown; /* the link has no such index */
	uint64_t drop_relay_rate;
	uint64_t reports_lost;
};

/* One worker's own state; embed it. Only `counters` may be read from outside. */
struct forward_thread {
	struct egress *egress; /* borrowed; the same thread's */
	struct forward_report reports[FORWARD_REPORTS_MAX];
	struct queue report_queue;
	struct forward_counters counters;
	bool takes_partial;  /* set by the owner: the TUN takes partial checksums and super-packets
			      * of TCP, and the node has said so to its peers */
	bool joins_udp;      /* set by the owner: it takes those of UDP, which not every kernel does
			      * that takes those of TCP */
	bool node_is_behind; /* set by the owner, of another thread than the node's: the node has
			      * not yet seen all that was handed on before. See ORDER */
};

void forward_thread_init(struct forward_thread *thread, struct egress *egress);

/* Both look at all packets[0..count) that are PENDING and return how many have now got a verdict
 * for the node or the TUN (not SENT, not DROP). Without a table (NULL) packets from the TUN have no
 * entry and data from the wire an unknown index. */
size_t forward_from_tun(struct forward_thread *thread, const struct forward_table *table,
			struct now now, struct forward_batch *batch);
size_t forward_from_wire(struct forward_thread *thread, const struct forward_table *table,
			 struct now now, struct forward_batch *batch);

/* What a key set has passed since anybody asked, as reports without a link: how many. For whoever
 * seals or opens under it without a forward_thread. */
#define FORWARD_MILESTONES 4
size_t forward_milestones(struct keyset *keyset, struct forward_report ret[FORWARD_MILESTONES]);

/* A packet from the TUN with another verdict than SENT, as the packets that a wire would carry:
 * their checksums complete, each of at most FORWARD_PACKET_BYTES_MAX. 0 or ERR_MALFORMED. */
int forward_cut(const struct forward_packet *packet, struct cutter *ret);

/* Hands out the oldest report. */
bool forward_report(struct forward_thread *thread, struct forward_report *ret);

#endif
