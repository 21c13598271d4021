/* fuzz_forward_wire.c - a batch of datagrams from the network: noise, and whatever a member seals.
 *
 * The input is a script: bytes as they are; bytes as the inside of a datagram that is well sealed;
 * a good packet of which a few bytes were changed before it was sealed, or after. Oracles: what was
 * not sealed, or changed afterwards, is never delivered nor handed to the node as a frame; what is
 * delivered is from the member to us, and all of it inside the buffer; every packet gets one
 * verdict and is counted once.
 */
#include "base/check.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/members.h"
#include "tests/lib/packet.h"

#define PACKETS_MAX 16
#define BYTES_MAX 300

enum origin { NOISE, SEALED, DAMAGED };

struct trial {
	struct script script;
	struct packets packets;
	enum origin origins[PACKETS_MAX];
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

static void add(struct trial *trial, enum origin *origin)
{
	uint8_t bytes[FRAME_HEADER_BYTES + BYTES_MAX + 48];
	const unsigned choice = script_u8(&trial->script) % 4;
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

static bool is_from_a_to_b(const uint8_t *ip)
{
	if (ip[0] / 16 == 6)
		return memcmp(ip + 8, members_a6, 16) == 0 && memcmp(ip + 24, members_b6, 16) == 0;
	return memcmp(ip + 12, members_a4, 4) == 0 && memcmp(ip + 16, members_b4, 4) == 0;
}

static void judge(const struct trial *trial, size_t i)
{
	const struct forward_packet *packet = &trial->packets.batch.packets[i];
	const uint8_t *buffer = trial->packets.buffers[i];

	CHECK(packet->verdict == FORWARD_DELIVER || packet->verdict == FORWARD_FRAME ||
	      packet->verdict == FORWARD_HANDSHAKE || packet->verdict == FORWARD_DROP);
	CHECK(packet->data >= buffer && packet->len <= PACKETS_BUFFER_BYTES &&
	      packet->data + packet->len <= buffer + PACKETS_BUFFER_BYTES);
	if (packet->verdict == FORWARD_DELIVER || packet->verdict == FORWARD_FRAME)
		CHECK(trial->origins[i] == SEALED);
	if (packet->verdict == FORWARD_DELIVER)
		CHECK(packet->len >= 20 && is_from_a_to_b(packet->data));
	if (packet->verdict == FORWARD_FRAME)
		CHECK(packet->frame_kind >= FRAME_EMPTY && packet->frame_kind <= FRAME_RELAY_END);
}

static uint64_t counted(const struct forward_counters *c)
{
	return c->delivered + c->frames + c->handshakes + c->drop_malformed +
	       c->drop_unknown_index + c->drop_replay + c->drop_forged + c->drop_expired +
	       c->drop_kind + c->drop_source + c->drop_destination + c->drop_not_admitted +
	       c->drop_snapshot;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct trial trial;
	struct members *m = members_again();
	struct forward_batch *batch = &trial.packets.batch;

	trial.script = script_of(data, size);
	trial.counter = (uint64_t)script_u8(&trial.script) << (script_u8(&trial.script) % 40);
	batch->count = 0;
	batch->pending = 0;
	while (trial.script.left > 0 && batch->count < PACKETS_MAX)
		add(&trial, &trial.origins[batch->count]);
	do {
		const size_t pending = batch->pending;

		(void)member_from_wire(&m->b, members_start, &trial.packets);
		CHECK(pending == 0 || batch->pending < pending);
	} while (batch->pending > 0);
	for (size_t i = 0; i < batch->count; i++)
		judge(&trial, i);
	CHECK(counted(&m->b.thread.counters) == batch->count);
	return 0;
}
