/* seal.h - from a frame to the datagram that leaves: sealed for the peer and, on its way through a
 * relay, once more for the link to that relay.
 *
 *     straight   datagram { frame }                                      under the peer's keys
 *     relayed    datagram { RELAY frame { index, datagram { frame } } }  the outer under the link's
 *
 * For packets and control frames alike, in forward/ and in node/. The payload is copied once.
 */
#ifndef FORWARD_SEAL_H
#define FORWARD_SEAL_H

#include "forward/keyset.h"
#include "wire/overlay.h"

#define SEAL_RELAY_OVERHEAD (RELAY_HEADER_BYTES + KEYSET_OVERHEAD)
#define SEAL_INNER_AT (KEYSET_PAYLOAD_AT + RELAY_HEADER_BYTES)
#define SEAL_RELAYED_PAYLOAD_BYTES_MAX (KEYSET_PAYLOAD_BYTES_MAX - SEAL_RELAY_OVERHEAD)

struct seal_keys {
	struct keyset *keyset; /* of the session with the peer */
	struct keyset *relay;  /* of the session with the relay; NULL: straight */
	uint32_t relay_index;  /* by which the relay knows that it is for the peer: RELAY_GRANT */
};

/* Several frames that belong together: their counters follow one another. Fields are private. */
struct seal_run {
	struct keyset_run inner, outer;
	uint32_t relay_index;
	bool relayed;
};

/* 0, or what keyset_run_begin() says of either key set; then seal_run_end() comes. */
int seal_run_begin(const struct seal_keys *keys, struct mono now, uint32_t count,
		   struct seal_run *ret);

/* Where in the datagram the payload has to be written before it is sealed. */
static inline size_t seal_run_payload_at(const struct seal_run *run)
{
	return run->relayed ? SEAL_INNER_AT + KEYSET_PAYLOAD_AT : KEYSET_PAYLOAD_AT;
}

/* By how much the datagram is longer than the payload. */
static inline size_t seal_run_overhead(const struct seal_run *run)
{
	return run->relayed ? KEYSET_OVERHEAD + SEAL_RELAY_OVERHEAD : KEYSET_OVERHEAD;
}

/* Seals the payload that stands there; `ret` has room for seal_run_overhead() besides. The frame's
 * payload_len is filled in here. 0, ERR_TOO_LONG (more than KEYSET_PAYLOAD_BYTES_MAX, or relayed
 * SEAL_RELAYED_PAYLOAD_BYTES_MAX) or ERR_CRYPTO, and then the counter is lost. Who calls asks both
 * key sets for their milestones. */
int seal_run_next(struct seal_run *run, const struct frame_header *frame, size_t payload_len,
		  uint8_t *ret);
void seal_run_end(struct seal_run *run);

/* Seals a datagram that was sealed already, or came to be passed on, into a RELAY frame with this
 * index: `ret` holds datagram.len + SEAL_RELAY_OVERHEAD bytes. The datagram stands at
 * SEAL_INNER_AT in `ret` already, or does not overlap it. Errors as above. */
int seal_relayed(struct keyset *keyset, struct mono now, uint32_t index, struct span datagram,
		 uint8_t *ret);

#endif
