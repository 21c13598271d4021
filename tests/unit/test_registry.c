/* test_registry.c - one holder of a name, an address and an id; and a registry that is not whole is
 * none. */
#include "base/err.h"
#include "group/registry.h"
#include "tests/lib/cmocka.h"

#include <stdio.h>
#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NOT_AFTER_S 1826837940 /* 2027-11-21T22:59:00Z */
#define TEXT_MAX 4096

static const struct id network = { { 1, 2, 3 } };
static const struct prefix prefix = { { 10, 151, 0, 0 }, 16 };

static struct wall at_s(int64_t s)
{
	return wall_from_s(s);
}

/* An entry of key `n`, called hN, 10.151.0.N. */
static struct registry_entry entry_of(uint8_t n)
{
	struct registry_entry entry = { .has_ipv4 = true,
					.ipv4 = { 10, 151, 0, n },
					.id = { { n } },
					.spki_hash = { n },
					.salt = { n },
					.serial = { n, 7 },
					.serial_len = 2,
					.not_after = { .us = (int64_t)NOT_AFTER_S * 1000000 } };

	assert_true(snprintf(entry.name, sizeof(entry.name), "h%u", n) > 0);
	return entry;
}

static struct registry registry_with(uint8_t count)
{
	struct registry registry;

	registry_init(&registry, &network);
	for (uint8_t n = 1; n <= count; n++) {
		const struct registry_entry entry = entry_of(n);

		assert_int_equal(registry_put(&registry, &entry, at_s(0)), 0);
	}
	return registry;
}

static struct span text_of(const struct registry *registry, uint8_t buffer[TEXT_MAX])
{
	struct writer w = writer_of(buffer, TEXT_MAX);

	registry_to_text(registry, &w);
	assert_true(writer_ok(&w));
	assert_true(w.len <= registry_text_bytes(registry));
	return writer_span(&w);
}

/* Asks for `entry` in a registry with h1 and h2 and wants this refusal, because of key `holder`. */
static void expect(const struct registry_entry *entry, int64_t now_s, enum registry_refusal want,
		   uint8_t holder)
{
	struct registry registry = registry_with(2);
	const struct registry_entry *in_the_way;

	assert_int_equal(registry_judge(&registry, entry, at_s(now_s), &in_the_way), want);
	if (holder == 0)
		assert_null(in_the_way);
	else
		assert_int_equal(in_the_way->spki_hash[0], holder);
	assert_int_equal(registry_put(&registry, entry, at_s(now_s)),
			 want == REGISTRY_FINE ? 0 : ERR_EXISTS);
	if (want != REGISTRY_FINE)
		assert_int_equal(registry.count, 2);
	registry_free(&registry);
}

static void a_third_member_is_fine(void **state)
{
	const struct registry_entry entry = entry_of(3);

	(void)state;
	expect(&entry, 0, REGISTRY_FINE, 0);
}

static void nobody_gets_a_name_that_is_held(void **state)
{
	struct registry_entry entry = entry_of(3);

	(void)state;
	memcpy(entry.name, "h2", 3);
	expect(&entry, 0, REGISTRY_NAME_TAKEN, 2);
	expect(&entry, NOT_AFTER_S + CERTIFICATE_SKEW_S, REGISTRY_NAME_TAKEN, 2);
	expect(&entry, NOT_AFTER_S + CERTIFICATE_SKEW_S + 1, REGISTRY_FINE, 0);
}

static void nobody_gets_an_address_that_is_held(void **state)
{
	struct registry_entry entry = entry_of(3);

	(void)state;
	entry.ipv4[3] = 1;
	expect(&entry, 0, REGISTRY_IPV4_TAKEN, 1);
	expect(&entry, NOT_AFTER_S + CERTIFICATE_SKEW_S, REGISTRY_IPV4_TAKEN, 1);
	expect(&entry, NOT_AFTER_S + CERTIFICATE_SKEW_S + 1, REGISTRY_FINE, 0);
	entry.has_ipv4 = false;
	expect(&entry, 0, REGISTRY_FINE, 0);
}

static void nobody_gets_80_bits_of_an_id_ever(void **state)
{
	struct registry_entry entry = entry_of(3);

	(void)state;
	entry.id = (struct id){ { 2, [ID_PREFIX_BYTES] = 9 } };
	expect(&entry, 0, REGISTRY_ID_TAKEN, 2);
	expect(&entry, NOT_AFTER_S + 1000000, REGISTRY_ID_TAKEN, 2);
	entry.id = (struct id){ { 2, [ID_PREFIX_BYTES - 1] = 9 } };
	expect(&entry, 0, REGISTRY_FINE, 0);
}

