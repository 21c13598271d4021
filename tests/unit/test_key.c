/* test_key.c - identity keys: RFC 8032 and RFC 6979 answers, PEM and its passphrase, one form of
 * each signature. */
#include "base/err.h"
#include "crypto/ecdsa.h"
#include "crypto/key.h"
#include "tests/lib/cmocka.h"
#include "tests/lib/hex.h"

static const enum key_kind kinds[] = { KEY_ED25519, KEY_P256 };

static struct key *key_of(enum key_kind kind, const char *secret)
{
	uint8_t bytes[KEY_SECRET_BYTES];
	struct key *key = NULL;

	assert_int_equal(hex_bytes(secret, bytes, sizeof(bytes)).len, sizeof(bytes));
	assert_int_equal(key_new(kind, bytes, &key), 0);
	return key;
}

static struct key *any_key(enum key_kind kind)
{
	return key_of(kind, "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721");
}

static void assert_span_hex(struct span bytes, const char *text)
{
	uint8_t expected[256];
	const struct span want = hex_bytes(text, expected, sizeof(expected));

	assert_int_equal(bytes.len, want.len);
	assert_memory_equal(bytes.data, want.data, want.len);
}

/* Two draws are two keys, and nothing but the entropy decides which. */
static void test_draws(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct key *drawn[3];
		enum key_kind kind;

		for (size_t n = 0; n < 3; n++) {
			const uint8_t seed[ENTROPY_SEED_BYTES] = { 7 };
			static struct entropy entropy;

			if (n != 1)
				entropy_init(&entropy, seed);
			assert_int_equal(key_draw(kinds[i], &entropy, &drawn[n]), 0);
		}
		assert_int_equal(key_spki_kind(key_spki(drawn[0]), &kind), 0);
		assert_int_equal(kind, kinds[i]);
		assert_false(span_equal(key_spki(drawn[0]), key_spki(drawn[1])));
		assert_true(span_equal(key_spki(drawn[0]), key_spki(drawn[2])));
		for (size_t n = 0; n < 3; n++)
			key_free(drawn[n]);
	}
}

