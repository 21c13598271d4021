/* test_random.c - HMAC_DRBG against NIST's answers (CAVP, drbgvectors, HMAC_DRBG.rsp, [SHA-256],
 * COUNT = 0, without and with a reseed), and what a copy of a machine draws. */
#include "crypto/random.h"
#include "tests/lib/cmocka.h"
#include "tests/lib/hex.h"

/* Instantiate of the standard takes entropy and nonce, 48 bytes; entropy_init() has 32 and is
 * otherwise the same update of K = 0, V = 1. */
static void instantiate(struct entropy *entropy, const char *seed)
{
	uint8_t bytes[48];

	*entropy = (struct entropy){ 0 };
	memset(entropy->value, 1, sizeof(entropy->value));
	entropy_mix(entropy, hex_bytes(seed, bytes, sizeof(bytes)));
}

static void assert_second_draw(struct entropy *entropy, const char *text)
{
	uint8_t drawn[128], expected[128];

	entropy_bytes(entropy, drawn, sizeof(drawn)); /* the first is not published */
	entropy_bytes(entropy, drawn, sizeof(drawn));
	assert_int_equal(hex_bytes(text, expected, sizeof(expected)).len, sizeof(drawn));
	assert_memory_equal(drawn, expected, sizeof(drawn));
}

static void test_published(void **state)
{
	struct entropy entropy;
	uint8_t reseed[32];

	(void)state;
	instantiate(&entropy, "ca851911349384bffe89de1cbdc46e6831e44d34a4fb935ee285dd14b71a7488"
			      "659ba96c601dc69fc902940805ec0ca8");
	assert_second_draw(&entropy,
			   "e528e9abf2dece54d47c7e75e5fe302149f817ea9fb4bee6f4199697d04d5b89"
			   "d54fbb978a15b5c443c9ec21036d2460b6f73ebad0dc2aba6e624abf07745bc1"
			   "07694bb7547bb0995f70de25d6b29e2d3011bb19d27676c07162c8b5ccde0668"
			   "961df86803482cb37ed6d5c0bb8d50cf1f50d476aa0458bdaba806f48be9dcb8");

	instantiate(&entropy, "06032cd5eed33f39265f49ecb142c511da9aff2af71203bffaf34a9ca5bd9c0d"
			      "0e66f71edc43e42a45ad3c6fc6cdc4df");
	entropy_mix(&entropy,
		    hex_bytes("01920a4e669ed3a85ae8a33b35a74ad7fb2a6bb4cf395ce00334a9c9a5a5d552",
			      reseed, sizeof(reseed)));
	assert_second_draw(&entropy,
			   "76fc79fe9b50beccc991a11b5635783a83536add03c157fb30645e611c2898bb"
			   "2b1bc215000209208cd506cb28da2a51bdb03826aaf2bd2335d576d519160842"
			   "e7158ad0949d1a9ec3e66ea1b1a064b005de914eac2e9d4f2d72a8616a802254"
			   "22918250ff66a41bd2f864a6a38cc5b6499dc43f7f2bd09e1e0f8f5885935124");
}

static void test_init_takes_all_of_the_seed(void **state)
{
	uint8_t seed[ENTROPY_SEED_BYTES] = { 0 }, plain[16], other[16];
	struct entropy entropy;

	(void)state;
	entropy_init(&entropy, seed);
	entropy_bytes(&entropy, plain, sizeof(plain));
	for (size_t i = 0; i < sizeof(seed); i++) {
		seed[i] = 1;
		entropy_init(&entropy, seed);
		entropy_bytes(&entropy, other, sizeof(other));
		assert_memory_not_equal(plain, other, sizeof(plain));
		seed[i] = 0;
	}
	entropy_init(&entropy, seed);
	entropy_bytes(&entropy, other, sizeof(other));
	assert_memory_equal(plain, other, sizeof(plain)); /* the seed alone decides */
}

static void test_a_resumed_copy_draws_otherwise_once_stirred(void **state)
{
	const uint8_t seed[ENTROPY_SEED_BYTES] = { 3 };
	struct entropy original, copy;
	uint8_t a[40], b[40];

	(void)state;
	entropy_init(&original, seed);
	copy = original;
	entropy_bytes(&original, a, sizeof(a));
	entropy_bytes(&copy, b, sizeof(b));
	assert_memory_equal(a, b, sizeof(a));

	entropy_mix(&copy, span_text("fresh"));
	entropy_bytes(&original, a, sizeof(a));
	entropy_bytes(&copy, b, sizeof(b));
	assert_memory_not_equal(a, b, sizeof(a));
}

static void test_lengths(void **state)
{
	static uint8_t drawn[65536 + 1];
	const uint8_t seed[ENTROPY_SEED_BYTES] = { 9 };
	struct entropy entropy;

	(void)state;
	for (size_t len = 0; len < 100; len++) { /* any length, and not a byte more */
		entropy_init(&entropy, seed);
		memset(drawn, 0xee, sizeof(drawn));
		entropy_bytes(&entropy, drawn, len);
		assert_int_equal(drawn[len], 0xee);
		assert_true(len < 8 || !span_is_zero(span_of(drawn + len - 8, 8)));
	}
	entropy_bytes(&entropy, drawn, 65536);
	assert_int_equal(drawn[65536], 0xee);

	entropy_wipe(&entropy);
	assert_true(span_is_zero(span_of(&entropy, sizeof(entropy))));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_published),
		cmocka_unit_test(test_init_takes_all_of_the_seed),
		cmocka_unit_test(test_a_resumed_copy_draws_otherwise_once_stirred),
		cmocka_unit_test(test_lengths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
