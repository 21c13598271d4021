/* test_cookie.c - a cookie is good for one address, for a while, and for who asked for it. */
#include "tests/lib/cmocka.h"

#include "base/err.h"
#include "session/cookie.h"
#include "session/limits.h"

#define SLOT_MS ((uint64_t)SESSION_COOKIE_LIFETIME_MS / COOKIE_SLOTS)

static const uint8_t address[40] = { 192, 0, 2, 1 };

static struct mono at_ms(uint64_t ms)
{
	return (struct mono){ .us = ms * 1000 };
}

static struct entropy seeded(void)
{
	const uint8_t seed[ENTROPY_SEED_BYTES] = { 1 };
	struct entropy entropy;

	entropy_init(&entropy, seed);
	return entropy;
}

/* True if an M0 with mac2 under that cookie is believed. */
static bool is_good(const struct cookies *cookies, uint64_t ms, struct span from,
		    const uint8_t cookie[HANDSHAKE_COOKIE_BYTES])
{
	uint8_t m0[72] = { 1, 2, 3 };
	uint8_t mac2[HANDSHAKE_MAC_BYTES];
	const struct handshake_macs macs = { .covered_by_mac2 = span_of(m0, sizeof(m0)),
					     .mac2 = span_of(mac2, sizeof(mac2)) };

	assert_int_equal(cookie_mac2(cookie, macs.covered_by_mac2, mac2), 0);
	if (!cookies_check(cookies, at_ms(ms), from, &macs))
		return false;
	for (size_t bit = 0; bit < sizeof(mac2) * 8; bit++) { /* every bit of mac2 counts */
		mac2[bit / 8] ^= (uint8_t)(1U << bit % 8);
		assert_false(cookies_check(cookies, at_ms(ms), from, &macs));
		mac2[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
	for (size_t bit = 0; bit < sizeof(m0) * 8; bit++) { /* and of what it covers */
		m0[bit / 8] ^= (uint8_t)(1U << bit % 8);
		assert_false(cookies_check(cookies, at_ms(ms), from, &macs));
		m0[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
	return true;
}

/* Item 20 of the list of what can go wrong: slots [t - 2, t], no older one and none to come. */
static void item_20_cookies_count_in_three_slots(void **state)
{
	struct entropy entropy = seeded();
	const struct span from = span_of(address, sizeof(address));

	(void)state;
	for (uint64_t made = 7 * SLOT_MS; made < 8 * SLOT_MS; made += SLOT_MS - 1) {
		struct cookies cookies = { 0 };
		uint8_t cookie[HANDSHAKE_COOKIE_BYTES];

		assert_int_equal(cookies_make(&cookies, &entropy, at_ms(made), from, cookie), 0);
		assert_true(is_good(&cookies, made, from, cookie));
		assert_true(is_good(&cookies, 10 * SLOT_MS - 1, from, cookie));
		assert_false(is_good(&cookies, 10 * SLOT_MS, from, cookie));
		assert_false(is_good(&cookies, 7 * SLOT_MS - 1, from, cookie)); /* to come */
		assert_false(is_good(&cookies, 4 * SLOT_MS, from, cookie));
		assert_false(is_good(&cookies, 0, from, cookie));
	}
}

static void item_20_the_secret_changes_with_each_slot(void **state)
{
	struct entropy entropy = seeded();
	const struct span from = span_of(address, sizeof(address));
	struct cookies cookies = { 0 };
	uint8_t made[8][HANDSHAKE_COOKIE_BYTES];
	uint8_t again[HANDSHAKE_COOKIE_BYTES];

	(void)state;
	for (unsigned slot = 0; slot < 8; slot++) {
		assert_int_equal(
			cookies_make(&cookies, &entropy, at_ms(slot * SLOT_MS), from, made[slot]),
			0);
		assert_int_equal(cookies_make(&cookies, &entropy, at_ms((slot + 1) * SLOT_MS - 1),
					      from, again),
				 0);
		assert_memory_equal(made[slot], again,
				    sizeof(again)); /* within the slot the same */
		for (unsigned before = 0; before < slot; before++) {
			assert_memory_not_equal(made[slot], made[before], sizeof(again));
			assert_int_equal(is_good(&cookies, slot * SLOT_MS, from, made[before]),
					 slot - before < COOKIE_SLOTS);
		}
	}
	cookies_reset(&cookies);
	assert_false(is_good(&cookies, 7 * SLOT_MS, from, made[7]));
}

static void a_cookie_is_for_one_address(void **state)
{
	struct entropy entropy = seeded();
	struct cookies cookies = { 0 };
	uint8_t cookie[HANDSHAKE_COOKIE_BYTES];
	uint8_t other[sizeof(address)];

	(void)state;
	assert_int_equal(cookies_make(&cookies, &entropy, at_ms(0),
				      span_of(address, sizeof(address)), cookie),
			 0);
	for (size_t bit = 0; bit < sizeof(other) * 8; bit++) {
		memcpy(other, address, sizeof(other));
		other[bit / 8] ^= (uint8_t)(1U << bit % 8);
		assert_false(is_good(&cookies, 0, span_of(other, sizeof(other)), cookie));
	}
}

static void without_secrets_no_cookie_is_good(void **state)
{
	static const uint8_t zero[HANDSHAKE_COOKIE_BYTES];
	const struct cookies cookies = { 0 };

	(void)state;
	assert_false(is_good(&cookies, 0, span_of(address, sizeof(address)), zero));
}

static const uint8_t mac1_key[MAC_KEY_BYTES] = { 5 };
static const uint8_t mac1[HANDSHAKE_MAC_BYTES] = { 6 };
static const uint8_t nonce[HANDSHAKE_COOKIE_NONCE_BYTES] = { 7 };
static const uint8_t sweet[HANDSHAKE_COOKIE_BYTES] = { 8 };

static int open_with(const uint8_t *key, const uint8_t *of_mac1, const uint8_t *of_nonce,
		     const uint8_t sealed[COOKIE_SEALED_BYTES])
{
	const struct cookie_seal seal = { .mac1_key = key,
					  .mac1 = span_of(of_mac1, HANDSHAKE_MAC_BYTES),
					  .nonce =
						  span_of(of_nonce, HANDSHAKE_COOKIE_NONCE_BYTES) };
	uint8_t cookie[HANDSHAKE_COOKIE_BYTES];
	const int err = cookie_open(&seal, span_of(sealed, COOKIE_SEALED_BYTES), cookie);

	if (err == 0)
		assert_memory_equal(cookie, sweet, sizeof(cookie));
	return err;
}

/* It opens for who made that M0, under that key; with one bit changed anywhere, for nobody. */
static void a_sealed_cookie_opens_for_its_m0_only(void **state)
{
	const struct cookie_seal seal = { .mac1_key = mac1_key,
					  .mac1 = span_of(mac1, sizeof(mac1)),
					  .nonce = span_of(nonce, sizeof(nonce)) };
	uint8_t sealed[COOKIE_SEALED_BYTES];
	uint8_t harmed[MAC_KEY_BYTES];

	(void)state;
	assert_int_equal(cookie_seal(&seal, sweet, sealed), 0);
	assert_int_equal(open_with(mac1_key, mac1, nonce, sealed), 0);
	for (size_t bit = 0; bit < sizeof(sealed) * 8; bit++) {
		sealed[bit / 8] ^= (uint8_t)(1U << bit % 8);
		assert_int_equal(open_with(mac1_key, mac1, nonce, sealed), ERR_AUTH);
		sealed[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
	for (size_t bit = 0; bit < sizeof(mac1) * 8; bit++) {
		memcpy(harmed, mac1, sizeof(mac1));
		harmed[bit / 8] ^= (uint8_t)(1U << bit % 8);
		assert_int_equal(open_with(mac1_key, harmed, nonce, sealed), ERR_AUTH);
		memcpy(harmed, nonce, sizeof(nonce));
		harmed[bit / 8] ^= (uint8_t)(1U << bit % 8);
		assert_int_equal(open_with(mac1_key, mac1, harmed, sealed), ERR_AUTH);
		memcpy(harmed, mac1_key, sizeof(mac1_key));
		harmed[bit / 8] ^= (uint8_t)(1U << bit % 8);
		assert_int_equal(open_with(harmed, mac1, nonce, sealed), ERR_AUTH);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(item_20_cookies_count_in_three_slots),
		cmocka_unit_test(item_20_the_secret_changes_with_each_slot),
		cmocka_unit_test(a_cookie_is_for_one_address),
		cmocka_unit_test(without_secrets_no_cookie_is_good),
		cmocka_unit_test(a_sealed_cookie_opens_for_its_m0_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
