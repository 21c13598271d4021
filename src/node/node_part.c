/* node_part.c - see node_part.h. */
#include "node/node_internal.h"

#include "base/err.h"
#include "base/seccheck.h"
#include "forward/seal.h"

#include <assert.h>
#include <stdlib.h>

#define WHOLE_MS 1000 /* for the other pieces to come */
#define LINE_BYTES 1280
#define LINE_HEADERS 48 /* IPv6, UDP */

/* Nobody asks how much a way carries that has no IP, so on links it is what all carry. */
static const size_t direct_room = LINE_BYTES - LINE_HEADERS - KEYSET_OVERHEAD;
static const size_t relayed_room =
	LINE_BYTES - LINE_HEADERS - KEYSET_OVERHEAD - SEAL_RELAY_OVERHEAD;

static_assert(PART_HEADER_BYTES + PIECE_BYTES ==
		      LINE_BYTES - LINE_HEADERS - KEYSET_OVERHEAD - SEAL_RELAY_OVERHEAD,
	      "a piece goes by a relay, too");
static_assert(PART_HEADER_BYTES + PIECE_BYTES == PATHS_SIZE_MIN, "no way is taken for narrower");

size_t part_room(const struct peer *link)
{
	const size_t size = paths_size(&link->paths);
	const size_t room = peer_way(link).kind == WAY_RELAY ? relayed_room : direct_room;

	return size < room ? size : room;
}

bool part_send(struct node *node, struct now now, const struct peer *link, uint8_t kind,
	       struct span payload)
{
	uint8_t bytes[PART_HEADER_BYTES + PIECE_BYTES];
	struct part part = { .kind = kind,
			     .count = (uint8_t)((payload.len + PIECE_BYTES - 1) / PIECE_BYTES) };

	CHECK(part.count > 1 && part.count <= PARTS_MAX);
	part.sequence = ++node->part_sequence;
	for (; part.which < part.count; part.which++) {
		struct writer w = writer_of(bytes, sizeof(bytes));
		const size_t at = (size_t)part.which * PIECE_BYTES;
		const size_t left = payload.len - at;
		struct sealing sealing = { .channel = channel_of(node, link->session),
					   .kind = FRAME_PART,
					   .is_data = kind == FRAME_DATAGRAM };

		part.piece = span_of(payload.data + at, left < PIECE_BYTES ? left : PIECE_BYTES);
		part_encode(&part, &w);
		sealing.payload = writer_span(&w);
		if (!send_frame(node, now, &sealing))
			return false;
	}
	return true;
}

/* The message that a piece belongs to: the one that has begun, else a free place, else the oldest.
 */
static struct whole *whole_of(struct node *node, struct now now, struct handle link,
			      const struct part *part)
{
	struct whole *place = NULL;

	for (size_t i = 0; i < WHOLES_MAX; i++) {
		struct whole *whole = &node->wholes[i];

		if (handle_equal(whole->peer, link)) {
			place = whole; /* one of a link at a time */
			break;
		}
		if (place == NULL || whole->expiry.us < place->expiry.us)
			place = whole;
	}
	if (!handle_equal(place->peer, link) || place->sequence != part->sequence ||
	    place->kind != part->kind || place->count != part->count ||
	    mono_reached(now.mono, place->expiry)) {
		place->peer = link;
		place->sequence = part->sequence;
		place->kind = part->kind;
		place->count = part->count;
		place->have = 0;
		place->len = 0;
		place->expiry = mono_add_ms(now.mono, WHOLE_MS);
	}
	return place;
}

void part_free(struct node *node)
{
	for (size_t i = 0; i < WHOLES_MAX; i++)
		free(node->wholes[i].bytes);
}

static int take_whole(struct node *node, struct now now, struct handle link,
		      const struct whole *whole)
{
	const struct span bytes = span_of(whole->bytes, whole->len);

	if (whole->kind == FRAME_ROUTED)
		return overlay_routed(node, now, pool_at(&node->peers, link), bytes);
	send_open(node, bytes);
	return 0;
}

int part_take(struct node *node, struct now now, struct handle link, struct span payload)
{
	struct part part;
	struct whole *whole;
	int err = part_decode(payload, &part);

	if (err != 0)
		return err;
	/* Pieces have one length, so each has its place; the last may be shorter. */
	if (!SECCHECK(SEC_PART_LENGTH, part.piece.len <= PIECE_BYTES) ||
	    (part.which + 1 < part.count && part.piece.len != PIECE_BYTES) ||
	    (part.kind != FRAME_ROUTED && part.kind != FRAME_DATAGRAM))
		return ERR_MALFORMED;
	whole = whole_of(node, now, link, &part);
	if (whole->bytes == NULL)
		whole->bytes = calloc(1, WHOLE_BYTES);
	if (whole->bytes == NULL)
		return ERR_NOMEM;
	memcpy(whole->bytes + (size_t)part.which * PIECE_BYTES, part.piece.data, part.piece.len);
	whole->have |= (uint8_t)(1U << part.which);
	if (part.which + 1 == part.count)
		whole->len = (size_t)part.which * PIECE_BYTES + part.piece.len;
	if (whole->have != (1U << part.count) - 1)
		return 0;
	whole->peer = HANDLE_NONE;
	whole->expiry = (struct mono){ 0 };
	return take_whole(node, now, link, whole);
}
