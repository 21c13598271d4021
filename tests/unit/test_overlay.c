/* test_overlay.c - what members say to each other as parts of the overlay, byte by byte. */
#include "tests/lib/cmocka.h"

#include "base/err.h"
#include "wire/overlay.h"

#include <string.h>

#define BYTES_MAX 2048

static struct id id_of(uint8_t byte)
{
	struct id id;

	memset(id.bytes, byte, ID_BYTES);
	return id;
}

static const uint8_t text[] = "abcdef";

static struct routed a_routed(void)
{
	return (struct routed){ .kind = ROUTED_DATAGRAM,
				.hops = 7,
				.route = 5,
				.detours = 2,
				.target = { TARGET_PREFIX, id_of(1) },
				.to_via = id_of(2),
				.from = id_of(3),
				.from_via = id_of(4),
				.payload = span_of(text, 6) };
}

static void routed_has_its_bytes_and_reads_back(void **state)
{
	const struct routed routed = a_routed();
	uint8_t bytes[BYTES_MAX];
	struct writer w = writer_of(bytes, sizeof(bytes));
	struct routed back;

	(void)state;
	routed_encode(&routed, &w);
	assert_int_equal(w.len, ROUTED_HEADER_BYTES + 6);
	assert_memory_equal(bytes, ((const uint8_t[]){ 2, 7, 2, 0x52, 1 }), 5);
	assert_int_equal(bytes[23], 1);
	assert_int_equal(bytes[24], 2);
	assert_int_equal(bytes[44], 3);
	assert_int_equal(bytes[64], 4);
	assert_memory_equal(bytes + 84, text, 6);
	assert_int_equal(routed_decode(writer_span(&w), &back), 0);
	assert_true(id_equal(&back.target.id, &routed.target.id));
	assert_true(id_equal(&back.to_via, &routed.to_via));
	assert_true(id_equal(&back.from, &routed.from));
	assert_true(id_equal(&back.from_via, &routed.from_via));
	assert_int_equal(back.target.kind, TARGET_PREFIX);
	assert_int_equal(back.kind, ROUTED_DATAGRAM);
	assert_int_equal(back.hops, 7);
	assert_int_equal(back.route, 5);
	assert_int_equal(back.detours, 2);
	assert_true(span_equal(back.payload, routed.payload));
}

static int routed_with(size_t at, uint8_t value, size_t payload)
{
	static const uint8_t zeros[BYTES_MAX];
	struct routed routed = a_routed();
	uint8_t bytes[BYTES_MAX];
	struct writer w = writer_of(bytes, sizeof(bytes));
	struct routed back;

	routed.payload = span_of(zeros, payload);
	routed_encode(&routed, &w);
	bytes[at] = value;
	return routed_decode(writer_span(&w), &back);
}

static void routed_keeps_its_limits(void **state)
{
	uint8_t bytes[ROUTED_HEADER_BYTES] = { 1, 1, 1 };
	struct routed back;

	(void)state;
	assert_int_equal(routed_with(1, ROUTED_HOPS_MAX, 0), 0);
	assert_int_equal(routed_with(1, ROUTED_HOPS_MAX + 1, 0), ERR_MALFORMED);
	assert_int_equal(routed_with(1, 0, 0), 0);
	assert_int_equal(routed_with(2, 0, 0), ERR_MALFORMED);
	assert_int_equal(routed_with(2, TARGET_NEAREST, 0), 0);
	assert_int_equal(routed_with(2, TARGET_NEAREST + 1, 0), ERR_MALFORMED);
	assert_int_equal(routed_with(3, 0xf0 | ROUTED_DETOURS_MAX, 0), 0);
	assert_int_equal(routed_with(3, ROUTED_DETOURS_MAX + 1, 0), ERR_MALFORMED);
	assert_int_equal(routed_with(0, 200, ROUTED_PAYLOAD_BYTES_MAX),
			 0); /* kinds are not judged */
	assert_int_equal(routed_with(0, 1, ROUTED_PAYLOAD_BYTES_MAX + 1), ERR_MALFORMED);
	assert_int_equal(routed_decode(span_of(bytes, sizeof(bytes)), &back), 0);
	assert_int_equal(routed_decode(span_of(bytes, sizeof(bytes) - 1), &back), ERR_MALFORMED);
}

static struct broadcast a_broadcast(size_t key_len)
{
	return (struct broadcast){ .kind = BROADCAST_FIND_NAME,
				   .hops = 3,
				   .route = 4,
				   .until = id_of(5),
				   .from = id_of(6),
				   .from_via = id_of(7),
				   .token = 0x0102030405060708,
				   .key = span_of(text, key_len) };
}