static void a_key_that_asks_again_is_renewed(void **state)
{
	struct registry registry = registry_with(2);
	struct registry_entry entry = entry_of(1);
	const struct registry_entry *found;

	(void)state;
	entry.serial[0] = 99;
	entry.not_after = at_s(NOT_AFTER_S + 1);
	assert_int_equal(registry_put(&registry, &entry, at_s(NOT_AFTER_S)), 0);
	assert_int_equal(registry.count, 2);
	found = registry_find_key(&registry, entry.spki_hash);
	assert_ptr_equal(found, &registry.entries[0]);
	assert_int_equal(found->serial[0], 99);
	assert_int_equal(wall_to_s(found->not_after), NOT_AFTER_S + 1);
	registry_free(&registry);
}

/* A second certificate that ends earlier does not end the first: nobody else may have its name and
 * address while it lives. */
static void a_shorter_renewal_gives_nothing_away(void **state)
{
	struct registry registry = registry_with(1);
	struct registry_entry shorter = entry_of(1);
	struct registry_entry other = entry_of(2);
	const struct registry_entry *holder;

	(void)state;
	shorter.serial[0] = 99;
	shorter.not_after = at_s(NOT_AFTER_S - 1000000);
	assert_int_equal(registry_put(&registry, &shorter, at_s(0)), 0);
	holder = registry_find_key(&registry, shorter.spki_hash);
	assert_int_equal(holder->serial[0], 99);
	assert_int_equal(wall_to_s(holder->not_after), NOT_AFTER_S);
	memcpy(other.name, "h1", 3);
	assert_int_equal(registry_judge(&registry, &other, at_s(NOT_AFTER_S), &holder),
			 REGISTRY_NAME_TAKEN);
	other = entry_of(2);
	other.ipv4[3] = 1;
	assert_int_equal(registry_put(&registry, &other, at_s(NOT_AFTER_S)), ERR_EXISTS);
	registry_free(&registry);
}

static void a_key_keeps_name_address_and_salt(void **state)
{
	struct registry_entry entry = entry_of(1);

	(void)state;
	memcpy(entry.name, "h3", 3);
	expect(&entry, 0, REGISTRY_OTHER_NAME, 1);
	entry = entry_of(1);
	entry.ipv4[3] = 3;
	expect(&entry, 0, REGISTRY_OTHER_IPV4, 1);
	entry = entry_of(1);
	entry.has_ipv4 = false;
	expect(&entry, 0, REGISTRY_OTHER_IPV4, 1);
	entry = entry_of(1);
	entry.salt[CERTIFICATE_SALT_BYTES - 1] = 1;
	expect(&entry, 0, REGISTRY_OTHER_SALT, 1);
}

/* What a key has is the matter, and not who else has what it asks for. */
static void a_key_is_judged_by_its_own_entry_first(void **state)
{
	struct registry_entry entry = entry_of(2);

	(void)state;
	entry.ipv4[3] = 1;
	expect(&entry, 0, REGISTRY_OTHER_IPV4, 2);
	entry = entry_of(2);
	memcpy(entry.name, "h1", 3);
	expect(&entry, 0, REGISTRY_OTHER_NAME, 2);
}

/* Its owner was late, and somebody else was given the name in between. */
static void a_renewal_does_not_take_back_what_went_to_another(void **state)
{
	struct registry registry = registry_with(1);
	const struct registry_entry *holder;
	struct registry_entry entry = entry_of(2);
	const int64_t later = NOT_AFTER_S + CERTIFICATE_SKEW_S + 1;

	(void)state;
	memcpy(entry.name, "h1", 3);
	entry.not_after = at_s(later + 1000);
	assert_int_equal(registry_put(&registry, &entry, at_s(later)), 0);
	entry = entry_of(1);
	assert_int_equal(registry_judge(&registry, &entry, at_s(later), &holder),
			 REGISTRY_NAME_TAKEN);
	assert_int_equal(holder->spki_hash[0], 2);
	registry_free(&registry);
}

