/* test_rng.c - the stream is ChaCha20's, it forgets, and ranges are exact. */
#include "base/rng.h"
#include "tests/lib/cmocka.h"
#include "tests/lib/death.h"

#include <string.h>

/* ChaCha20, zero key, zero nonce, counter 0 (RFC 8439, A.1, vector 1): half of the block becomes
 * the next key, the other half is drawn. */
static const uint8_t published_block[64] = {
	0x76, 0xb8, 0xe0, 0xad, 0xa0, 0xf1, 0x3d, 0x90, 0x40, 0x5d, 0x6a, 0xe5, 0x53,
	0x86, 0xbd, 0x28, 0xbd, 0xd2, 0x19, 0xb8, 0xa0, 0x8d, 0xed, 0x1a, 0xa8, 0x36,
	0xef, 0xcc, 0x8b, 0x77, 0x0d, 0xc7, 0xda, 0x41, 0x59, 0x7c, 0x51, 0x57, 0x48,
	0x8d, 0x77, 0x24, 0xe0, 0x3f, 0xb8, 0xd8, 0x4a, 0x37, 0x6a, 0x43, 0xb8, 0xf4,
	0x15, 0x18, 0xa1, 0x1c, 0xc3, 0x87, 0xb6, 0x69, 0xb2, 0xee, 0x65, 0x86,
};

/* The second block: key = the first half of the published one, the rest zero. Made with
 * `openssl enc -chacha20 -K 76b8e0ad...8b770dc7 -iv 0` over 64 zero bytes; its second half. */
static const uint8_t second_draw[32] = {
	0xaf, 0xbd, 0xad, 0x28, 0x45, 0xb9, 0x3c, 0xdb, 0xb2, 0xfe, 0x64,
	0x63, 0xd2, 0xfe, 0x16, 0x2a, 0xda, 0xe0, 0xf6, 0xe6, 0x76, 0xf0,
	0x49, 0x42, 0x18, 0xf5, 0xce, 0x05, 0x96, 0xe7, 0x9f, 0x5c,
};

static void zero_key_draws_the_second_half_of_the_published_block(void **state)
{
	struct rng rng;
	uint8_t drawn[32];

	(void)state;
	rng_init_seed(&rng, 0);
	rng_bytes(&rng, drawn, sizeof(drawn));
	assert_memory_equal(drawn, published_block + 32, 32);
	assert_memory_equal(rng.key, published_block, 32);
}

static void next_block_is_made_by_the_first_half(void **state)
{
	struct rng rng;
	uint8_t drawn[32];

	(void)state;
	rng_init_seed(&rng, 0);
	rng_bytes(&rng, drawn, sizeof(drawn));
	rng_bytes(&rng, drawn, sizeof(drawn));
	assert_memory_equal(drawn, second_draw, 32);
}

static void integers_are_the_same_stream_and_words_the_high_half_first(void **state)
{
	struct rng rng;

	(void)state;
	rng_init_seed(&rng, 0);
	assert_int_equal(rng_u32(&rng), 0x7c5941da);
	assert_int_equal(rng_u64(&rng), 0x8d4857513fe02477);
}

/* Whoever reads the memory later finds neither the key that made the block nor what was drawn. */
static void drawn_words_and_used_keys_are_erased(void **state)
{
	static const uint32_t zero[RNG_BLOCK_WORDS];
	struct rng rng;
	uint8_t drawn[32];
	uint32_t key[RNG_KEY_WORDS];

	(void)state;
	for (uint32_t i = 0; i < RNG_KEY_WORDS; i++)
		key[i] = 0x01010101U * (i + 1);
	rng_init(&rng, key);
	rng_bytes(&rng, drawn, sizeof(drawn));
	assert_memory_equal(rng.block, zero, sizeof(rng.block));
	assert_memory_not_equal(rng.key, key, sizeof(key));
}

static void each_key_word_and_each_seed_bit_counts(void **state)
{
	uint64_t first[64 + RNG_KEY_WORDS];
	struct rng rng;

	(void)state;
	for (unsigned i = 0; i < 64; i++) {
		rng_init_seed(&rng, 1ULL << i);
		first[i] = rng_u64(&rng);
	}
	for (unsigned i = 0; i < RNG_KEY_WORDS; i++) {
		uint32_t key[RNG_KEY_WORDS] = { 0 };

		key[i] = 0x5a5a5a5a;
		rng_init(&rng, key);
		first[64 + i] = rng_u64(&rng);
	}
	for (unsigned i = 0; i < 64 + RNG_KEY_WORDS; i++)
		for (unsigned k = 0; k < i; k++)
			assert_int_not_equal(first[i], first[k]);
}

static void odd_lengths_take_whole_words(void **state)
{
	(void)state;
	for (size_t len = 0; len <= 70; len++) {
		struct rng rng;
		struct rng words;
		uint8_t bytes[71];
		uint8_t want[72];

		rng_init_seed(&rng, len);
		rng_init_seed(&words, len);
		memset(bytes, 0xee, sizeof(bytes));
		rng_bytes(&rng, bytes, len);
		for (size_t i = 0; i < len; i += 4) {
			const uint32_t word = rng_u32(&words);

			for (unsigned byte = 0; byte < 4; byte++)
				want[i + byte] = (uint8_t)(word >> (8 * byte));
		}
		assert_memory_equal(bytes, want, len);
		assert_int_equal(bytes[len], 0xee);
		assert_int_equal(rng_u32(&rng), rng_u32(&words));
	}
}