static void broadcast_has_its_bytes_and_reads_back(void **state)
{
	const struct broadcast broadcast = a_broadcast(6);
	uint8_t bytes[BYTES_MAX];
	struct writer w = writer_of(bytes, sizeof(bytes));
	struct broadcast back;

	(void)state;
	broadcast_encode(&broadcast, &w);
	assert_int_equal(w.len, 72 + 6);
	assert_memory_equal(bytes, ((const uint8_t[]){ 2, 3, 6, 4, 5 }), 5);
	assert_int_equal(bytes[24], 6);
	assert_int_equal(bytes[44], 7);
	assert_memory_equal(bytes + 64, ((const uint8_t[]){ 1, 2, 3, 4, 5, 6, 7, 8, 'a' }), 9);
	assert_int_equal(broadcast_decode(writer_span(&w), &back), 0);
	assert_true(id_equal(&back.until, &broadcast.until));
	assert_true(id_equal(&back.from, &broadcast.from));
	assert_true(id_equal(&back.from_via, &broadcast.from_via));
	assert_int_equal(back.route, 4);
	assert_true(back.token == broadcast.token);
	assert_true(span_equal(back.key, broadcast.key));
}

static int broadcast_with(size_t at, uint8_t value, size_t extra)
{
	const struct broadcast broadcast = a_broadcast(6);
	uint8_t bytes[BYTES_MAX] = { 0 };
	struct writer w = writer_of(bytes, sizeof(bytes));
	struct broadcast back;

	broadcast_encode(&broadcast, &w);
	bytes[at] = value;
	return broadcast_decode(span_of(bytes, w.len + extra), &back);
}

static void broadcast_keeps_its_limits(void **state)
{
	(void)state;
	assert_int_equal(broadcast_with(1, ROUTED_HOPS_MAX, 0), 0);
	assert_int_equal(broadcast_with(1, ROUTED_HOPS_MAX + 1, 0), ERR_MALFORMED);
	assert_int_equal(broadcast_with(2, 5, 0), ERR_MALFORMED); /* a byte behind the key */
	assert_int_equal(broadcast_with(2, 7, 0), ERR_MALFORMED); /* a key that ends early */
	assert_int_equal(broadcast_with(2, 7, 1), 0);
	assert_int_equal(broadcast_with(2, 0, 0), ERR_MALFORMED);
	assert_int_equal(broadcast_with(2, BROADCAST_KEY_BYTES_MAX, BROADCAST_KEY_BYTES_MAX - 6),
			 0);
	assert_int_equal(
		broadcast_with(2, BROADCAST_KEY_BYTES_MAX + 1, BROADCAST_KEY_BYTES_MAX - 5),
		ERR_MALFORMED);
	assert_int_equal(broadcast_with(3, ROUTED_ROUTES - 1, 0), 0);
	assert_int_equal(broadcast_with(3, ROUTED_ROUTES, 0), ERR_MALFORMED);
}

static void neighbours_read_back_within_their_limit(void **state)
{
	struct neighbours neighbours = { .count = NEIGHBOURS_MAX };
	uint8_t bytes[BYTES_MAX] = { 0 };
	struct writer w = writer_of(bytes, sizeof(bytes));
	struct neighbours back;

	(void)state;
	for (uint8_t i = 0; i < NEIGHBOURS_MAX; i++)
		neighbours.ids[i] = id_of((uint8_t)(i + 1));
	neighbours.asks = true;
	neighbours_encode(&neighbours, &w);
	assert_int_equal(w.len, 4 + NEIGHBOURS_MAX * ID_BYTES);
	assert_int_equal(neighbours_decode(writer_span(&w), &back), 0);
	assert_int_equal(back.count, NEIGHBOURS_MAX);
	assert_true(back.asks);
	assert_memory_equal(back.ids, neighbours.ids, sizeof(back.ids));
	assert_int_equal(neighbours_decode(span_of(bytes, w.len - 1), &back), ERR_MALFORMED);
	assert_int_equal(neighbours_decode(span_of(bytes, w.len + 1), &back), ERR_MALFORMED);
	bytes[0] = NEIGHBOURS_MAX + 1;
	assert_int_equal(neighbours_decode(span_of(bytes, w.len + ID_BYTES), &back), ERR_MALFORMED);
	bytes[0] = 0;
	assert_int_equal(neighbours_decode(span_of(bytes, 4), &back), 0);
	bytes[1] = 0;
	assert_int_equal(neighbours_decode(span_of(bytes, 4), &back), 0);
	assert_false(back.asks);
	bytes[1] = 2;
	assert_int_equal(neighbours_decode(span_of(bytes, 4), &back), ERR_MALFORMED);
	bytes[1] = 0;
	bytes[3] = 1;
	assert_int_equal(neighbours_decode(span_of(bytes, 4), &back), ERR_MALFORMED);
}

