/* keyset.h - the mutable half of the data plane: the keys of one direction pair and what they saw.
 *
 * Only forward/ seals and opens under session keys, control frames included, so there is exactly
 * one counter and one window a key. Key sets live outside the snapshots (table.h) and are counted
 * by them: the control thread frees one when its last snapshot is gone. A key set refuses its keys
 * from `stop` on, from KEYSET_STOP_AFTER_IP_MS after the first IP packet on, and at the limits of
 * packets and forgeries, whether or not the control thread still runs. Each call judges that by the
 * time it is given.
 *
 * Threads. keyset_seal() and keyset_open() may be called by any thread at any time. A sender takes
 * its counter with one atomic addition and a cipher context of its own, of which there are as many
 * as threads: nobody waits. Receivers of one key set take turns, since they share its window; the
 * turn is a C11 atomic flag, held for one packet and never across anything that can block.
 */
#ifndef FORWARD_KEYSET_H
#define FORWARD_KEYSET_H

#include "base/mono.h"
#include "crypto/suite.h"
#include "wire/datagram.h"
#include "wire/frame.h"

#define KEYSET_STOP_AFTER_IP_MS 180000
#define KEYSET_PACKETS_MAX (UINT64_C(1) << 36)  /* the session rekeys at 2^32 */
#define KEYSET_FAILURES_MAX (UINT64_C(1) << 36) /* RFC 9001, 6.6: the lower of its two limits */
#define KEYSET_QUIET_MS 1000                    /* without an IP packet, either way */
#define KEYSET_SENT_STEP (UINT64_C(1) << 20)    /* packets between two KEYSET_SENT */
#define KEYSET_SENDERS_MAX 16                   /* threads that seal at once */
#define KEYSET_OVERHEAD (DATAGRAM_HEADER_BYTES + FRAME_HEADER_BYTES + AEAD_TAG_BYTES)
#define KEYSET_PAYLOAD_BYTES_MAX (DATAGRAM_BYTES_MAX - KEYSET_OVERHEAD)
#define KEYSET_PAYLOAD_AT (DATAGRAM_HEADER_BYTES + FRAME_HEADER_BYTES) /* in the datagram */

struct keyset_config {
	uint32_t local_index, remote_index;
	const uint8_t *send_key, *receive_key; /* AEAD_KEY_BYTES each; borrowed for the call */
	const struct suite *suite;
	struct mono stop;
	uint32_t senders;      /* threads that may seal at once: 1 + workers; 0: one */
	uint64_t packets_max;  /* counters from here on are neither sent nor taken; 0: the
				  constant above, which is also the most */
	uint64_t failures_max; /* the same of packets that do not open */
};

struct keyset; /* opaque */

/* Counted once for the caller. 0, ERR_NOMEM, ERR_CRYPTO. */
int keyset_new(const struct keyset_config *config, struct keyset **ret);
struct keyset *keyset_ref(struct keyset *keyset);
/* Frees with the last reference, and then no copy of the keys is left; accepts NULL. Control thread
 * only, like keyset_ref(). */
void keyset_unref(struct keyset *keyset);

uint32_t keyset_local_index(const struct keyset *keyset);

/* Seals one frame into a datagram: `ret` holds payload.len + frame->padding + KEYSET_OVERHEAD
 * bytes. The payload stands at KEYSET_PAYLOAD_AT in `ret` already, or does not overlap it. The
 * frame's payload_len is filled in here. 0, ERR_TOO_LONG (both more than KEYSET_PAYLOAD_BYTES_MAX),
 * ERR_EXPIRED (stop), ERR_EXHAUSTED (counter), ERR_CRYPTO. See seal.h for what goes through a
 * relay. */
int keyset_seal(struct keyset *keyset, struct mono now, const struct frame_header *frame,
		struct span payload, uint8_t *ret);

/* The same for packets that belong together: their counters follow one another, and what is asked
 * once a packet is asked once. Between begin and end the thread seals nothing else under these keys
 * and does nothing that can block; it may have runs of several key sets if each has a context for
 * every thread. Fields are private. */
struct keyset_run {
	struct keyset *keyset;
	struct lane *lane;
	struct mono now;
	uint64_t first, next, end; /* counters */
	uint64_t packets, bytes;   /* sealed so far */
};

/* Takes the counters of `count` packets, at least one: 0, ERR_EXPIRED or ERR_EXHAUSTED as above.
 * Then keyset_run_end() comes, after any number of packets up to `count`; counters that were not
 * used are lost. */
int keyset_run_begin(struct keyset *keyset, struct mono now, uint32_t count,
		     struct keyset_run *ret);
/* As keyset_seal(): 0, ERR_TOO_LONG, ERR_CRYPTO, and then the counter is lost. */
int keyset_run_seal(struct keyset_run *run, const struct frame_header *frame, struct span payload,
		    uint8_t *ret);
void keyset_run_end(struct keyset_run *run);

struct keyset_opened {
	struct frame_header frame;
	uint64_t counter;
	uint8_t *payload; /* inside the datagram; frame.payload_len bytes */
	bool newest;      /* no packet with a higher counter came before: not late, so where it
			   * came from is where the peer is */
};

/* Opens a data datagram in place: window asked, opened, window moved. 0, ERR_MALFORMED (no data
 * datagram, or a frame that makes no sense), ERR_EXPIRED (stop), ERR_EXHAUSTED (its counter is at
 * the limit, or too many did not open), ERR_REPLAY, ERR_AUTH. */
int keyset_open(struct keyset *keyset, struct mono now, uint8_t *datagram, size_t len,
		struct keyset_opened *ret);

/* What the session wants to hear of its keys. */
enum keyset_milestone {
	KEYSET_OPENED = 1, /* the first packet was opened */
	KEYSET_IP = 2,     /* the first IP packet went through, either way */
	KEYSET_SENT = 4,   /* another KEYSET_SENT_STEP packets were sent */
	KEYSET_ACTIVE = 8, /* an IP packet, the first or after KEYSET_QUIET_MS without one */
};

/* The milestones, ORed, that were passed since anybody asked; each is told once. forward/ asks for
 * each packet and reports; whoever else seals or opens asks afterwards, or the session does not
 * learn in time that its keys are in use. */
unsigned keyset_take_milestones(struct keyset *keyset);

struct keyset_counters {
	uint64_t packets_sent, bytes_sent, packets_received, bytes_received; /* of datagrams */
	uint64_t replayed, forged;
	uint64_t expected; /* one above the highest counter received: what is missing of that many
			    * was lost, or is late */
	bool opened;       /* a packet of the peer's was opened */
	bool ip_seen;      /* an IP packet went through, either way */
	struct mono last_received, last_sent;       /* zero: never */
	struct mono last_ip_received, last_ip_sent; /* zero: never */
};

/* While other threads work, each figure is right by itself but they are not of one instant. */
struct keyset_counters keyset_counters(const struct keyset *keyset);

/* Sums, and of the moments the later ones. */
void keyset_counters_add(struct keyset_counters *sum, const struct keyset_counters *more);

#endif
