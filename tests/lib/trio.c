/* trio.c - see trio.h. */
#include "tests/lib/trio.h"

#include "base/check.h"

#include <stdlib.h>

#define A_ENTRY 0 /* in r's table */
#define B_ENTRY 1

static struct keyset *new_link_keyset(const struct keyset_config *like, uint32_t local,
				      uint32_t remote)
{
	/* One key each way, by whose index it leads to. */
	const uint8_t send_key[AEAD_KEY_BYTES] = { 9, (uint8_t)remote };
	const uint8_t receive_key[AEAD_KEY_BYTES] = { 9, (uint8_t)local };
	struct keyset_config config = *like;
	struct keyset *keyset = NULL;

	config.local_index = local;
	config.remote_index = remote;
	config.send_key = send_key;
	config.receive_key = receive_key;
	if (config.suite == NULL)
		config.suite = suite_find(suites_all, SUITE_AES_256_GCM);
	if (config.stop.us == 0)
		config.stop = MONO_NEVER;
	CHECK(keyset_new(&config, &keyset) == 0);
	return keyset;
}

static struct endpoint underlay(uint8_t host)
{
	return endpoint_v4((const uint8_t[]){ 192, 0, 2, host }, 1000);
}

struct way trio_way_at_r(bool to_a)
{
	const struct endpoint r = underlay(9);
	const struct endpoint other = underlay(to_a ? 1 : 2);

	return way_direct(&r, &other);
}

struct way trio_way_to_r(bool at_a)
{
	const struct endpoint r = underlay(9);
	const struct endpoint own = underlay(at_a ? 1 : 2);

	return way_direct(&own, &r);
}

/* What a and b have: the link to r, and behind it each other. */
static void publish_end(struct trio *trio, bool is_a)
{
	struct member *member = is_a ? &trio->members->a : &trio->members->b;
	const struct table_entry to_r = { .action = TABLE_SEND,
					  .link = TRIO_R_LINK,
					  .keyset = is_a ? trio->ar : trio->br,
					  .way = trio_way_to_r(is_a),
					  .mtu = FORWARD_MTU };
	struct table_entry *peer = &member->entry;
	uint32_t entry;

	member->config.entries_max = 2;
	member->config.keysets_max = 2;
	member->config.relays_max = 1;
	table_del(member->table);
	CHECK(table_new(&member->config, &member->rng, &member->table) == 0);
	CHECK(table_add_entry(member->table, &to_r, &peer->relay_entry) == 0);
	CHECK(table_add_receiver(member->table, to_r.keyset, peer->relay_entry) == 0);
	CHECK(table_add_entry(member->table, peer, &entry) == 0);
	CHECK(table_add_receiver(member->table, member->keyset, entry) == 0);
	CHECK(table_add_relay_end(member->table, is_a ? TRIO_AT_A : TRIO_AT_B, TRIO_R_LINK) == 0);
}

static void publish_relay(struct trio *trio)
{
	static const uint32_t links[2] = { MEMBERS_A_LINK, MEMBERS_B_LINK };
	static const uint32_t indices[2] = { TRIO_TO_B, TRIO_TO_A };
	static const uint32_t to_indices[2] = { TRIO_AT_B, TRIO_AT_A };
	struct keyset *const keysets[2] = { trio->ra, trio->rb };
	struct member *r = &trio->r;
	uint32_t entries[2];

	table_del(r->table);
	CHECK(table_new(&r->config, &r->rng, &r->table) == 0);
	for (size_t i = 0; i < 2; i++) {
		const struct table_entry entry = { .action = TABLE_SEND,
						   .link = links[i],
						   .keyset = keysets[i],
						   .way = trio_way_at_r(i == A_ENTRY),
						   .mtu = FORWARD_MTU };

		CHECK(table_add_entry(r->table, &entry, &entries[i]) == 0);
		CHECK(table_add_receiver(r->table, keysets[i], entries[i]) == 0);
	}
	for (size_t i = 0; i < 2; i++) {
		const struct table_relay relay = { .index = indices[i],
						   .from_link = links[i],
						   .to_entry = entries[1 - i],
						   .to_index = to_indices[i],
						   .meter = trio->meters[i] };

		CHECK(table_add_relay(r->table, &relay) == 0);
	}
}

