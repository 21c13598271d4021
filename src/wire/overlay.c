/* overlay.c - see overlay.h. */
#include "wire/overlay.h"

#include "base/err.h"
#include "base/reader.h"
#include "base/seccheck.h"

#define ROUTE_SHIFT 4 /* in the byte that it shares with the detours */

static void put_id(struct writer *w, const struct id *id)
{
	writer_bytes(w, id->bytes, ID_BYTES);
}

static bool get_id(struct reader *r, struct id *ret)
{
	return reader_bytes(r, ret->bytes, ID_BYTES);
}

static bool get_target_kind(struct reader *r, struct target *ret)
{
	uint8_t kind;

	if (!reader_u8(r, &kind) || kind < TARGET_EXACT || kind > TARGET_NEAREST)
		return false;
	ret->kind = (enum target_kind)kind;
	return true;
}

static int verdict_of(bool is_whole)
{
	return is_whole ? 0 : ERR_MALFORMED;
}

void routed_encode(const struct routed *routed, struct writer *w)
{
	writer_u8(w, routed->kind);
	writer_u8(w, routed->hops);
	writer_u8(w, (uint8_t)routed->target.kind);
	writer_u8(w, (uint8_t)(routed->route << ROUTE_SHIFT | routed->detours));
	put_id(w, &routed->target.id);
	put_id(w, &routed->to_via);
	put_id(w, &routed->from);
	put_id(w, &routed->from_via);
	writer_span_of(w, routed->payload);
}

int routed_decode(struct span bytes, struct routed *ret)
{
	struct reader r = reader_of(bytes);
	struct routed routed;
	uint8_t way;

	if (!reader_u8(&r, &routed.kind) || !reader_u8(&r, &routed.hops) ||
	    !get_target_kind(&r, &routed.target) || !reader_u8(&r, &way) ||
	    !get_id(&r, &routed.target.id) || !get_id(&r, &routed.to_via) ||
	    !get_id(&r, &routed.from) || !get_id(&r, &routed.from_via))
		return ERR_MALFORMED;
	routed.route = way >> ROUTE_SHIFT;
	routed.detours = way & ((1U << ROUTE_SHIFT) - 1);
	if (!SECCHECK(SEC_ROUTED_HOPS, routed.hops <= ROUTED_HOPS_MAX) ||
	    routed.detours > ROUTED_DETOURS_MAX || reader_left(&r) > ROUTED_PAYLOAD_BYTES_MAX)
		return ERR_MALFORMED;
	(void)reader_span(&r, reader_left(&r), &routed.payload);
	*ret = routed;
	return 0;
}

void found_encode(const struct found *found, struct writer *w)
{
	writer_u64(w, found->token);
}

int found_decode(struct span bytes, struct found *ret)
{
	struct reader r = reader_of(bytes);
	struct found found;
	const bool is_whole = reader_u64(&r, &found.token) && reader_end(&r);

	if (is_whole)
		*ret = found;
	return verdict_of(is_whole);
}

void unreachable_encode(const struct unreachable *unreachable, struct writer *w)
{
	writer_u32(w, unreachable->sender);
}

int unreachable_decode(struct span bytes, struct unreachable *ret)
{
	struct reader r = reader_of(bytes);
	struct unreachable unreachable;
	const bool is_whole = reader_u32(&r, &unreachable.sender) && reader_end(&r);

	if (is_whole)
		*ret = unreachable;
	return verdict_of(is_whole);
}

void broadcast_encode(const struct broadcast *broadcast, struct writer *w)
{
	writer_u8(w, broadcast->kind);
	writer_u8(w, broadcast->hops);
	writer_u8(w, (uint8_t)broadcast->key.len);
	writer_u8(w, broadcast->route);
	put_id(w, &broadcast->until);
	put_id(w, &broadcast->from);
	put_id(w, &broadcast->from_via);
	writer_u64(w, broadcast->token);
	writer_span_of(w, broadcast->key);
}

int broadcast_decode(struct span bytes, struct broadcast *ret)
{
	struct reader r = reader_of(bytes);
	struct broadcast broadcast;
	uint8_t key_len;

	if (!reader_u8(&r, &broadcast.kind) || !reader_u8(&r, &broadcast.hops) ||
	    !reader_u8(&r, &key_len) || !reader_u8(&r, &broadcast.route) ||
	    !get_id(&r, &broadcast.until) || !get_id(&r, &broadcast.from) ||
	    !get_id(&r, &broadcast.from_via) || !reader_u64(&r, &broadcast.token))
		return ERR_MALFORMED;
	if (!SECCHECK(SEC_BROADCAST_HOPS, broadcast.hops <= ROUTED_HOPS_MAX) ||
	    broadcast.route >= ROUTED_ROUTES || key_len == 0 || key_len > BROADCAST_KEY_BYTES_MAX ||
	    !reader_span(&r, key_len, &broadcast.key) || !reader_end(&r))
		return ERR_MALFORMED;
	*ret = broadcast;
	return 0;
}

