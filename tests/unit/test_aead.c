/* test_aead.c - the ciphers against published answers, and every single bit flipped.
 *
 * AES-256-GCM: test cases 13, 14 and 16 of McGrew and Viega's specification of GCM. ChaCha20-
 * Poly1305: RFC 8439, 2.8.2. */
#include "base/err.h"
#include "crypto/aead_null.h"
#include "crypto/suite.h"
#include "tests/lib/cmocka.h"
#include "tests/lib/hex.h"

#define MESSAGE_BYTES_MAX 128

static const struct {
	const struct aead_ops *ops;
	const char *key, *nonce, *aad, *plain, *sealed;
} published[] = {
	{ &aead_aes_256_gcm, "0000000000000000000000000000000000000000000000000000000000000000",
	  "000000000000000000000000", "", "", "530f8afbc74536b9a963b4f1c4cb738b" },
	{ &aead_aes_256_gcm, "0000000000000000000000000000000000000000000000000000000000000000",
	  "000000000000000000000000", "", "00000000000000000000000000000000",
	  "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919" },
	{ &aead_aes_256_gcm, "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
	  "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2",
	  "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
	  "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
	  "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
	  "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
	  "76fc6ece0f4e1768cddf8853bb2d551b" },
	{ &aead_chacha20_poly1305,
	  "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f",
	  "070000004041424344454647", "50515253c0c1c2c3c4c5c6c7",
	  "4c616469657320616e642047656e746c656d656e206f662074686520636c6173"
	  "73206f66202739393a204966204920636f756c64206f6666657220796f75206f"
	  "6e6c79206f6e652074697020666f7220746865206675747572652c2073756e73"
	  "637265656e20776f756c642062652069742e",
	  "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d6"
	  "3dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36"
	  "92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc"
	  "3ff4def08e4b7a9de576d26586cec64b61161ae10b594f09e26a7e902ecbd0600691" },
};

static const struct aead_ops *const all_ops[] = { &aead_aes_256_gcm, &aead_chacha20_poly1305,
						  &aead_null };
#define OPS (sizeof(all_ops) / sizeof(all_ops[0]))

static void test_published(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(published) / sizeof(published[0]); i++) {
		uint8_t key[32], nonce[12], aad[32], plain[MESSAGE_BYTES_MAX],
			sealed[MESSAGE_BYTES_MAX + 16], out[MESSAGE_BYTES_MAX + 16];
		const struct span a = hex_bytes(published[i].aad, aad, sizeof(aad));
		const struct span p = hex_bytes(published[i].plain, plain, sizeof(plain));
		const struct span s = hex_bytes(published[i].sealed, sealed, sizeof(sealed));
		struct aead aead;

		hex_bytes(published[i].key, key, sizeof(key));
		hex_bytes(published[i].nonce, nonce, sizeof(nonce));
		assert_int_equal(aead_init(&aead, published[i].ops, key), 0);
		for (size_t again = 0; again < 2; again++) { /* both ways, in turns, one context */
			assert_int_equal(aead_seal(&aead, nonce, a, p, out), 0);
			assert_memory_equal(out, s.data, s.len);
			assert_int_equal(aead_open(&aead, nonce, a, s, out), 0);
			assert_memory_equal(out, plain, p.len);
		}
		aead_free(&aead);
	}
}

/* Flips each bit of nonce, aad and sealed bytes. */
static void test_every_bit_counts(void **state)
{
	(void)state;
	for (size_t i = 0; i < OPS; i++) {
		const uint8_t key[32] = { 5 };
		uint8_t all[12 + 16 + 50 + 16] = { 0 }, out[50];
		uint8_t *const nonce = all, *const sealed = all + 28;
		const struct span aad = span_of(all + 12, 16), whole = span_of(sealed, 50 + 16);
		struct aead aead;

		assert_int_equal(aead_init(&aead, all_ops[i], key), 0);
		assert_int_equal(aead_seal(&aead, nonce, aad, span_of(sealed, 50), sealed), 0);
		for (size_t bit = 0; bit < 8 * sizeof(all); bit++) {
			all[bit / 8] ^= (uint8_t)(1U << bit % 8);
			memset(out, 0xee, sizeof(out));
			assert_int_equal(aead_open(&aead, nonce, aad, whole, out), ERR_AUTH);
			assert_true(span_is_zero(span_of(out, sizeof(out)))); /* nothing readable */
			all[bit / 8] ^= (uint8_t)(1U << bit % 8);
		}
		assert_int_equal(aead_open(&aead, nonce, aad, whole, sealed), 0); /* in place */
		assert_true(span_is_zero(span_of(sealed, 50)));
		aead_free(&aead);
	}
}