/* RFC 8032, 7.1, tests 1 to 3. */
static void test_ed25519_published(void **state)
{
	static const struct {
		const char *secret, *public, *message, *signature;
	} cases[] = {
		{ "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
		  "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
		  "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bac"
		  "c61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b" },
		{ "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
		  "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
		  "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e"
		  "458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00" },
		{ "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
		  "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
		  "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290"
		  "ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct key *key = key_of(KEY_ED25519, cases[i].secret);
		uint8_t message[8], signature[KEY_SIGNATURE_BYTES_MAX];
		const struct span m = hex_bytes(cases[i].message, message, sizeof(message));
		const struct span spki = key_spki(key);
		size_t len = 0;

		assert_int_equal(key_kind(key), KEY_ED25519);
		assert_span_hex(span_of(spki.data, 12), "302a300506032b6570032100");
		assert_span_hex(span_of(spki.data + 12, spki.len - 12), cases[i].public);
		assert_int_equal(key_sign(key, m, signature, &len), 0);
		assert_span_hex(span_of(signature, len), cases[i].signature);
		assert_int_equal(key_verify(spki, m, span_of(signature, len)), 0);
		key_free(key);
	}
}

/* RFC 6979, A.2.5: the key, and a signature of "sample" whose s is above n / 2; its twin is ours.
 */
static void test_p256_published(void **state)
{
	static const char twin[] =
		"3045022100efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
		"02200834e36ad29a83bf2bc9385e491d6099c8fdf9d1ed67aa7ea5f51f93782857a9";
	struct key *key = any_key(KEY_P256);
	const struct span spki = key_spki(key), sample = span_text("sample");
	uint8_t signature[KEY_SIGNATURE_BYTES_MAX];
	size_t len = hex_bytes("3046022100efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea8"
			       "4eaf3716022100f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4"
			       "ab2f843acda8",
			       signature, sizeof(signature))
			     .len;

	(void)state;
	assert_int_equal(key_kind(key), KEY_P256);
	assert_span_hex(spki, "3059301306072a8648ce3d020106082a8648ce3d03010703420004"
			      "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
			      "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299");
	assert_int_equal(key_verify(spki, sample, span_of(signature, len)), ERR_AUTH);
	ecdsa_make_canonical(signature, &len);
	assert_span_hex(span_of(signature, len), twin);
	assert_int_equal(key_verify(spki, sample, span_of(signature, len)), 0);
	ecdsa_make_canonical(signature, &len); /* twice is once */
	assert_span_hex(span_of(signature, len), twin);
	key_free(key);
}

static void test_p256_scalars(void **state)
{
	uint8_t secret[KEY_SECRET_BYTES] = { 0 };
	struct key *key = NULL;

	(void)state;
	assert_int_equal(key_new(KEY_P256, secret, &key), ERR_CRYPTO); /* 0 */
	secret[31] = 1;
	assert_int_equal(key_new(KEY_P256, secret, &key), 0);
	key_free(key);
	memcpy(secret, ecdsa_order, sizeof(secret));
	key = NULL;
	assert_int_equal(key_new(KEY_P256, secret, &key), ERR_CRYPTO); /* n */
	assert_null(key);
	secret[31]--;
	assert_int_equal(key_new(KEY_P256, secret, &key), 0);
	key_free(key);
	key_free(NULL);
}

/* Each bit of message and signature, and another key. */
static void test_every_bit_counts(void **state)
{
	(void)state;
	for (size_t k = 0; k < 2; k++) {
		struct key *key = any_key(kinds[k]);
		struct key *other =
			key_of(kinds[k],
			       "0000000000000000000000000000000000000000000000000000000000000001");
		uint8_t message[10] = "message", signature[KEY_SIGNATURE_BYTES_MAX];
		size_t len = 0;

		assert_int_equal(key_sign(key, span_of(message, 10), signature, &len), 0);
		for (size_t bit = 0; bit < 8 * sizeof(message); bit++) {
			message[bit / 8] ^= (uint8_t)(1U << bit % 8);
			assert_int_equal(key_verify(key_spki(key), span_of(message, 10),
						    span_of(signature, len)),
					 ERR_AUTH);
			message[bit / 8] ^= (uint8_t)(1U << bit % 8);
		}
		for (size_t bit = 0; bit < 8 * len; bit++) {
			signature[bit / 8] ^= (uint8_t)(1U << bit % 8);
			assert_int_equal(key_verify(key_spki(key), span_of(message, 10),
						    span_of(signature, len)),
					 ERR_AUTH);
			signature[bit / 8] ^= (uint8_t)(1U << bit % 8);
		}
		for (size_t cut = 0; cut < len; cut++)
			assert_int_equal(key_verify(key_spki(key), span_of(message, 10),
						    span_of(signature, cut)),
					 ERR_AUTH);
		assert_int_equal(
			key_verify(key_spki(other), span_of(message, 10), span_of(signature, len)),
			ERR_AUTH);
		assert_int_equal(
			key_verify(key_spki(key), span_of(message, 10), span_of(signature, len)),
			0);
		key_free(key);
		key_free(other);
	}
}

/* (r, s) and (r, n - s) are both right; only one is taken. P-256 draws r anew for each signature,
 * so s falls on both sides within a few. */
static void test_p256_has_one_signature(void **state)
{
	struct key *key = any_key(KEY_P256);
	const struct span message = span_text("message");

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		uint8_t signature[KEY_SIGNATURE_BYTES_MAX];
		size_t len = 0;

		assert_int_equal(key_sign(key, message, signature, &len), 0);
		assert_true(ecdsa_is_canonical(span_of(signature, len)));
		assert_int_equal(key_verify(key_spki(key), message, span_of(signature, len)), 0);
	}
	key_free(key);
}

static void test_ecdsa_forms(void **state)
{
	static const struct {
		const char *signature;
		bool canonical;
	} cases[] = {
		{ "3006020101020101", true },
		{ "3006020101020100", false }, /* s = 0 */
		{ "3006020100020101", false }, /* r = 0 */
		{ "300602010102017f", true },
		{ "3006020101020180", false }, /* negative */
		{ "300702010102020080", true },
		{ "300702010102020001", false }, /* a needless zero */
		{ "30070201010202007f", false },
		{ "300602010102010100", false }, /* bytes behind */
		{ "3007020101020101"
		  "00",
		  false },
		{ "308106020101020101", false }, /* a longer length than needed */
		{ "3080020101020101"
		  "0000",
		  false },                     /* BER without length */
		{ "3003020101", false },       /* s missing */
		{ "3106020101020101", false }, /* a set */
		{ "3005020102"
		  "0101",
		  false },
		{ "", false },
		{ "302502010102207fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8",
		  true }, /* s = n / 2 */
		{ "302502010102207fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a9",
		  false },
		{ "3026020101022100ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc6325"
		  "50",
		  false }, /* s = n - 1 */
		{ "302702010102220100000000000000000000000000000000000000000000000000000000000000"
		  "000000",
		  false }, /* 33 bytes */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t bytes[KEY_SIGNATURE_BYTES_MAX] = { 0 };
		const struct span signature = hex_bytes(cases[i].signature, bytes, sizeof(bytes));

		assert_int_equal(ecdsa_is_canonical(signature), cases[i].canonical);
		assert_int_equal(key_signature_is_canonical(KEY_P256, signature),
				 cases[i].canonical);
		assert_false(key_signature_is_canonical(KEY_ED25519, signature));
	}

	/* n - 1 becomes 1; what is no number of the group stays as it is. */
	uint8_t bytes[KEY_SIGNATURE_BYTES_MAX];
	size_t len = hex_bytes(cases[18].signature, bytes, sizeof(bytes)).len;
	ecdsa_make_canonical(bytes, &len);
	assert_span_hex(span_of(bytes, len), "3006020101020101");
	bytes[4] = 0;
	ecdsa_make_canonical(bytes, &len);
	assert_span_hex(span_of(bytes, len), "3006020100020101");
}

