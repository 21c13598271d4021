/* seal.c - see seal.h. The inner datagram is sealed where the outer wants it. */
#include "forward/seal.h"

#include "base/err.h"

#include <string.h>

int seal_relayed(struct keyset *keyset, struct mono now, uint32_t index, struct span datagram,
		 uint8_t *ret)
{
	const struct frame_header frame = { .kind = FRAME_RELAY };
	uint8_t *payload = ret + KEYSET_PAYLOAD_AT;
	uint8_t *inner = ret + SEAL_INNER_AT;

	if (datagram.len > KEYSET_PAYLOAD_BYTES_MAX - RELAY_HEADER_BYTES)
		return ERR_TOO_LONG;
	relay_header_encode(index, payload);
	if (datagram.data != inner && datagram.len > 0)
		memcpy(inner, datagram.data, datagram.len);
	return keyset_seal(keyset, now, &frame, span_of(payload, RELAY_HEADER_BYTES + datagram.len),
			   ret);
}

int seal_run_begin(const struct seal_keys *keys, struct mono now, uint32_t count,
		   struct seal_run *ret)
{
	int err = keyset_run_begin(keys->keyset, now, count, &ret->inner);

	ret->relayed = keys->relay != NULL;
	ret->relay_index = keys->relay_index;
	if (err == 0 && ret->relayed) {
		err = keyset_run_begin(keys->relay, now, count, &ret->outer);
		if (err != 0)
			keyset_run_end(&ret->inner);
	}
	return err;
}

int seal_run_next(struct seal_run *run, const struct frame_header *frame, size_t payload_len,
		  uint8_t *ret)
{
	const struct frame_header outer = { .kind = FRAME_RELAY };
	const size_t payload_at = seal_run_payload_at(run);
	int err;

	if (run->relayed && payload_len > SEAL_RELAYED_PAYLOAD_BYTES_MAX)
		return ERR_TOO_LONG;
	err = keyset_run_seal(&run->inner, frame, span_of(ret + payload_at, payload_len),
			      ret + payload_at - KEYSET_PAYLOAD_AT);
	if (err != 0 || !run->relayed)
		return err;
	relay_header_encode(run->relay_index, ret + KEYSET_PAYLOAD_AT);
	return keyset_run_seal(&run->outer, &outer,
			       span_of(ret + KEYSET_PAYLOAD_AT,
				       RELAY_HEADER_BYTES + payload_len + KEYSET_OVERHEAD),
			       ret);
}

void seal_run_end(struct seal_run *run)
{
	keyset_run_end(&run->inner);
	if (run->relayed)
		keyset_run_end(&run->outer);
}
