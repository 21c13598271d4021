/* members.c - see members.h. */
#include "tests/lib/members.h"

#include "base/check.h"
#include "tests/lib/packet.h"

#include <stdlib.h>

const uint8_t members_a4[4] = { 10, 128, 0, 1 };
const uint8_t members_b4[4] = { 10, 128, 0, 2 };
const uint8_t members_c4[4] = { 10, 128, 0, 3 };
const uint8_t members_a6[16] = { 0xfd, 1, 2, 3, 4, 5, [15] = 1 };
const uint8_t members_b6[16] = { 0xfd, 1, 2, 3, 4, 5, [15] = 2 };
const uint8_t members_c6[16] = { 0xfd, 1, 2, 3, 4, 5, [15] = 3 };
const struct now members_start = { .mono = { .us = 1000000 }, .wall = { .us = 77000000 } };

/* a's to send with, b's to send with. */
static const uint8_t keys[2][AEAD_KEY_BYTES] = { { 1, 2, 3 }, { 4, 5, 6 } };

/* The direct way between them, as that one sees it. */
static struct way direct_way(bool is_a)
{
	const struct endpoint a = endpoint_v4((const uint8_t[]){ 192, 0, 2, 1 }, 1000);
	const struct endpoint b = endpoint_v4((const uint8_t[]){ 192, 0, 2, 2 }, 1000);

	return is_a ? way_direct(&a, &b) : way_direct(&b, &a);
}

struct now members_later_ms(uint64_t ms)
{
	struct now now = members_start;

	now.mono = mono_add_ms(now.mono, ms);
	now.wall.us += (int64_t)(ms * 1000);
	return now;
}

void member_publish(struct member *member)
{
	uint32_t entry;

	table_del(member->table);
	CHECK(table_new(&member->config, &member->rng, &member->table) == 0);
	CHECK(table_add_entry(member->table, &member->entry, &entry) == 0);
	CHECK(table_add_receiver(member->table, member->keyset, entry) == 0);
}

static struct keyset *new_keyset(const struct keyset_config *like, bool is_a)
{
	struct keyset_config config = *like;
	struct keyset *keyset = NULL;

	config.local_index = is_a ? MEMBERS_A_INDEX : MEMBERS_B_INDEX;
	config.remote_index = is_a ? MEMBERS_B_INDEX : MEMBERS_A_INDEX;
	config.send_key = keys[is_a ? 0 : 1];
	config.receive_key = keys[is_a ? 1 : 0];
	if (config.suite == NULL)
		config.suite = suite_find(suites_all, SUITE_AES_256_GCM);
	if (config.stop.us == 0)
		config.stop = MONO_NEVER;
	CHECK(keyset_new(&config, &keyset) == 0);
	return keyset;
}

static void init_member(struct member *member, const struct keyset_config *like, bool is_a)
{
	rng_init_seed(&member->rng, is_a ? 1 : 2);
	member->keyset = new_keyset(like, is_a);
	if (member->egress == NULL)
		CHECK(egress_new(&member->rng, MEMBERS_SLOTS, &member->egress) == 0);
	CHECK(egress_room(member->egress) == MEMBERS_SLOTS);
	forward_thread_init(&member->thread, member->egress);
	member->config = (struct table_config){
		.entries_max = 1,
		.keysets_max = 1,
		.own = { ip_v4(is_a ? members_a4 : members_b4),
			 ip_v6(is_a ? members_a6 : members_b6) },
		.own_count = 2,
		.clock_offset_us = now_offset_us(members_start),
	};
	member->entry = (struct table_entry){
		.action = TABLE_SEND,
		.link = is_a ? MEMBERS_B_LINK : MEMBERS_A_LINK,
		.keyset = member->keyset,
		.way = direct_way(is_a),
		.mtu = FORWARD_MTU,
		.admits_ip = true,
		.addresses = { ip_v4(is_a ? members_b4 : members_a4),
			       ip_v6(is_a ? members_b6 : members_a6) },
		.address_count = 2,
	};
	member_publish(member);
}

struct members *members_new(const struct keyset_config *like)
{
	struct members *members = calloc(1, sizeof(*members));

	CHECK(members != NULL);
	init_member(&members->a, like, true);
	init_member(&members->b, like, false);
	return members;
}