static struct candidates_message a_message(uint8_t candidates, uint8_t relays)
{
	struct candidates_message message = { .nat = NAT_STABLE,
					      .candidate_count = candidates,
					      .relay_count = relays };

	for (uint8_t i = 0; i < candidates && i < CANDIDATES_MAX; i++)
		message.candidates[i] = (struct candidate){
			.kind = CANDIDATE_SEEN,
			.endpoint = endpoint_v4((const uint8_t[]){ 192, 0, 2, i }, 4767)
		};
	for (uint8_t i = 0; i < relays && i < CANDIDATE_RELAYS_MAX; i++)
		message.relays[i] = id_of((uint8_t)(i + 1));
	return message;
}

static void candidates_read_back_within_their_limits(void **state)
{
	const struct candidates_message message = a_message(CANDIDATES_MAX, CANDIDATE_RELAYS_MAX);
	uint8_t bytes[BYTES_MAX] = { 0 };
	struct writer w = writer_of(bytes, sizeof(bytes));
	struct candidates_message back;

	(void)state;
	candidates_encode(&message, &w);
	assert_int_equal(w.len, 4 + 19 * CANDIDATES_MAX + ID_BYTES * CANDIDATE_RELAYS_MAX);
	assert_memory_equal(bytes, ((const uint8_t[]){ NAT_STABLE, 8, 6, 0, CANDIDATE_SEEN }), 5);
	assert_int_equal(candidates_decode(writer_span(&w), &back), 0);
	assert_memory_equal(back.relays, message.relays, sizeof(back.relays));
	for (size_t i = 0; i < CANDIDATES_MAX; i++)
		assert_true(endpoint_equal(&back.candidates[i].endpoint,
					   &message.candidates[i].endpoint));
	assert_int_equal(candidates_decode(span_of(bytes, w.len - 1), &back), ERR_MALFORMED);
	assert_int_equal(candidates_decode(span_of(bytes, w.len + 1), &back), ERR_MALFORMED);
	bytes[0] = NAT_CHANGING + 1;
	assert_int_equal(candidates_decode(writer_span(&w), &back), ERR_MALFORMED);
	bytes[0] = NAT_CHANGING;
	bytes[3] = 1;
	assert_int_equal(candidates_decode(writer_span(&w), &back), ERR_MALFORMED);
}

static void candidates_beyond_their_limits_are_refused(void **state)
{
	uint8_t bytes[BYTES_MAX] = { NAT_NONE, CANDIDATES_MAX + 1, 0, 0 };
	struct candidates_message back;

	(void)state;
	assert_int_equal(candidates_decode(span_of(bytes, 4 + 19 * (CANDIDATES_MAX + 1)), &back),
			 ERR_MALFORMED);
	bytes[1] = 0;
	bytes[2] = CANDIDATE_RELAYS_MAX + 1;
	assert_int_equal(
		candidates_decode(span_of(bytes, 4 + ID_BYTES * (CANDIDATE_RELAYS_MAX + 1)), &back),
		ERR_MALFORMED);
	bytes[2] = CANDIDATE_RELAYS_MAX;
	assert_int_equal(
		candidates_decode(span_of(bytes, 4 + ID_BYTES * CANDIDATE_RELAYS_MAX), &back), 0);
}

