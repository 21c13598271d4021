/* fuzz_forward_wire.c - a batch of datagrams from the network: noise, and whatever a member seals.
 *
 * The input is a script: bytes as they are; bytes as the inside of a datagram that is well sealed;
 * a good packet of which a few bytes were changed before it was sealed, or after; any of these in
 * a relay frame, or in two, one in the other, for us, to be passed on, or with an index that nobody
 * has. Oracles: what was not sealed, or changed afterwards, is never delivered nor handed to the
 * node as a frame; what is delivered is from the member to us, and all of it inside the buffer;
 * only what is in one relay frame, for us, comes by a relay; what is passed on opens at the other
 * end, under that one's index, and is no more than the meter has; every packet gets one verdict and
 * is counted once.
 */
#include "base/check.h"
#include "forward/seal.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/members.h"
#include "tests/lib/packet.h"

#define PACKETS_MAX 16
#define BYTES_MAX 300

#define PASSED_ON_MAX 2000 /* bytes, in all */

enum origin { NOISE, SEALED, DAMAGED };

/* The indices of relay frames. */
enum { FOR_US, TO_PASS_ON, FOR_NOBODY, PASSED_ON };

struct trial {
	struct script script;
	struct packets packets;
	enum origin origins[PACKETS_MAX];
	unsigned wraps[PACKETS_MAX];   /* relay frames that are around it */
	uint32_t indices[PACKETS_MAX]; /* and what is on them */
	uint64_t counter;
};

/* Up to BYTES_MAX bytes of the script. */
static struct span take_bytes(struct trial *trial, uint8_t *bytes)
{
	size_t len = script_u8(&trial->script);

	if (len == UINT8_MAX)
		len += script_u8(&trial->script) % (BYTES_MAX - UINT8_MAX);
	for (size_t i = 0; i < len; i++)
		bytes[i] = script_u8(&trial->script);
	return span_of(bytes, len);
}

/* Changes a few bytes, to any value. */
static void change(struct trial *trial, uint8_t *bytes, size_t len)
{
	for (unsigned count = script_u8(&trial->script) % 8; count > 0; count--) {
		const size_t at = script_u8(&trial->script);

		bytes[at % len] = script_u8(&trial->script);
	}
}

/* A frame of kind ip with a packet from a to b, nearly. */
static struct span make_frame(struct trial *trial, uint8_t *bytes)
{
	const bool v6 = script_u8(&trial->script) % 2 == 1;
	const size_t room = (size_t)48 + script_u8(&trial->script);
	const size_t len = v6 ? packet_v6(bytes + FRAME_HEADER_BYTES, room, members_a6, members_b6)
			      : packet_v4(bytes + FRAME_HEADER_BYTES, room, members_a4, members_b4);

	frame_header_encode(
		&(struct frame_header){ .kind = FRAME_IP, .payload_len = (uint16_t)len }, bytes);
	change(trial, bytes, FRAME_HEADER_BYTES + len);
	return span_of(bytes, FRAME_HEADER_BYTES + len);
}

/* Seals the newest packet of the batch into a relay frame. */
static void wrap(struct trial *trial, uint32_t index)
{
	uint8_t plain[FRAME_HEADER_BYTES + RELAY_HEADER_BYTES + PACKETS_BUFFER_BYTES];
	const struct forward_packet *packet =
		&trial->packets.batch.packets[--trial->packets.batch.count];
	const size_t len = RELAY_HEADER_BYTES + packet->len;
	const struct frame_header frame = { .kind = FRAME_RELAY, .payload_len = (uint16_t)len };

	frame_header_encode(&frame, plain);
	relay_header_encode(index, plain + FRAME_HEADER_BYTES);
	memcpy(plain + FRAME_HEADER_BYTES + RELAY_HEADER_BYTES, packet->data, packet->len);
	(void)packets_add_sealed(&trial->packets, trial->counter++,
				 span_of(plain, FRAME_HEADER_BYTES + len));
}

static void add_one(struct trial *trial, enum origin *origin, unsigned choice)
{
	uint8_t bytes[FRAME_HEADER_BYTES + BYTES_MAX + 48];
	struct forward_packet *packet;
	uint8_t before[PACKETS_BUFFER_BYTES];

	*origin = SEALED;
	if (choice == 0) {
		*origin = NOISE;
		(void)packets_add_datagram(&trial->packets, take_bytes(trial, bytes));
		return;
	}
	packet = packets_add_sealed(&trial->packets, trial->counter,
				    choice == 1 ? take_bytes(trial, bytes)
						: make_frame(trial, bytes));
	trial->counter += script_u8(&trial->script); /* 0: the same again */
	if (choice == 3) {
		memcpy(before, packet->data, packet->len);
		change(trial, packet->data, packet->len);
		if (memcmp(before, packet->data, packet->len) != 0)
			*origin = DAMAGED;
	}
}

/* The choice's higher bits say what is around it. */
static void add(struct trial *trial)
{
	const size_t i = trial->packets.batch.count;
	const unsigned choice = script_u8(&trial->script);

	trial->wraps[i] = choice / 4 % 3;
	trial->indices[i] = choice / 12 % PASSED_ON;
	add_one(trial, &trial->origins[i], choice % 4);
	for (unsigned n = 0; n < trial->wraps[i]; n++)
		wrap(trial, trial->indices[i]);
}

