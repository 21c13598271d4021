/* test_hash.c - hashes, MACs and key derivation against published answers.
 *
 * FIPS 180-4 examples (SHA-256), RFC 4231 (HMAC), RFC 5869 appendix A (HKDF), the known-answer file
 * of the BLAKE2 reference code (keyed BLAKE2s). */
#include "base/err.h"
#include "crypto/hash.h"
#include "tests/lib/cmocka.h"
#include "tests/lib/hex.h"

static void assert_hex(const uint8_t *bytes, size_t len, const char *text)
{
	uint8_t expected[256];
	const struct span want = hex_bytes(text, expected, sizeof(expected));

	assert_int_equal(len, want.len);
	assert_memory_equal(bytes, want.data, len);
}

static void test_sha256(void **state)
{
	static const char two_blocks[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
	const struct span whole = span_text(two_blocks);
	const struct span parts[] = { span_of(two_blocks, 3), span_of(NULL, 0),
				      span_of(two_blocks + 3, sizeof(two_blocks) - 1 - 3) };
	const struct span abc = span_text("abc");
	uint8_t hash[HASH_BYTES];

	(void)state;
	hash_sha256(NULL, 0, hash);
	assert_hex(hash, 32, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	hash_sha256(&abc, 1, hash);
	assert_hex(hash, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	hash_sha256(&whole, 1, hash);
	assert_hex(hash, 32, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	hash_sha256(parts, 3, hash);
	assert_hex(hash, 32, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

static void test_hmac(void **state)
{
	static const struct {
		const char *key, *data, *hmac;
	} cases[] = {
		/* RFC 4231, 4.2, 4.3, 4.4 and, with a key longer than a block, 4.7 */
		{ "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
		  "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
		{ "4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
		  "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		  "dddddddddddddddddddddddddddddddddddddddddddddddddd"
		  "dddddddddddddddddddddddddddddddddddddddddddddddddd",
		  "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe" },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		  "aaaaaa"
		  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		  "aaaaaa"
		  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		  "aaaaaa"
		  "aaaa",
		  "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d"
		  "2048617368204b6579204669727374",
		  "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t key[160], data[160], hmac[HASH_BYTES];
		const struct span message = hex_bytes(cases[i].data, data, sizeof(data));
		const struct span parts[] = { span_of(data, 5),
					      span_of(data + 5, message.len - 5) };

		hash_hmac(hex_bytes(cases[i].key, key, sizeof(key)), parts, 2, hmac);
		assert_hex(hmac, sizeof(hmac), cases[i].hmac);
	}
}

static void test_hmac_output_may_be_key_and_part(void **state)
{
	uint8_t key[HASH_BYTES] = { 1 }, apart[HASH_BYTES];
	const struct span self = span_of(key, sizeof(key));

	(void)state;
	hash_hmac(self, &self, 1, apart);
	hash_hmac(self, &self, 1, key);
	assert_memory_equal(key, apart, sizeof(key));
}

static void test_hkdf(void **state)
{
	static const struct {
		const char *salt, *secret, *info, *okm;
	} cases[] = {
		/* RFC 5869, A.1 to A.3 */
		{ "000102030405060708090a0b0c", "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
		  "f0f1f2f3f4f5f6f7f8f9",
		  "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b88718"
		  "5865" },
		{ "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f8081828384858687"
		  "88898a8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaea"
		  "f",
		  "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f2021222324252627"
		  "28292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4"
		  "f",
		  "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7"
		  "d8d9dadbdcdddedfe0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfef"
		  "f",
		  "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac78272"
		  "71cb41c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f"
		  "1d87" },
		{ "", "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "",
		  "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a"
		  "96c8" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const size_t len = strlen(cases[i].okm) / 2;
		uint8_t salt[80], secret[80], info[80], okm[82] = { 0 };

		hash_hkdf(hex_bytes(cases[i].salt, salt, sizeof(salt)),
			  hex_bytes(cases[i].secret, secret, sizeof(secret)),
			  hex_bytes(cases[i].info, info, sizeof(info)), okm, len);
		assert_hex(okm, len, cases[i].okm);
	}
}

/* Noise's HKDF is RFC 5869's with the chaining key as salt and no info. */
static void test_noise_hkdf(void **state)
{
	uint8_t key[HASH_BYTES] = { 7 }, all[3 * HASH_BYTES], out[4][HASH_BYTES] = { { 0 } };
	const struct span input = span_text("input");

	(void)state;
	hash_hkdf(span_of(key, sizeof(key)), input, span_of(NULL, 0), all, sizeof(all));
	hash_noise_hkdf(key, input, out[0], out[1], out[2]);
	assert_memory_equal(out, all, sizeof(all));

	memset(out, 0, sizeof(out));
	hash_noise_hkdf(key, input, out[0], out[1], NULL);
	assert_memory_equal(out, all, (size_t)2 * HASH_BYTES);
	assert_memory_equal(out[2], out[3], HASH_BYTES); /* untouched */

	hash_noise_hkdf(key, input, key, NULL, NULL); /* the way the chaining key moves on */
	assert_memory_equal(key, all, HASH_BYTES);
}

#define BLAKE2S_BLOCK_BYTES 64

static uint32_t load_word(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
	       (uint32_t)bytes[3] << 24;
}

static uint32_t rotate_right(uint32_t x, unsigned bits)
{
	return x >> bits | x << (32 - bits);
}

/* RFC 7693, 3.1 and 3.2: one block into the state. */
static void blake2s_block(uint32_t h[8], const uint8_t block[BLAKE2S_BLOCK_BYTES], uint32_t count,
			  bool last)
{
	static const uint32_t iv[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
					0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };
	static const uint8_t sigma[10][16] = {
		{ 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 },
		{ 14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3 },
		{ 11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4 },
		{ 7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8 },
		{ 9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13 },
		{ 2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9 },
		{ 12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11 },
		{ 13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10 },
		{ 6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5 },
		{ 10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0 },
	};
	uint32_t v[16];

	memcpy(v, h, 32);
	memcpy(v + 8, iv, 32);
	v[12] ^= count;
	v[14] ^= last ? UINT32_MAX : 0;
	for (size_t round = 0; round < 10; round++) {
		for (size_t i = 0; i < 8; i++) { /* four columns, then four diagonals */
			const size_t shift = i / 4, a = i % 4, b = 4 + (i + shift) % 4;
			const size_t c = 8 + (i + 2 * shift) % 4, d = 12 + (i + 3 * shift) % 4;
			const uint32_t x = load_word(block + (size_t)4 * sigma[round][2 * i]);
			const uint32_t y = load_word(block + (size_t)4 * sigma[round][2 * i + 1]);

			v[a] += v[b] + x, v[d] = rotate_right(v[d] ^ v[a], 16);
			v[c] += v[d], v[b] = rotate_right(v[b] ^ v[c], 12);
			v[a] += v[b] + y, v[d] = rotate_right(v[d] ^ v[a], 8);
			v[c] += v[d], v[b] = rotate_right(v[b] ^ v[c], 7);
		}
	}
	for (size_t i = 0; i < 8; i++)
		h[i] ^= v[i] ^ v[i + 8];
}

/* A second, plain BLAKE2s under a key of 32 bytes: the published answers are for 32 bytes of
 * output, ours has 16, and the length of the output goes into the hash. */
static void blake2s(const uint8_t key[32], struct span message, uint8_t *ret, size_t ret_len)
{
	uint32_t h[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
			  0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };
	uint8_t block[BLAKE2S_BLOCK_BYTES] = { 0 };
	uint32_t count = BLAKE2S_BLOCK_BYTES;

	h[0] ^= 0x01010000U ^ 32U << 8 ^ (uint32_t)ret_len;
	memcpy(block, key, 32);
	blake2s_block(h, block, count, message.len == 0);
	while (message.len > 0) {
		const size_t len = message.len < sizeof(block) ? message.len : sizeof(block);

		memset(block, 0, sizeof(block));
		memcpy(block, message.data, len);
		message = span_of(message.data + len, message.len - len);
		count += (uint32_t)len;
		blake2s_block(h, block, count, message.len == 0);
	}
	for (size_t i = 0; i < ret_len; i++)
		ret[i] = (uint8_t)(h[i / 4] >> (8 * (i % 4)));
}

static void test_mac(void **state)
{
	static const struct {
		size_t len;
		const char *hash;
	} published[] = {
		{ 0, "48a8997da407876b3d79c0d92325ad3b89cbb754d86ab71aee047ad345fd2c49" },
		{ 1, "40d15fee7c328830166ac3f918650f807e7e01e177258cdc0a39b11f598066f1" },
	};
	uint8_t key[MAC_KEY_BYTES], message[300], hash[32], expected[MAC_BYTES], tag[MAC_BYTES];
	struct mac mac;

	(void)state;
	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)i;
	for (size_t i = 0; i < sizeof(message); i++)
		message[i] = (uint8_t)i;
	for (size_t i = 0; i < sizeof(published) / sizeof(published[0]); i++) {
		blake2s(key, span_of(message, published[i].len), hash, sizeof(hash));
		assert_hex(hash, sizeof(hash), published[i].hash);
	}

	assert_int_equal(mac_init(&mac, key), 0);
	for (size_t len = 0; len <= sizeof(message); len++) { /* one context for all */
		const struct span parts[] = { span_of(message, len / 3),
					      span_of(message + len / 3, len - len / 3) };

		blake2s(key, span_of(message, len), expected, sizeof(expected));
		mac_compute(&mac, parts, 2, tag);
		assert_memory_equal(tag, expected, sizeof(tag));
	}
	mac_free(&mac);
	mac_free(&mac); /* twice does no harm */

	assert_int_equal(mac_once(key, NULL, 0, tag), 0);
	assert_hex(tag, sizeof(tag), "9536f9b267655743dee97b8a670f9f53");
	key[0] ^= 1;
	assert_int_equal(mac_once(key, NULL, 0, expected), 0);
	assert_memory_not_equal(tag, expected, sizeof(tag));
}

static void test_secrets(void **state)
{
	uint8_t a[32] = { 0 }, b[32] = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(a); i++) {
		assert_true(secret_equal(a, b, sizeof(a)));
		b[i] = 0x80;
		assert_false(secret_equal(a, b, sizeof(a)));
		assert_true(secret_equal(a, b, i));
		b[i] = 0;
	}
	memset(a, 0xaa, sizeof(a));
	secret_wipe(a, sizeof(a) - 1);
	assert_true(span_is_zero(span_of(a, sizeof(a) - 1)));
	assert_int_equal(a[sizeof(a) - 1], 0xaa);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sha256),
		cmocka_unit_test(test_hmac),
		cmocka_unit_test(test_hmac_output_may_be_key_and_part),
		cmocka_unit_test(test_hkdf),
		cmocka_unit_test(test_noise_hkdf),
		cmocka_unit_test(test_mac),
		cmocka_unit_test(test_secrets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