static void a_revoked_key_is_refused_and_holds_nothing(void **state)
{
	struct registry registry = registry_with(1);
	const struct registry_entry *holder;
	struct registry_entry entry = entry_of(1);

	(void)state;
	registry.entries[0].revoked = true;
	assert_int_equal(registry_judge(&registry, &entry, at_s(0), &holder), REGISTRY_KEY_REVOKED);
	entry.spki_hash[0] = 9; /* the same name and address for another key */
	assert_int_equal(registry_judge(&registry, &entry, at_s(0), &holder), REGISTRY_ID_TAKEN);
	entry.id.bytes[0] = 9;
	assert_int_equal(registry_put(&registry, &entry, at_s(0)), 0);
	registry_free(&registry);
}

static void a_full_registry_still_renews(void **state)
{
	struct registry registry;
	const struct registry_entry *holder;
	struct registry_entry entry = entry_of(1);

	(void)state;
	registry_init(&registry, &network);
	registry.entries = calloc(REGISTRY_ENTRIES_MAX, sizeof(*registry.entries));
	assert_non_null(registry.entries);
	registry.entries[0] = entry;
	registry.count = REGISTRY_ENTRIES_MAX - 1;
	registry.capacity = REGISTRY_ENTRIES_MAX;
	entry = entry_of(2);
	assert_int_equal(registry_put(&registry, &entry, at_s(1000)), 0);
	entry = entry_of(3);
	assert_int_equal(registry_judge(&registry, &entry, at_s(1000), &holder), REGISTRY_FULL);
	assert_int_equal(registry_put(&registry, &entry, at_s(1000)), ERR_EXISTS);
	entry = entry_of(1);
	assert_int_equal(registry_put(&registry, &entry, at_s(1000)), 0);
	registry_free(&registry);
}

static void the_lowest_free_address(void **state)
{
	static const struct prefix small = { { 10, 151, 0, 0 }, 30 };
	struct registry registry = registry_with(2);
	struct registry_entry entry = entry_of(4);
	uint8_t ip[4] = { 0 };

	(void)state;
	assert_int_equal(registry_free_ipv4(&registry, &prefix, ip), 0);
	assert_memory_equal(ip, ((const uint8_t[]){ 10, 151, 0, 3 }), 4);
	assert_int_equal(registry_put(&registry, &entry, at_s(0)), 0);
	assert_int_equal(registry_free_ipv4(&registry, &prefix, ip), 0);
	assert_int_equal(ip[3], 3);
	registry.entries[0].revoked = true; /* its owner uses it until the certificate ends */
	assert_int_equal(registry_free_ipv4(&registry, &prefix, ip), 0);
	assert_int_equal(ip[3], 3);
	registry.entries[0].revoked = false;
	assert_int_equal(registry_free_ipv4(&registry, &small, ip), ERR_FULL); /* .1 and .2 */
	assert_int_equal(ip[3], 3);
	registry.entries[1].has_ipv4 = false;
	assert_int_equal(registry_free_ipv4(&registry, &small, ip), 0);
	assert_int_equal(ip[3], 2);
	registry_free(&registry);
}

static void the_text_of_two(void **state)
{
	struct registry registry = registry_with(2);
	uint8_t buffer[TEXT_MAX];
	struct span text;

	(void)state;
	registry.entries[1].has_ipv4 = false;
	registry.entries[1].revoked = true;
	text = text_of(&registry, buffer);
	buffer[text.len] = '\0';
	/* The hash at the end is that of `head -n -1 | sha256sum`. */
	assert_string_equal(
		(const char *)buffer,
		"ipop.registry/1 aebagaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"
		"h1 10.151.0.1 aeaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa "
		"0100000000000000000000000000000000000000000000000000000000000000 "
		"01000000000000000000000000000000 0107 2027-11-21T22:59:00Z valid\n"
		"h2 - aiaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa "
		"0200000000000000000000000000000000000000000000000000000000000000 "
		"02000000000000000000000000000000 0207 2027-11-21T22:59:00Z revoked\n"
		"end 2 ff66480a11b8eb082e4de628b590d25b8c34d857f52094b7f0a240fafe8091a6\n");
	registry_free(&registry);
}

static void what_was_written_is_read(void **state)
{
	(void)state;
	for (uint8_t count = 0; count < 10; count++) {
		struct registry registry = registry_with(count);
		uint8_t first[TEXT_MAX];
		uint8_t second[TEXT_MAX];
		struct registry again;
		struct span text;

		if (count > 3) {
			registry.entries[2].has_ipv4 = false;
			registry.entries[3].revoked = true;
		}
		text = text_of(&registry, first);
		assert_int_equal(registry_from_text(text, &network, &again), 0);
		assert_int_equal(again.count, count);
		assert_true(span_equal(text_of(&again, second), text));
		for (size_t i = 0; i < count; i++) {
			assert_string_equal(again.entries[i].name, registry.entries[i].name);
			assert_true(id_equal(&again.entries[i].id, &registry.entries[i].id));
			assert_int_equal(again.entries[i].revoked, registry.entries[i].revoked);
		}
		registry_free(&again);
		registry_free(&registry);
	}
}