/* What a member has beside its egress. */
static void clear_member(struct member *member)
{
	table_del(member->table);
	member->table = NULL;
	keyset_unref(member->keyset);
}

void members_del(struct members *members)
{
	clear_member(&members->a);
	clear_member(&members->b);
	egress_del(members->a.egress);
	egress_del(members->b.egress);
	free(members);
}

/* An egress is large, and as good as new when it is empty: it stays. */
struct members *members_again(void)
{
	static const struct keyset_config like;
	static struct members *members;

	if (members == NULL)
		return members = members_new(&like);
	clear_member(&members->a);
	clear_member(&members->b);
	init_member(&members->a, &like, true);
	init_member(&members->b, &like, false);
	return members;
}

size_t member_from_tun(struct member *member, struct now now, struct packets *packets)
{
	return forward_from_tun(&member->thread, member->table, now, &packets->batch);
}

size_t member_from_wire(struct member *member, struct now now, struct packets *packets)
{
	return forward_from_wire(&member->thread, member->table, now, &packets->batch);
}

struct forward_packet *packets_add(struct packets *packets)
{
	const size_t i = packets->batch.count++;

	CHECK(i < FORWARD_BATCH_MAX);
	packets->batch.packets[i] = (struct forward_packet){ .data = packets->buffers[i] };
	return &packets->batch.packets[i];
}

struct forward_packet *packets_add_v4(struct packets *packets, size_t len, const uint8_t source[4],
				      const uint8_t destination[4])
{
	struct forward_packet *packet = packets_add(packets);

	packet->len = packet_v4(packet->data, len, source, destination);
	return packet;
}

struct forward_packet *packets_add_v6(struct packets *packets, size_t len, const uint8_t source[16],
				      const uint8_t destination[16])
{
	struct forward_packet *packet = packets_add(packets);

	packet->len = packet_v6(packet->data, len, source, destination);
	return packet;
}

struct forward_packet *packets_add_datagram(struct packets *packets, struct span bytes)
{
	struct forward_packet *packet = packets_add(packets);

	CHECK(bytes.len <= PACKETS_BUFFER_BYTES);
	if (bytes.len > 0)
		memcpy(packet->data, bytes.data, bytes.len);
	packet->len = bytes.len;
	packet->way = direct_way(false);
	return packet;
}

struct forward_packet *packets_add_frame(struct packets *packets, struct members *members,
					 const struct frame_header *frame, struct span payload)
{
	struct forward_packet *packet = packets_add_datagram(packets, span_of(NULL, 0));

	CHECK(keyset_seal(members->a.keyset, members_start.mono, frame, payload, packet->data) ==
	      0);
	packet->len = payload.len + KEYSET_OVERHEAD;
	return packet;
}

struct forward_packet *packets_add_ip(struct packets *packets, struct members *members,
				      struct span payload)
{
	return packets_add_frame(packets, members, &(struct frame_header){ .kind = FRAME_IP },
				 payload);
}

struct forward_packet *packets_add_sealed(struct packets *packets, uint64_t counter,
					  struct span plain)
{
	const struct datagram_header header = { .receiver = MEMBERS_B_INDEX, .counter = counter };
	struct forward_packet *packet = packets_add_datagram(packets, span_of(NULL, 0));
	uint8_t nonce[AEAD_NONCE_BYTES];
	struct aead aead = { 0 };

	packet->len = DATAGRAM_HEADER_BYTES + plain.len + AEAD_TAG_BYTES;
	CHECK(packet->len <= PACKETS_BUFFER_BYTES);
	CHECK(aead_init(&aead, &aead_aes_256_gcm, keys[0]) == 0);
	datagram_header_encode(&header, packet->data);
	aead_counter_nonce(counter, nonce);
	CHECK(aead_seal(&aead, nonce, span_of(packet->data, DATAGRAM_HEADER_BYTES), plain,
			packet->data + DATAGRAM_HEADER_BYTES) == 0);
	aead_free(&aead);
	return packet;
}

void packets_carry(struct packets *packets, struct members *members)
{
	struct egress_datagram *sent;

	packets->batch.count = 0;
	while ((sent = egress_next(members->a.egress, members_start.mono)) != NULL) {
		packets_add_datagram(packets, span_of(sent->data, sent->len))->ecn = sent->ecn;
		egress_done(members->a.egress, sent);
	}
}
