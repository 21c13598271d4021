/* test_table.c - what was put in is found and nothing else, no address leads to two, and a key set
 * lives as long as the last table that names it. */
#include "base/err.h"
#include "crypto/aead_null.h"
#include "forward/seal.h"
#include "forward/table.h"
#include "tests/lib/cmocka.h"

static const uint8_t key[AEAD_KEY_BYTES];
static const struct suite null_suite = { .id = SUITE_AES_256_GCM, .packets = &aead_null };

static struct keyset *new_keyset(uint32_t local_index)
{
	const struct keyset_config config = { .local_index = local_index,
					      .send_key = key,
					      .receive_key = key,
					      .suite = &null_suite,
					      .stop = MONO_NEVER };
	struct keyset *keyset = NULL;

	assert_int_equal(keyset_new(&config, &keyset), 0);
	return keyset;
}

static struct forward_table *new_table(const struct table_config *config)
{
	struct forward_table *table = NULL;
	struct rng rng;

	rng_init_seed(&rng, 1);
	assert_int_equal(table_new(config, &rng, &table), 0);
	return table;
}

/* fd00::n */
static struct ip_address address(uint32_t n)
{
	struct ip_address a = { .bytes = { 0xfd } };

	for (size_t i = 0; i < sizeof(n); i++)
		a.bytes[IP_ADDRESS_BYTES - 1 - i] = (uint8_t)(n >> (8 * i));
	return a;
}

/* An entry without a path, for the addresses fd00::n and fd00::n+1. */
static struct table_entry entry_of(uint32_t n)
{
	return (struct table_entry){ .action = TABLE_QUEUE,
				     .link = n,
				     .addresses = { address(n), address(n + 1) },
				     .address_count = 2 };
}

static void destinations_are_found_and_no_others(void **state)
{
	struct forward_table *table = new_table(&(struct table_config){ .entries_max = 1000 });

	(void)state;
	for (uint32_t n = 0; n < 1000; n++) {
		const struct table_entry entry = entry_of(10 * n);
		uint32_t number = UINT32_MAX;

		assert_int_equal(table_add_entry(table, &entry, &number), 0);
		assert_int_equal(number, n);
	}
	for (uint32_t n = 0; n < 10000; n++) {
		const struct ip_address wanted = address(n);
		const struct table_entry *entry = table_find_destination(table, &wanted);

		if (n % 10 > 1) {
			assert_null(entry);
			continue;
		}
		assert_non_null(entry);
		assert_int_equal(entry->link, n - n % 10);
		assert_true(table_entry_has(entry, &wanted));
	}
	table_del(table);
}

static void tables_have_an_end(void **state)
{
	struct forward_table *table =
		new_table(&(struct table_config){ .entries_max = 2, .keysets_max = 2 });
	uint32_t number = 0;

	(void)state;
	for (uint32_t n = 0; n < 3; n++) {
		const struct table_entry entry = entry_of(10 * n);
		struct keyset *keyset = new_keyset(n);

		assert_int_equal(table_add_entry(table, &entry, &number), n < 2 ? 0 : ERR_FULL);
		assert_int_equal(table_add_receiver(table, keyset, 0), n < 2 ? 0 : ERR_FULL);
		keyset_unref(keyset);
	}
	table_del(table);
	table = new_table(&(struct table_config){ 0 });
	assert_null(table_find_destination(table, &entry_of(0).addresses[0]));
	table_del(table);
	table_del(NULL);
}