/* Wants the text refused and the output untouched. */
static void expect_refused(struct span text, int want)
{
	struct registry registry = { .count = 77 };

	assert_int_equal(registry_from_text(text, &network, &registry), want);
	assert_int_equal(registry.count, 77);
}

static void another_networks_registry_is_refused(void **state)
{
	struct registry registry = registry_with(2);
	uint8_t buffer[TEXT_MAX];

	(void)state;
	registry.network.bytes[ID_BYTES - 1] = 1;
	expect_refused(text_of(&registry, buffer), ERR_FOREIGN);
	registry_free(&registry);
}

static void half_a_registry_is_none(void **state)
{
	struct registry registry = registry_with(3);
	uint8_t buffer[TEXT_MAX];
	const struct span text = text_of(&registry, buffer);

	(void)state;
	for (size_t len = 0; len < text.len; len++)
		expect_refused(span_of(text.data, len), ERR_MALFORMED);
	buffer[text.len] = '\n';
	expect_refused(span_of(text.data, text.len + 1), ERR_MALFORMED);
	registry_free(&registry);
}

static void no_bit_may_change(void **state)
{
	struct registry registry = registry_with(2);
	uint8_t buffer[TEXT_MAX];
	const struct span text = text_of(&registry, buffer);

	(void)state;
	for (size_t bit = 0; bit < 8 * text.len; bit++) {
		struct registry read;

		buffer[bit / 8] ^= (uint8_t)(1U << (bit % 8));
		if (registry_from_text(text, &network, &read) == 0)
			fail_msg("accepted with bit %zu changed", bit);
		buffer[bit / 8] ^= (uint8_t)(1U << (bit % 8));
	}
	registry_free(&registry);
}

/* Lines left out, doubled or swapped: the rest of the text is as it was. */
static void no_line_may_move(void **state)
{
	struct registry registry = registry_with(3);
	uint8_t buffer[TEXT_MAX];
	uint8_t other[TEXT_MAX];
	const struct span text = text_of(&registry, buffer);
	const uint8_t *const one = (const uint8_t *)memchr(text.data, '\n', text.len) + 1;
	const uint8_t *const two =
		(const uint8_t *)memchr(one, '\n', text.len - (size_t)(one - text.data)) + 1;
	const size_t line = (size_t)(two - one);
	const size_t head = (size_t)(one - text.data);

	(void)state;
	memcpy(other, text.data, head);
	memcpy(other + head, two, text.len - head - line);
	expect_refused(span_of(other, text.len - line), ERR_MALFORMED);
	memcpy(other + head, one, line);
	memcpy(other + head + line, one, text.len - head);
	expect_refused(span_of(other, text.len + line), ERR_MALFORMED);
	memcpy(other, text.data, text.len);
	memcpy(other + head, two, line);
	memcpy(other + head + line, one, line);
	expect_refused(span_of(other, text.len), ERR_MALFORMED);
	registry_free(&registry);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_third_member_is_fine),
		cmocka_unit_test(nobody_gets_a_name_that_is_held),
		cmocka_unit_test(nobody_gets_an_address_that_is_held),
		cmocka_unit_test(nobody_gets_80_bits_of_an_id_ever),
		cmocka_unit_test(a_key_that_asks_again_is_renewed),
		cmocka_unit_test(a_shorter_renewal_gives_nothing_away),
		cmocka_unit_test(a_key_keeps_name_address_and_salt),
		cmocka_unit_test(a_key_is_judged_by_its_own_entry_first),
		cmocka_unit_test(a_renewal_does_not_take_back_what_went_to_another),
		cmocka_unit_test(a_revoked_key_is_refused_and_holds_nothing),
		cmocka_unit_test(a_full_registry_still_renews),
		cmocka_unit_test(the_lowest_free_address),
		cmocka_unit_test(the_text_of_two),
		cmocka_unit_test(what_was_written_is_read),
		cmocka_unit_test(another_networks_registry_is_refused),
		cmocka_unit_test(half_a_registry_is_none),
		cmocka_unit_test(no_bit_may_change),
		cmocka_unit_test(no_line_may_move),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