static void mixing_changes_the_stream_at_once_and_depends_on_every_byte(void **state)
{
	uint8_t bytes[80] = { 0 };
	uint64_t next[80];
	struct rng start;

	(void)state;
	rng_init_seed(&start, 3);
	(void)rng_u32(&start); /* words of the old key lie ready */
	for (size_t i = 0; i < sizeof(bytes); i++) {
		struct rng rng = start;
		struct rng unmixed = start;

		bytes[i] = 1;
		rng_mix(&rng, bytes, sizeof(bytes));
		bytes[i] = 0;
		next[i] = rng_u64(&rng);
		assert_int_not_equal(next[i], rng_u64(&unmixed));
		for (size_t k = 0; k < i; k++)
			assert_int_not_equal(next[i], next[k]);
	}
}

/* Even without fresh bytes: a copy of the machine must not hand out what the other one holds. */
static void mixing_nothing_still_discards_what_lies_ready(void **state)
{
	struct rng rng;
	struct rng copy;

	(void)state;
	rng_init_seed(&rng, 4);
	(void)rng_u32(&rng);
	copy = rng;
	rng_mix(&rng, NULL, 0);
	assert_int_not_equal(rng_u64(&rng), rng_u64(&copy));
}

static void ranges_are_uniform_and_reach_both_ends(void **state)
{
	struct rng rng;
	unsigned seen[3] = { 0 };

	(void)state;
	rng_init_seed(&rng, 1);
	for (unsigned i = 0; i < 3000; i++) {
		const uint64_t x = rng_between(&rng, 7, 9);

		assert_in_range(x, 7, 9);
		seen[x - 7]++;
	}
	for (unsigned i = 0; i < 3; i++)
		assert_in_range(seen[i], 900, 1100); /* 1000 +- 26 (one sigma) */
	assert_int_equal(rng_between(&rng, 5, 5), 5);
	assert_int_equal(rng_between(&rng, UINT64_MAX, UINT64_MAX), UINT64_MAX);
}

/* 2^64 mod 3*2^62 = 2^62: a plain remainder would give the lowest third half of all draws. */
static void wide_ranges_have_no_bias(void **state)
{
	const uint64_t third = 1ULL << 62;
	struct rng rng;
	unsigned low = 0;

	(void)state;
	rng_init_seed(&rng, 2);
	for (unsigned i = 0; i < 3000; i++) {
		const uint64_t x = rng_between(&rng, 0, 3 * third - 1);

		assert_true(x < 3 * third);
		low += x < third;
	}
	assert_in_range(low, 900, 1100);
	for (unsigned i = 0; i < 100; i++)
		assert_true(rng_between(&rng, 1, UINT64_MAX) >= 1);
}

static void chance_is_per_mille_and_exact_at_its_ends(void **state)
{
	struct rng rng;
	unsigned hits = 0;

	(void)state;
	rng_init_seed(&rng, 5);
	for (unsigned i = 0; i < 10000; i++) {
		assert_false(rng_chance(&rng, 0));
		assert_true(rng_chance(&rng, 1000));
		hits += rng_chance(&rng, 250);
	}
	assert_in_range(hits, 2300, 2700); /* 2500 +- 43 */
}

static void draw_from_an_empty_range(void)
{
	struct rng rng;

	rng_init_seed(&rng, 1);
	(void)rng_between(&rng, 2, 1);
}

static void draw_from_the_whole_range(void)
{
	struct rng rng;

	rng_init_seed(&rng, 1);
	(void)rng_between(&rng, 0, UINT64_MAX);
}

static void ask_for_more_than_certainty(void)
{
	struct rng rng;

	rng_init_seed(&rng, 1);
	(void)rng_chance(&rng, 1001);
}

static void impossible_requests_are_bugs(void **state)
{
	(void)state;
	assert_non_null(death_text(draw_from_an_empty_range));
	assert_non_null(death_text(draw_from_the_whole_range));
	assert_non_null(death_text(ask_for_more_than_certainty));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(zero_key_draws_the_second_half_of_the_published_block),
		cmocka_unit_test(next_block_is_made_by_the_first_half),
		cmocka_unit_test(integers_are_the_same_stream_and_words_the_high_half_first),
		cmocka_unit_test(drawn_words_and_used_keys_are_erased),
		cmocka_unit_test(each_key_word_and_each_seed_bit_counts),
		cmocka_unit_test(odd_lengths_take_whole_words),
		cmocka_unit_test(mixing_changes_the_stream_at_once_and_depends_on_every_byte),
		cmocka_unit_test(mixing_nothing_still_discards_what_lies_ready),
		cmocka_unit_test(ranges_are_uniform_and_reach_both_ends),
		cmocka_unit_test(wide_ranges_have_no_bias),
		cmocka_unit_test(chance_is_per_mille_and_exact_at_its_ends),
		cmocka_unit_test(impossible_requests_are_bugs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