static void test_another_key_opens_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < OPS; i++) {
		const uint8_t nonce[12] = { 0 }, plain[20] = { 1 };
		uint8_t key[32] = { 5 }, sealed[36], out[20];
		struct aead a, b;

		assert_int_equal(aead_init(&a, all_ops[i], key), 0);
		key[31] ^= 1;
		assert_int_equal(aead_init(&b, all_ops[i], key), 0);
		assert_int_equal(aead_seal(&a, nonce, span_of(NULL, 0), span_of(plain, 20), sealed),
				 0);
		assert_int_equal(aead_open(&b, nonce, span_of(NULL, 0), span_of(sealed, 36), out),
				 ERR_AUTH);
		assert_int_equal(aead_open(&a, nonce, span_of(NULL, 0), span_of(sealed, 36), out),
				 0);
		aead_free(&a);
		aead_free(&b);
	}
}

static void test_lengths(void **state)
{
	(void)state;
	for (size_t i = 0; i < OPS; i++) {
		const uint8_t key[32] = { 5 }, nonce[12] = { 0 };
		uint8_t sealed[80 + 16], out[80];
		struct aead aead;

		assert_int_equal(aead_init(&aead, all_ops[i], key), 0);
		for (size_t len = 0; len < 80; len++) {
			memset(out, (int)len, sizeof(out));
			assert_int_equal(aead_seal(&aead, nonce, span_of(NULL, 0),
						   span_of(out, len), sealed),
					 0);
			for (size_t cut = 1; cut <= len + 16; cut++)
				assert_int_equal(aead_open(&aead, nonce, span_of(NULL, 0),
							   span_of(sealed, len + 16 - cut), out),
						 ERR_AUTH);
			memset(out, 0, sizeof(out));
			assert_int_equal(aead_open(&aead, nonce, span_of(NULL, 0),
						   span_of(sealed, len + 16), out),
					 0);
			for (size_t k = 0; k < len; k++)
				assert_int_equal(out[k], len);
		}
		aead_free(&aead);
		aead_free(&aead); /* twice does no harm */
	}
}

static void test_counter_nonce(void **state)
{
	static const uint8_t expected[12] = { 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8 };
	static const uint8_t last[12] = {
		0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff
	};
	uint8_t nonce[12];

	(void)state;
	aead_counter_nonce(0x0102030405060708, nonce);
	assert_memory_equal(nonce, expected, sizeof(nonce));
	aead_counter_nonce(UINT64_MAX, nonce);
	assert_memory_equal(nonce, last, sizeof(nonce));
}

static void test_suites(void **state)
{
	(void)state;
	assert_int_equal(suite_find(suites_all, SUITE_AES_256_GCM)->id, SUITE_AES_256_GCM);
	assert_int_equal(suite_find(suites_all, SUITE_CHACHA20_POLY1305)->id,
			 SUITE_CHACHA20_POLY1305);
	assert_null(suite_find(suites_all, SUITE_NONE));
	assert_null(suite_find(suites_all, SUITE_HYBRID_ML_KEM)); /* reserved, not spoken yet */
	assert_null(suite_find(suites_all, UINT8_MAX));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_published),
		cmocka_unit_test(test_every_bit_counts),
		cmocka_unit_test(test_another_key_opens_nothing),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_counter_nonce),
		cmocka_unit_test(test_suites),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