static void test_unknown_kinds_of_key(void **state)
{
	static const char *const spkis[] = {
		"",
		"302a300506032b656e0321008520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98ea"
		"a9b4e6a", /* X25519 */
		"302c300706032b65700500032100d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021"
		"a68f707511a", /* Ed25519 with parameters */
		"3039301306072a8648ce3d020106082a8648ce3d0301070322000360fed4ba255a9d31c961eb74c63"
		"56d68c049b8923b61fa6ce669622e60f29fb6", /* P-256, compressed */
	};
	const uint8_t signature[64] = { 0 };
	enum key_kind kind;

	(void)state;
	for (size_t i = 0; i < sizeof(spkis) / sizeof(spkis[0]); i++) {
		uint8_t bytes[128];
		const struct span spki = hex_bytes(spkis[i], bytes, sizeof(bytes));

		assert_int_equal(key_spki_kind(spki, &kind), ERR_UNSUPPORTED);
		assert_int_equal(key_verify(spki, span_text("m"), span_of(signature, 64)),
				 ERR_UNSUPPORTED);
	}
}

/* In the form, yet not on the curve. */
static void test_point_off_the_curve(void **state)
{
	struct key *key = any_key(KEY_P256);
	uint8_t spki[91], signature[KEY_SIGNATURE_BYTES_MAX];
	enum key_kind kind;
	size_t len = 0;

	(void)state;
	memcpy(spki, key_spki(key).data, sizeof(spki));
	spki[90] ^= 1;
	assert_int_equal(key_sign(key, span_text("m"), signature, &len), 0);
	assert_int_equal(key_spki_kind(span_of(spki, sizeof(spki)), &kind), 0);
	assert_int_equal(
		key_verify(span_of(spki, sizeof(spki)), span_text("m"), span_of(signature, len)),
		ERR_AUTH);
	key_free(key);
}

static void test_pem(void **state)
{
	const uint8_t seed[ENTROPY_SEED_BYTES] = { 1 };
	struct entropy entropy;

	(void)state;
	entropy_init(&entropy, seed);
	for (size_t k = 0; k < 2; k++) {
		for (size_t with = 0; with < 2; with++) {
			const struct span passphrase = span_text(with == 1 ? "correct horse" : "");
			struct key *key = any_key(kinds[k]), *again = NULL;
			uint8_t pem[KEY_PEM_BYTES_MAX], copy[KEY_PEM_BYTES_MAX];
			size_t len = 0, copy_len = 0;

			assert_int_equal(key_to_pem(key, passphrase, &entropy, pem, &len), 0);
			assert_int_equal(key_pem_is_encrypted(span_of(pem, len)), with == 1);
			assert_int_equal(key_from_pem(span_of(pem, len), passphrase, &again), 0);
			assert_int_equal(key_kind(again), kinds[k]);
			assert_true(span_equal(key_spki(again), key_spki(key)));
			if (with == 0) {
				assert_int_equal(
					key_to_pem(again, passphrase, &entropy, copy, &copy_len),
					0);
				assert_true(span_equal(span_of(pem, len), span_of(copy, copy_len)));
			}
			key_free(key);
			key_free(again);
		}
	}
}