static void no_address_leads_to_two(void **state)
{
	const struct ip_address own = address(1);
	struct forward_table *table = new_table(
		&(struct table_config){ .entries_max = 9, .own = { own }, .own_count = 1 });
	struct table_entry entry = entry_of(10);
	uint32_t number = 4711;

	(void)state;
	assert_int_equal(table_add_entry(table, &entry, &number), 0);
	number = 4711;
	for (uint32_t n = 9; n <= 11; n++) { /* all but 9 and 12 are the other's */
		entry = entry_of(n);
		assert_int_equal(table_add_entry(table, &entry, &number), ERR_EXISTS);
	}
	for (uint32_t n = 0; n <= 1; n++) { /* 1 is ours */
		entry = entry_of(n);
		assert_int_equal(table_add_entry(table, &entry, &number), ERR_EXISTS);
	}
	for (uint32_t first = 0; first < 3; first++) /* one twice, in any two places */
		for (uint32_t second = first + 1; second < 4; second++) {
			entry = entry_of(20);
			entry.addresses[2] = address(22);
			entry.addresses[3] = address(23);
			entry.address_count = 4;
			entry.addresses[second] = entry.addresses[first];
			assert_int_equal(table_add_entry(table, &entry, &number), ERR_EXISTS);
		}
	assert_int_equal(number, 4711);
	assert_null(table_find_destination(table, &entry_of(9).addresses[0])); /* none half in */
	assert_null(table_find_destination(table, &entry_of(20).addresses[0]));
	assert_int_equal(table_find_destination(table, &entry_of(10).addresses[0])->link, 10);
	table_del(table);
}

static void an_entry_has_what_it_was_given_and_no_more(void **state)
{
	const struct ip_address unspecified = { { 0 } };
	struct table_entry entry = entry_of(10);
	struct forward_table *table =
		new_table(&(struct table_config){ .entries_max = 2, .keysets_max = 1 });
	uint32_t number;

	(void)state;
	assert_int_equal(table_add_entry(table, &entry, &number), 0);
	assert_null(table_find_destination(table, &unspecified));
	assert_false(table_is_own(table, &unspecified));
	assert_false(table_entry_has(&entry, &unspecified));
	assert_false(table_entry_has(&entry, &entry_of(11).addresses[1]));
	assert_true(table_entry_has(&entry, &entry_of(11).addresses[0]));

	entry = entry_of(20); /* as much as there can be */
	entry.addresses[2] = address(22);
	entry.addresses[3] = address(23);
	entry.address_count = TABLE_ENTRY_ADDRESSES_MAX;
	entry.mtu = KEYSET_PAYLOAD_BYTES_MAX;
	assert_int_equal(table_add_entry(table, &entry, &number), 0);
	for (uint32_t n = 20; n <= 23; n++)
		assert_int_equal(table_find_destination(table, &entry_of(n).addresses[0])->link,
				 20);
	table_del(table);
}

static void receivers_lead_to_entry_and_keys(void **state)
{
	struct forward_table *table =
		new_table(&(struct table_config){ .entries_max = 2, .keysets_max = 3 });
	struct keyset *keysets[2] = { new_keyset(0xdeadbeef), new_keyset(0) };
	struct table_entry entry = entry_of(10);
	struct keyset *found = NULL;
	uint32_t number;

	(void)state;
	entry.action = TABLE_SEND;
	entry.way.kind = WAY_DIRECT;
	entry.keyset = keysets[0];
	assert_int_equal(table_add_entry(table, &entry, &number), 0);
	assert_int_equal(table_add_receiver(table, keysets[0], number), 0);
	assert_int_equal(table_add_receiver(table, keysets[1], number), 0);
	assert_int_equal(table_add_receiver(table, keysets[1], number), ERR_EXISTS);
	assert_int_equal(table_find_receiver(table, 0xdeadbeef, &found)->link, 10);
	assert_ptr_equal(found, keysets[0]);
	assert_int_equal(table_find_receiver(table, 0, &found)->link, 10);
	assert_ptr_equal(found, keysets[1]);
	assert_null(table_find_receiver(table, 0xefbeadde, &found));
	assert_ptr_equal(found, keysets[1]);
	keyset_unref(keysets[0]);
	keyset_unref(keysets[1]);
	table_del(table);
}

/* A link, and behind it a peer; the peer's entry wraps for the link's. */
static void add_link_and_peer(struct forward_table *table, struct keyset *keyset)
{
	struct table_entry link = { .action = TABLE_SEND, .link = 1, .keyset = keyset };
	struct table_entry peer = entry_of(10);
	uint32_t number = 4711;

	link.way.kind = WAY_DIRECT;
	assert_int_equal(table_add_entry(table, &link, &number), 0);
	assert_int_equal(number, 0);
	peer.action = TABLE_WRAP;
	peer.keyset = keyset;
	peer.way = way_relay(1, 5);
	peer.mtu = SEAL_RELAYED_PAYLOAD_BYTES_MAX;
	assert_int_equal(table_add_entry(table, &peer, &number), 0);
	assert_int_equal(number, 1);
}