static void small_messages_read_back(void **state)
{
	const struct relay_message relay = { .peer = id_of(9),
					     .index = 0x01020304,
					     .is_needed = true };
	const struct found found = { .token = 0xfedcba9876543210 };
	const struct unreachable unreachable = { .sender = 0x05060708 };
	struct relay_message relay_back;
	struct found found_back;
	struct unreachable unreachable_back;
	uint8_t bytes[64] = { 0 };
	struct writer w = writer_of(bytes, sizeof(bytes));

	(void)state;
	relay_message_encode(&relay, &w);
	assert_int_equal(w.len, RELAY_MESSAGE_BYTES);
	assert_int_equal(relay_message_decode(writer_span(&w), &relay_back), 0);
	assert_true(id_equal(&relay_back.peer, &relay.peer));
	assert_int_equal(relay_back.index, relay.index);
	assert_true(relay_back.is_needed);
	assert_int_equal(relay_message_decode(span_of(bytes, 27), &relay_back), ERR_MALFORMED);
	assert_int_equal(relay_message_decode(span_of(bytes, 29), &relay_back), ERR_MALFORMED);
	for (size_t i = 24; i < RELAY_MESSAGE_BYTES; i++) { /* neither true nor false; zeros */
		bytes[i] = 2;
		assert_int_equal(relay_message_decode(writer_span(&w), &relay_back), ERR_MALFORMED);
		bytes[i] = 0;
	}
	assert_int_equal(relay_message_decode(writer_span(&w), &relay_back), 0);
	assert_false(relay_back.is_needed);

	w = writer_of(bytes, sizeof(bytes));
	found_encode(&found, &w);
	assert_int_equal(found_decode(writer_span(&w), &found_back), 0);
	assert_true(found_back.token == found.token);
	assert_int_equal(found_decode(span_of(bytes, 7), &found_back), ERR_MALFORMED);
	assert_int_equal(found_decode(span_of(bytes, 9), &found_back), ERR_MALFORMED);

	w = writer_of(bytes, sizeof(bytes));
	unreachable_encode(&unreachable, &w);
	assert_int_equal(w.len, 4);
	assert_int_equal(unreachable_decode(writer_span(&w), &unreachable_back), 0);
	assert_int_equal(unreachable_back.sender, unreachable.sender);
	assert_int_equal(unreachable_decode(span_of(bytes, 3), &unreachable_back), ERR_MALFORMED);
	assert_int_equal(unreachable_decode(span_of(bytes, 5), &unreachable_back), ERR_MALFORMED);
}

static int part_with(uint8_t which, uint8_t count, size_t piece)
{
	const struct part part = { .sequence = 0x0102,
				   .which = which,
				   .count = count,
				   .kind = FRAME_ROUTED,
				   .piece = span_of(text, piece) };
	uint8_t bytes[64];
	struct writer w = writer_of(bytes, sizeof(bytes));
	struct part back;

	part_encode(&part, &w);
	if (part_decode(writer_span(&w), &back) != 0)
		return ERR_MALFORMED;
	assert_int_equal(back.sequence, 0x0102);
	assert_int_equal(back.which, which);
	assert_int_equal(back.count, count);
	assert_int_equal(back.kind, FRAME_ROUTED);
	assert_true(span_equal(back.piece, part.piece));
	return 0;
}

static void part_keeps_its_limits(void **state)
{
	(void)state;
	assert_int_equal(part_with(0, 2, 6), 0);
	assert_int_equal(part_with(1, 2, 1), 0);
	assert_int_equal(part_with(2, 2, 1), ERR_MALFORMED);
	assert_int_equal(part_with(0, 1, 6), ERR_MALFORMED);
	assert_int_equal(part_with(3, PARTS_MAX, 6), 0);
	assert_int_equal(part_with(3, PARTS_MAX + 1, 6), ERR_MALFORMED);
	assert_int_equal(part_with(0, 2, 0), ERR_MALFORMED);
}

static void relay_header_reads_back(void **state)
{
	uint8_t bytes[RELAY_HEADER_BYTES + 3] = { 0 };
	struct span datagram;
	uint32_t index;

	(void)state;
	relay_header_encode(0x01020304, bytes);
	assert_int_equal(relay_header_decode(span_of(bytes, sizeof(bytes)), &index, &datagram), 0);
	assert_int_equal(index, 0x01020304);
	assert_ptr_equal(datagram.data, bytes + RELAY_HEADER_BYTES);
	assert_int_equal(datagram.len, 3);
	assert_int_equal(relay_header_decode(span_of(bytes, 7), &index, &datagram), ERR_MALFORMED);
	bytes[7] = 1;
	assert_int_equal(relay_header_decode(span_of(bytes, sizeof(bytes)), &index, &datagram),
			 ERR_MALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(routed_has_its_bytes_and_reads_back),
		cmocka_unit_test(routed_keeps_its_limits),
		cmocka_unit_test(broadcast_has_its_bytes_and_reads_back),
		cmocka_unit_test(broadcast_keeps_its_limits),
		cmocka_unit_test(neighbours_read_back_within_their_limit),
		cmocka_unit_test(candidates_read_back_within_their_limits),
		cmocka_unit_test(candidates_beyond_their_limits_are_refused),
		cmocka_unit_test(small_messages_read_back),
		cmocka_unit_test(part_keeps_its_limits),
		cmocka_unit_test(relay_header_reads_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
