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

int seal_frame(const struct seal_keys *keys, struct mono now, const struct frame_header *frame,
	       struct span payload, uint8_t *ret)
{
	uint8_t *inner = ret + SEAL_INNER_AT;
	int err;

	if (keys->relay == NULL)
		return keyset_seal(keys->keyset, now, frame, payload, ret);
	if (payload.len > SEAL_RELAYED_PAYLOAD_BYTES_MAX)
		return ERR_TOO_LONG;
	err = keyset_seal(keys->keyset, now, frame, payload, inner);
	if (err != 0)
		return err;
	return seal_relayed(keys->relay, now, keys->relay_index,
			    span_of(inner, payload.len + KEYSET_OVERHEAD), ret);
}