static void relays_are_found_by_their_index(void **state)
{
	struct forward_table *table = new_table(
		&(struct table_config){ .entries_max = 2, .keysets_max = 1, .relays_max = 3 });
	struct table_relay relay = { .index = 5, .from_link = 7, .to_index = 6 };
	struct keyset *keyset = new_keyset(0);
	const struct table_relay *found;

	(void)state;
	assert_int_equal(meter_new(1, 1, &relay.meter), 0);
	add_link_and_peer(table, keyset);
	assert_int_equal(table_add_relay(table, &relay), 0);
	assert_int_equal(table_add_relay(table, &relay), ERR_EXISTS);
	assert_int_equal(table_add_relay_end(table, 5, 8), ERR_EXISTS); /* nor on another link */
	assert_int_equal(table_add_relay_end(table, 0, 9), 0);
	relay.index = UINT32_MAX;
	assert_int_equal(table_add_relay(table, &relay), 0);
	assert_int_equal(table_add_relay_end(table, 1, 9), ERR_FULL);
	relay.index = 2;
	assert_int_equal(table_add_relay(table, &relay), ERR_FULL);

	meter_unref(relay.meter); /* the table has its own reference */
	keyset_unref(keyset);
	found = table_find_relay(table, 5);
	assert_non_null(found);
	assert_int_equal(found->from_link, 7);
	assert_int_equal(found->to_index, 6);
	assert_int_equal(table_entry_at(table, found->to_entry)->link, 1);
	assert_true(meter_take(found->meter, (struct mono){ 0 }, 1));
	found = table_find_relay(table, 0);
	assert_non_null(found);
	assert_int_equal(found->from_link, 9);
	assert_int_equal(found->to_entry, TABLE_NO_ENTRY);
	assert_null(found->meter);
	assert_null(table_find_relay(table, 6));
	assert_int_equal(table_entry_at(table, 1)->link, 10);
	table_del(table);
}

/* The old table may be in use while the new one is, and either may be the last. */
static void key_sets_outlive_every_table_that_names_them(void **state)
{
	const struct table_config config = { .entries_max = 1, .keysets_max = 1 };
	struct keyset *keyset = new_keyset(7);
	struct forward_table *tables[2];
	struct keyset *found = NULL;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct table_entry entry = entry_of(10);
		uint32_t number;

		entry.action = TABLE_SEND;
		entry.way.kind = WAY_DIRECT;
		entry.keyset = keyset;
		tables[i] = new_table(&config);
		assert_int_equal(table_add_entry(tables[i], &entry, &number), 0);
		assert_int_equal(table_add_receiver(tables[i], keyset, number), 0);
	}
	keyset_unref(keyset);
	table_del(tables[0]);
	assert_non_null(table_find_receiver(tables[1], 7, &found));
	assert_int_equal(keyset_local_index(found), 7);
	table_del(tables[1]);
}

static void own_addresses_and_the_clock_are_kept(void **state)
{
	struct table_config config = { .own_count = TABLE_OWN_MAX, .clock_offset_us = -5 };
	struct forward_table *table;
	struct ip_address other = address(TABLE_OWN_MAX);

	(void)state;
	for (uint32_t n = 0; n < TABLE_OWN_MAX; n++)
		config.own[n] = address(n);
	table = new_table(&config);
	for (uint32_t n = 0; n < TABLE_OWN_MAX; n++)
		assert_true(table_is_own(table, &config.own[n]));
	assert_false(table_is_own(table, &other));
	assert_int_equal(table_clock_offset_us(table), -5);
	table_del(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(destinations_are_found_and_no_others),
		cmocka_unit_test(tables_have_an_end),
		cmocka_unit_test(no_address_leads_to_two),
		cmocka_unit_test(an_entry_has_what_it_was_given_and_no_more),
		cmocka_unit_test(receivers_lead_to_entry_and_keys),
		cmocka_unit_test(relays_are_found_by_their_index),
		cmocka_unit_test(key_sets_outlive_every_table_that_names_them),
		cmocka_unit_test(own_addresses_and_the_clock_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
