/* keyset.h - the mutable half of the data plane: the keys of one direction pair and what they saw.
 *
 * Only forward/ seals and opens under session keys, control frames included, so there is exactly
 * one counter and one window a key. Key sets live outside the snapshots (table.h) and are counted
 * by them: the control thread frees one when its last snapshot is gone. A key set refuses its keys
 * after `stop`, SESSION_STOP_AFTER_IP after the first IP packet, and at the counter limit, whether
 * or not the control thread still runs.
 */
#ifndef FORWARD_KEYSET_H
#define FORWARD_KEYSET_H

#include "base/mono.h"
#include "crypto/suite.h"
#include "wire/datagram.h"
#include "wire/frame.h"

#define KEYSET_STOP_AFTER_IP_MS 180000
#define KEYSET_PACKETS_MAX (UINT64_C(1) << 36) /* refuses here; the session rekeys at 2^32 */
#define KEYSET_FAILURES_MAX \
	(UINT64_C(1)        \
	 << 36) /* forged packets until the key is given up (RFC 9001, 6.6: 2^52 and 2^36) */
#define KEYSET_OVERHEAD (DATAGRAM_HEADER_BYTES + FRAME_HEADER_BYTES + AEAD_TAG_BYTES)

struct keyset_config {
	uint32_t local_index, remote_index;
	const uint8_t *send_key, *receive_key; /* AEAD_KEY_BYTES each; borrowed for the call */
	const struct suite *suite;
	struct mono stop;
};

struct keyset; /* opaque */

/* Counted once for the caller. 0, ERR_NOMEM, ERR_CRYPTO. */
int keyset_new(const struct keyset_config *config, struct keyset **ret);
struct keyset *keyset_ref(struct keyset *keyset);
/* Wipes and frees with the last reference; accepts NULL. Control thread only, like keyset_ref(). */
void keyset_unref(struct keyset *keyset);

uint32_t keyset_local_index(const struct keyset *keyset);

/* Seals one frame into a datagram: `ret` holds payload.len + KEYSET_OVERHEAD bytes. Safe beside
 * other threads. 0, ERR_EXHAUSTED (counter), ERR_EXPIRED (stop), ERR_TOO_LONG. */
int keyset_seal(struct keyset *keyset, struct mono now, const struct frame_header *frame,
		struct span payload, uint8_t *ret);

/* Opens a datagram in place: window asked, opened, window moved. `frame` and `payload` point into
 * `datagram`. 0, ERR_REPLAY, ERR_AUTH, ERR_EXPIRED, ERR_MALFORMED (a frame that makes no sense),
 * ERR_EXHAUSTED. */
int keyset_open(struct keyset *keyset, struct mono now, uint8_t *datagram, size_t len,
		struct frame_header *ret_frame, struct span *ret_payload);

struct keyset_counters {
	uint64_t packets_sent, bytes_sent, packets_received, bytes_received;
	uint64_t replayed, forged;
	bool opened;                          /* a packet of the peer's was opened */
	bool ip_seen;                         /* an IP packet went through, either way */
	struct mono last_received, last_sent; /* zero: never */
};
struct keyset_counters keyset_counters(const struct keyset *keyset);

#endif