/* The secret stands nowhere in the text of an encrypted key, and salt and IV differ each time. */
static void test_passphrase(void **state)
{
	static const char *const wrong[] = { "", "c", "correct hors", "correct horse ",
					     "Correct horse" };
	const struct span passphrase = span_text("correct horse");
	const uint8_t seed[ENTROPY_SEED_BYTES] = { 1 };
	struct key *key = any_key(KEY_ED25519), *opened = NULL;
	uint8_t pem[2][KEY_PEM_BYTES_MAX];
	size_t len[2];
	struct entropy entropy;

	(void)state;
	entropy_init(&entropy, seed);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(key_to_pem(key, passphrase, &entropy, pem[i], &len[i]), 0);
	assert_false(span_equal(span_of(pem[0], len[0]), span_of(pem[1], len[1])));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(
			key_from_pem(span_of(pem[0], len[0]), span_text(wrong[i]), &opened),
			ERR_PASSPHRASE);
	assert_null(opened);
	assert_int_equal(key_from_pem(span_of(pem[0], len[0]), passphrase, &opened), 0);
	key_free(opened);
	key_free(key);
}

/* `openssl genpkey` writes P-256 keys with the public half and in this order. */
static const char foreign_p256[] =
	"comment\n"
	"-----BEGIN PRIVATE KEY-----\r\n"
	"MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgya+p2EW6dRZrXCFX\r\n"
	"Z7HWk05Qw9s26JsSe4piKxIPZyGhRANCAARg/tS6JVqdMclh63TGNW1owEm4kjth\r\n"
	"+mzmaWIuYPKftnkD/hAIuLyZpBrp6VYovGTy8bIMLX6fUXejwpTURiKZ\r\n"
	"-----END PRIVATE KEY-----\r\n";

static void test_pem_of_other_software(void **state)
{
	struct key *key = NULL, *same = any_key(KEY_P256);

	(void)state;
	assert_int_equal(key_from_pem(span_text(foreign_p256), span_text(""), &key), 0);
	assert_true(span_equal(key_spki(key), key_spki(same)));
	key_free(key);
	key_free(same);
}

static void test_bad_pem(void **state)
{
	static const struct {
		const char *text;
		int expected;
	} cases[] = {
		{ "", ERR_MALFORMED },
		{ "-----BEGIN PRIVATE KEY-----\n", ERR_MALFORMED },
		{ "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n", ERR_MALFORMED },
		{ "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n", ERR_MALFORMED },
		{ "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n", ERR_MALFORMED },
		{ "-----BEGIN PRIVATE KEY-----\nMAA\n-----END PRIVATE KEY-----\n", ERR_MALFORMED },
		{ "-----BEGIN PRIVATE KEY-----\n!!!!\n-----END PRIVATE KEY-----\n", ERR_MALFORMED },
		{ "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n"
		  "-----END ENCRYPTED PRIVATE KEY-----\n",
		  ERR_MALFORMED },
		/* X25519, then Ed448: keys, but none of ours */
		{ "-----BEGIN PRIVATE KEY-----\n"
		  "MC4CAQAwBQYDK2VuBCIEIHcHbQpzGKV9PBbBclGyZkXfTC+H68CZKrF3+6UduSwq\n"
		  "-----END PRIVATE KEY-----\n",
		  ERR_UNSUPPORTED },
		{ "-----BEGIN PRIVATE KEY-----\n"
		  "MEcCAQAwBQYDK2VxBDsEOWyCpWLLgI0QYyyJvhPITsls/SnW7Rp+eaBKbd5bmYel\n"
		  "DJzg4OXWdDHt1D73ZFXpjxwWJzjM7UlKBQ==\n"
		  "-----END PRIVATE KEY-----\n",
		  ERR_UNSUPPORTED },
	};
	struct key *key = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(key_from_pem(span_text(cases[i].text), span_text("x"), &key),
				 cases[i].expected);
	for (size_t cut = 1; cut < sizeof(foreign_p256) - 3; cut++) /* the last line needs no end */
		assert_int_equal(key_from_pem(span_of(foreign_p256, sizeof(foreign_p256) - 3 - cut),
					      span_text(""), &key),
				 ERR_MALFORMED);
	assert_null(key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_draws),
		cmocka_unit_test(test_ed25519_published),
		cmocka_unit_test(test_p256_published),
		cmocka_unit_test(test_p256_scalars),
		cmocka_unit_test(test_every_bit_counts),
		cmocka_unit_test(test_p256_has_one_signature),
		cmocka_unit_test(test_ecdsa_forms),
		cmocka_unit_test(test_unknown_kinds_of_key),
		cmocka_unit_test(test_point_off_the_curve),
		cmocka_unit_test(test_pem),
		cmocka_unit_test(test_passphrase),
		cmocka_unit_test(test_pem_of_other_software),
		cmocka_unit_test(test_bad_pem),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