static bool is_from_a_to_b(const uint8_t *ip)
{
	if (ip[0] / 16 == 6)
		return memcmp(ip + 8, members_a6, 16) == 0 && memcmp(ip + 24, members_b6, 16) == 0;
	return memcmp(ip + 12, members_a4, 4) == 0 && memcmp(ip + 16, members_b4, 4) == 0;
}

/* Who could have made it come to this: what is around it, and who sealed it. */
static void judge_origin(const struct trial *trial, size_t i)
{
	const struct forward_packet *packet = &trial->packets.batch.packets[i];
	const bool is_relayed = trial->wraps[i] == 1 && trial->indices[i] == FOR_US;

	switch (packet->verdict) {
	case FORWARD_JOIN:
	case FORWARD_DELIVER:
	case FORWARD_FRAME:
		CHECK(trial->origins[i] == SEALED && (trial->wraps[i] == 0 || is_relayed));
		CHECK(packet->way.kind == (is_relayed ? WAY_RELAY : WAY_DIRECT));
		return;
	case FORWARD_HANDSHAKE:
		CHECK(trial->wraps[i] == 0);
		return;
	case FORWARD_SENT: /* also what the script itself has sealed as a relay frame */
		CHECK(trial->wraps[i] == 0 ? trial->origins[i] == SEALED
					   : trial->indices[i] == TO_PASS_ON);
		return;
	case FORWARD_DROP:
		return;
	case FORWARD_PENDING:
	case FORWARD_NO_ENTRY:
	case FORWARD_TOO_BIG:
		UNREACHABLE();
	}
}

static void judge(const struct trial *trial, size_t i)
{
	const struct forward_packet *packet = &trial->packets.batch.packets[i];
	const uint8_t *buffer = trial->packets.buffers[i];

	judge_origin(trial, i);
	CHECK(packet->data >= buffer && packet->len <= PACKETS_BUFFER_BYTES &&
	      packet->data + packet->len <= buffer + PACKETS_BUFFER_BYTES);
	if (packet->verdict == FORWARD_DELIVER)
		CHECK(packet->len >= 20 && is_from_a_to_b(packet->data));
	if (packet->verdict == FORWARD_FRAME)
		CHECK(packet->frame_kind >= FRAME_EMPTY && packet->frame_kind <= FRAME_CLOCK);
}

static uint64_t counted(const struct forward_counters *c)
{
	return c->delivered + c->frames + c->handshakes + c->drop_malformed +
	       c->drop_unknown_index + c->drop_replay + c->drop_forged + c->drop_expired +
	       c->drop_kind + c->drop_source + c->drop_destination + c->drop_not_admitted +
	       c->drop_snapshot + c->relayed + c->drop_relay_nested + c->drop_relay_unknown +
	       c->drop_relay_rate;
}

/* b relays for a, if to nobody else than a. */
static void publish(struct member *b)
{
	struct table_relay relay = { .index = TO_PASS_ON,
				     .from_link = MEMBERS_A_LINK,
				     .to_index = PASSED_ON };

	CHECK(meter_new(1, PASSED_ON_MAX, &relay.meter) == 0);
	b->config.relays_max = 2;
	member_publish(b);
	CHECK(table_add_relay(b->table, &relay) == 0);
	CHECK(table_add_relay_end(b->table, FOR_US, MEMBERS_A_LINK) == 0);
	meter_unref(relay.meter);
}

/* What b passed on, as a finds it. */
static void judge_passed_on(struct members *m)
{
	struct egress_datagram *sent;
	uint64_t count = 0;
	size_t bytes = 0;

	while ((sent = egress_next(m->b.egress, members_start.mono)) != NULL) {
		struct keyset_opened opened;
		struct span datagram;
		uint32_t index;

		CHECK(keyset_open(m->a.keyset, members_start.mono, sent->data, sent->len,
				  &opened) == 0);
		CHECK(opened.frame.kind == FRAME_RELAY);
		CHECK(relay_header_decode(span_of(opened.payload, opened.frame.payload_len), &index,
					  &datagram) == 0);
		CHECK(index == PASSED_ON);
		bytes += datagram.len;
		count++;
		egress_done(m->b.egress, sent);
	}
	CHECK(count == m->b.thread.counters.relayed && bytes <= PASSED_ON_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct trial trial;
	struct members *m = members_again();
	struct forward_batch *batch = &trial.packets.batch;

	trial.script = script_of(data, size);
	trial.counter = (uint64_t)script_u8(&trial.script) << (script_u8(&trial.script) % 40);
	publish(&m->b);
	batch->count = 0;
	batch->pending = 0;
	while (trial.script.left > 0 && batch->count < PACKETS_MAX)
		add(&trial);
	for (size_t left = batch->count + 1; left > 0; left = batch->pending) {
		(void)member_from_wire(&m->b, members_start, &trial.packets);
		CHECK(batch->pending < left);
	}
	for (size_t i = 0; i < batch->count; i++)
		judge(&trial, i);
	judge_passed_on(m);
	CHECK(counted(&m->b.thread.counters) == batch->count);
	return 0;
}