void trio_publish(struct trio *trio)
{
	publish_end(trio, true);
	publish_end(trio, false);
	publish_relay(trio);
}

static void init_end(struct member *member, bool is_a)
{
	member->entry.action = TABLE_WRAP;
	member->entry.way = way_relay(TRIO_R_LINK, is_a ? TRIO_AT_A : TRIO_AT_B);
	member->entry.relay_index = is_a ? TRIO_TO_B : TRIO_TO_A;
}

struct trio *trio_new(const struct keyset_config *like)
{
	static const struct keyset_config whole;
	struct trio *trio = calloc(1, sizeof(*trio));

	CHECK(trio != NULL);
	trio->members = members_new(&whole);
	init_end(&trio->members->a, true);
	init_end(&trio->members->b, false);
	trio->ar = new_link_keyset(like, TRIO_AR_INDEX, TRIO_RA_INDEX);
	trio->ra = new_link_keyset(like, TRIO_RA_INDEX, TRIO_AR_INDEX);
	trio->br = new_link_keyset(like, TRIO_BR_INDEX, TRIO_RB_INDEX);
	trio->rb = new_link_keyset(like, TRIO_RB_INDEX, TRIO_BR_INDEX);
	for (size_t i = 0; i < 2; i++)
		CHECK(meter_new(TRIO_RATE, TRIO_BURST, &trio->meters[i]) == 0);
	rng_init_seed(&trio->r.rng, 3);
	CHECK(egress_new(&trio->r.rng, MEMBERS_SLOTS, &trio->r.egress) == 0);
	forward_thread_init(&trio->r.thread, trio->r.egress);
	trio->r.config = (struct table_config){ .entries_max = 2,
						.keysets_max = 2,
						.relays_max = 2,
						.clock_offset_us = now_offset_us(members_start) };
	trio_publish(trio);
	return trio;
}

void trio_del(struct trio *trio)
{
	members_del(trio->members);
	table_del(trio->r.table);
	egress_del(trio->r.egress);
	keyset_unref(trio->ar);
	keyset_unref(trio->ra);
	keyset_unref(trio->br);
	keyset_unref(trio->rb);
	meter_unref(trio->meters[0]);
	meter_unref(trio->meters[1]);
	free(trio);
}

void trio_carry(struct packets *packets, struct egress *from, const struct way *came)
{
	struct egress_datagram *sent;

	packets->batch.count = 0;
	while ((sent = egress_next(from, members_start.mono)) != NULL) {
		struct forward_packet *packet =
			packets_add_datagram(packets, span_of(sent->data, sent->len));

		packet->way = *came;
		packet->ecn = sent->ecn;
		egress_done(from, sent);
	}
}

static struct forward_packet *add(struct packets *packets, struct keyset *keyset, uint32_t index,
				  struct span datagram)
{
	struct forward_packet *packet = packets_add(packets);

	packet->len = datagram.len + SEAL_RELAY_OVERHEAD;
	CHECK(seal_relayed(keyset, members_start.mono, index, datagram, packet->data) == 0);
	return packet;
}

struct forward_packet *trio_add_relayed(struct packets *packets, struct trio *trio, uint32_t index,
					struct span datagram)
{
	struct forward_packet *packet = add(packets, trio->ar, index, datagram);

	packet->way = trio_way_at_r(true);
	return packet;
}

struct forward_packet *trio_add_passed_on(struct packets *packets, struct trio *trio,
					  uint32_t index, struct span datagram)
{
	struct forward_packet *packet = add(packets, trio->rb, index, datagram);

	packet->way = trio_way_to_r(false);
	return packet;
}