void neighbours_encode(const struct neighbours *neighbours, struct writer *w)
{
	writer_u8(w, neighbours->count);
	writer_u8(w, neighbours->asks ? 1 : 0);
	writer_zero(w, 2);
	for (size_t i = 0; i < neighbours->count; i++)
		put_id(w, &neighbours->ids[i]);
}

int neighbours_decode(struct span bytes, struct neighbours *ret)
{
	struct reader r = reader_of(bytes);
	struct neighbours neighbours = { 0 };
	uint8_t asks;

	if (!reader_u8(&r, &neighbours.count) || neighbours.count > NEIGHBOURS_MAX ||
	    !reader_u8(&r, &asks) || asks > 1 || !reader_zero(&r, 2))
		return ERR_MALFORMED;
	neighbours.asks = asks == 1;
	for (size_t i = 0; i < neighbours.count; i++)
		if (!get_id(&r, &neighbours.ids[i]))
			return ERR_MALFORMED;
	if (!reader_end(&r))
		return ERR_MALFORMED;
	*ret = neighbours;
	return 0;
}

void candidates_encode(const struct candidates_message *candidates, struct writer *w)
{
	writer_u8(w, candidates->nat);
	writer_u8(w, candidates->candidate_count);
	writer_u8(w, candidates->relay_count);
	writer_zero(w, 1);
	for (size_t i = 0; i < candidates->candidate_count; i++) {
		writer_u8(w, candidates->candidates[i].kind);
		endpoint_encode(&candidates->candidates[i].endpoint, w);
	}
	for (size_t i = 0; i < candidates->relay_count; i++)
		put_id(w, &candidates->relays[i]);
}

int candidates_decode(struct span bytes, struct candidates_message *ret)
{
	struct reader r = reader_of(bytes);
	struct candidates_message message = { 0 };

	if (!reader_u8(&r, &message.nat) || message.nat > NAT_CHANGING ||
	    !reader_u8(&r, &message.candidate_count) || !reader_u8(&r, &message.relay_count) ||
	    !reader_zero(&r, 1) || message.candidate_count > CANDIDATES_MAX ||
	    message.relay_count > CANDIDATE_RELAYS_MAX)
		return ERR_MALFORMED;
	for (size_t i = 0; i < message.candidate_count; i++)
		if (!reader_u8(&r, &message.candidates[i].kind) ||
		    !endpoint_decode(&r, &message.candidates[i].endpoint))
			return ERR_MALFORMED;
	for (size_t i = 0; i < message.relay_count; i++)
		if (!get_id(&r, &message.relays[i]))
			return ERR_MALFORMED;
	if (!reader_end(&r))
		return ERR_MALFORMED;
	*ret = message;
	return 0;
}

void relay_message_encode(const struct relay_message *message, struct writer *w)
{
	put_id(w, &message->peer);
	writer_u32(w, message->index);
	writer_u8(w, message->is_needed);
	writer_zero(w, 3);
}

int relay_message_decode(struct span bytes, struct relay_message *ret)
{
	struct reader r = reader_of(bytes);
	struct relay_message message;
	uint8_t needed;
	const bool is_whole = get_id(&r, &message.peer) && reader_u32(&r, &message.index) &&
			      reader_u8(&r, &needed) && needed <= 1 && reader_zero(&r, 3) &&
			      reader_end(&r);

	if (is_whole) {
		message.is_needed = needed == 1;
		*ret = message;
	}
	return verdict_of(is_whole);
}

void part_encode(const struct part *part, struct writer *w)
{
	writer_u16(w, part->sequence);
	writer_u8(w, part->which);
	writer_u8(w, part->count);
	writer_u8(w, part->kind);
	writer_zero(w, 3);
	writer_span_of(w, part->piece);
}

int part_decode(struct span bytes, struct part *ret)
{
	struct reader r = reader_of(bytes);
	struct part part;

	if (!reader_u16(&r, &part.sequence) || !reader_u8(&r, &part.which) ||
	    !reader_u8(&r, &part.count) || !reader_u8(&r, &part.kind) || !reader_zero(&r, 3))
		return ERR_MALFORMED;
	if (!SECCHECK(SEC_PART_PLACE,
		      part.count >= 2 && part.count <= PARTS_MAX && part.which < part.count) ||
	    reader_left(&r) == 0)
		return ERR_MALFORMED;
	(void)reader_span(&r, reader_left(&r), &part.piece);
	*ret = part;
	return 0;
}

void relay_header_encode(uint32_t index, uint8_t ret[RELAY_HEADER_BYTES])
{
	struct writer w = writer_of(ret, RELAY_HEADER_BYTES);

	writer_u32(&w, index);
	writer_zero(&w, 4);
}

int relay_header_decode(struct span bytes, uint32_t *ret_index, struct span *ret_datagram)
{
	struct reader r = reader_of(bytes);
	uint32_t index;

	if (!reader_u32(&r, &index) || !reader_zero(&r, 4))
		return ERR_MALFORMED;
	*ret_index = index;
	(void)reader_span(&r, reader_left(&r), ret_datagram);
	return 0;
}
