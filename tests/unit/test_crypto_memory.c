/* test_crypto_memory.c - what crypto/ takes it gives back, however a call ends: after the crypto of
 * some hundred handshakes not one block more is taken, and libcrypto's list of errors is empty. It
 * gives it back wiped. And when memory ends in the midst of a judgement, that is never yes.
 *
 * CRYPTO_ROUNDS in the environment sets another number of rounds, for the long run. */
#include "base/err.h"
#include "crypto/noise.h"
#include "crypto/x25519.h"
#include "tests/lib/allocations.h"
#include "tests/lib/cmocka.h"
#include "tests/lib/death.h"
#include "tests/lib/forge.h"
#include "tests/lib/progress.h"

#include <openssl/err.h>
#include <stdlib.h>

#define ROUNDS 100
#define RSS_GROWTH_MAX_BYTES (1 << 20)

static struct forge forge;
static struct forged good, bad;

static long rounds(void)
{
	const char *text = getenv("CRYPTO_ROUNDS");

	return text == NULL ? ROUNDS : strtol(text, NULL, 10);
}

static void start(enum noise_pattern pattern, const struct suite *suite, struct noise sides[2])
{
	static const uint8_t psk[HASH_BYTES] = { 7 };

	for (size_t i = 0; i < 2; i++) {
		uint8_t secret[NOISE_KEY_BYTES];
		struct noise_keypair pair;

		entropy_bytes(&forge.entropy, secret, sizeof(secret));
		assert_int_equal(noise_keypair(secret, &pair), 0);
		noise_init(&sides[i], &(struct noise_config){ .pattern = pattern,
							      .suite = suite,
							      .initiator = i == 0,
							      .psk = psk,
							      .local_static = &pair });
	}
}

static void carry(struct noise *from, struct noise *to, int expected)
{
	uint8_t secret[NOISE_KEY_BYTES], message[512], out[512];
	struct writer w = writer_of(message, sizeof(message));
	size_t len = 0;

	entropy_bytes(&forge.entropy, secret, sizeof(secret));
	assert_int_equal(noise_write_keys(from, secret, &w), 0);
	assert_int_equal(noise_write_payload(from, span_of(good.der, 300), &w), 0);
	message[w.len - 1] ^= expected != 0;

	struct span rest = writer_span(&w);
	assert_int_equal(noise_read_keys(to, &rest), 0);
	assert_int_equal(noise_read_payload(to, rest, out, &len), expected);
}

static void run_noise(const struct suite *suite)
{
	uint8_t zero_point[NOISE_KEY_BYTES] = { 0 };
	struct span rest = span_of(zero_point, sizeof(zero_point));
	struct noise sides[2], copy;
	struct noise_keys keys;

	start(NOISE_XXPSK3, suite, sides);
	for (size_t m = 0; m < 3; m++)
		carry(&sides[m % 2], &sides[(m + 1) % 2], 0);
	noise_split(&sides[0], &keys);

	start(NOISE_NNPSK0, suite, sides);
	copy = sides[1];
	carry(&sides[0], &copy, ERR_AUTH);
	assert_int_equal(noise_read_keys(&sides[0], &rest), ERR_CRYPTO);
}

static void run_keys(void)
{
	for (size_t kind = 0; kind < 2; kind++) {
		const struct key *key = forge.member_keys[kind];
		const struct span message = span_of(good.der, 32);
		uint8_t signature[KEY_SIGNATURE_BYTES_MAX], pem[KEY_PEM_BYTES_MAX];
		struct ca_request request;
		struct key *again = NULL;
		size_t len = 0;

		assert_int_equal(key_sign(key, message, signature, &len), 0);
		assert_int_equal(key_verify(key_spki(key), message, span_of(signature, len)), 0);
		assert_int_equal(
			key_verify(key_spki(key), span_text("other"), span_of(signature, len)),
			ERR_AUTH);
		assert_int_equal(key_to_pem(key, span_of(NULL, 0), NULL, pem, &len), 0);
		assert_int_equal(key_from_pem(span_of(pem, len), span_of(NULL, 0), &again), 0);
		key_free(again);
		assert_int_equal(key_from_pem(span_of(pem, len - 60), span_of(NULL, 0), &again),
				 ERR_MALFORMED);

		struct writer w = writer_of(pem, sizeof(pem));
		assert_int_equal(ca_request(key, "alpha", &w), 0);
		assert_int_equal(ca_request_read(writer_span(&w), &request), 0);
	}
}

static void run_certificates(void)
{
	const struct trust *trust = forge.trusts[FORGE_ED25519];
	const struct span ca = span_of(forge.ca_ders[0], forge.ca_lens[0]);
	struct certificate c;
	struct trust *again = NULL;

	assert_int_equal(certificate_verify(trust, span_of(good.der, good.len), forge.now, &c), 0);
	assert_int_equal(certificate_verify(trust, span_of(bad.der, bad.len), forge.now, &c),
			 ERR_CERTIFICATE);
	assert_int_equal(trust_new_group(ca, &again), 0);
	trust_free(again);
	assert_int_equal(trust_new_group(span_of(good.der, good.len), &again), ERR_CERTIFICATE);
}

static void run_mac_and_aead(const struct suite *suite)
{
	const uint8_t key[AEAD_KEY_BYTES] = { 1 }, nonce[AEAD_NONCE_BYTES] = { 0 };
	uint8_t bytes[64 + AEAD_TAG_BYTES] = { 0 };
	const struct span sealed = span_of(bytes, sizeof(bytes));
	struct mac mac;
	struct aead aead;

	assert_int_equal(mac_init(&mac, key), 0);
	mac_compute(&mac, &sealed, 1, bytes);
	mac_free(&mac);
	assert_int_equal(aead_init(&aead, suite->packets, key), 0);
	assert_int_equal(aead_seal(&aead, nonce, span_of(NULL, 0), span_of(bytes, 64), bytes), 0);
	bytes[0] ^= 1;
	assert_int_equal(aead_open(&aead, nonce, span_of(NULL, 0), sealed, bytes), ERR_AUTH);
	aead_free(&aead);
}

static void run_round(long i)
{
	const struct suite *suite = &suites_all[i % 2];

	run_noise(suite);
	run_keys();
	run_certificates();
	run_mac_and_aead(suite);
	assert_int_equal(ERR_peek_error(), 0);
}

static void test_all_is_given_back(void **state)
{
	int64_t live = 0;
	struct progress progress = progress_start("rounds", (uint64_t)rounds());
	uint64_t rss = 0;

	(void)state;
	for (long i = 0; i < rounds(); i++) {
		run_round(i);
		if (i == 1) /* by now libcrypto has what it keeps */
			live = allocations_live();
		if (i == rounds() / 4)
			rss = progress_rss_bytes();
		progress_tell(&progress, (uint64_t)i + 1);
	}
	assert_int_equal(allocations_live(), live);
	if (rounds() > ROUNDS) /* in the long run; a sanitizer keeps what is freed for a while */
		assert_true(progress_rss_bytes() < rss + RSS_GROWTH_MAX_BYTES);
}

/* Whatever is done with a key, no block of the heap is given back with its secret in it. */
static void test_secrets_are_wiped(void **state)
{
	static const uint8_t secret[KEY_SECRET_BYTES] = "a canary that sings in the dark";
	const struct span empty = span_of(NULL, 0), passphrase = span_text("passphrase");

	(void)state;
	for (size_t kind = 0; kind < 2; kind++) {
		uint8_t pem[2][KEY_PEM_BYTES_MAX], signature[KEY_SIGNATURE_BYTES_MAX];
		struct key *key = NULL, *again = NULL;
		size_t len[2] = { 0 }, signature_len = 0;

		(void)allocations_watch(secret, 16);
		assert_int_equal(key_new((enum key_kind)kind, secret, &key), 0);
		assert_int_equal(key_sign(key, empty, signature, &signature_len), 0);
		assert_int_equal(key_to_pem(key, empty, &forge.entropy, pem[0], &len[0]), 0);
		assert_int_equal(key_to_pem(key, passphrase, &forge.entropy, pem[1], &len[1]), 0);
		assert_int_equal(key_from_pem(span_of(pem[0], len[0]), empty, &again), 0);
		key_free(again);
		assert_int_equal(key_from_pem(span_of(pem[1], len[1]), passphrase, &again), 0);
		key_free(again);
		assert_int_equal(key_from_pem(span_of(pem[0], len[0] - 40), empty, &again),
				 ERR_MALFORMED);
		key_free(key);
		assert_int_equal(allocations_watch(NULL, 0), 0);
	}

	struct noise_keypair pair;
	uint8_t shared[X25519_BYTES];
	(void)allocations_watch(secret, 16);
	assert_int_equal(noise_keypair(secret, &pair), 0);
	assert_int_equal(x25519_shared(secret, pair.public, pair.public, shared), 0);
	assert_int_equal(allocations_watch(NULL, 0), 0);
}

/* The watch itself sees what is not wiped. */
static void test_watch(void **state)
{
	static const uint8_t secret[16] = "a careless owner";
	uint8_t *volatile block = calloc(1, 64); /* stores before a free are not for nothing here */

	(void)state;
	assert_non_null(block);
	memcpy(block + 20, secret, sizeof(secret));
	(void)allocations_watch(secret, sizeof(secret));
	free(block);
	assert_int_equal(allocations_watch(NULL, 0), 1);
}

/* A packet takes nothing at all. */
static void test_packets_take_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; suites_all[i].id != SUITE_NONE; i++) {
		const uint8_t key[AEAD_KEY_BYTES] = { 1 }, nonce[AEAD_NONCE_BYTES] = { 0 };
		uint8_t bytes[1400 + AEAD_TAG_BYTES] = { 0 };
		const struct span sealed = span_of(bytes, sizeof(bytes));
		struct aead aead;
		struct mac mac;

		assert_int_equal(aead_init(&aead, suites_all[i].packets, key), 0);
		assert_int_equal(mac_init(&mac, key), 0);

		const uint64_t before = allocations_count();
		for (unsigned packet = 0; packet < 100; packet++) {
			assert_int_equal(aead_seal(&aead, nonce, span_of(key, 16),
						   span_of(bytes, 1400), bytes),
					 0);
			assert_int_equal(aead_open(&aead, nonce, span_of(key, 16), sealed, bytes),
					 0);
			mac_compute(&mac, &sealed, 1, bytes);
		}
		assert_int_equal(allocations_count(), before);
		aead_free(&aead);
		mac_free(&mac);
	}
}

static uint64_t failing;

/* Ends by abort() if the judgement was yes though it should have been no. */
static void judge_bad(void)
{
	struct certificate c;

	allocations_fail_at(failing);
	const int err = certificate_verify(forge.trusts[FORGE_ED25519], span_of(bad.der, bad.len),
					   forge.now, &c);
	allocations_fail_at(0);
	if (err == 0) {
		(void)fputs("accepted", stderr);
		abort();
	}
}

static int64_t live_after_judging_good(void)
{
	struct certificate c;

	allocations_fail_at(failing);
	(void)certificate_verify(forge.trusts[FORGE_ED25519], span_of(good.der, good.len),
				 forge.now, &c); /* yes or no, but an answer */
	allocations_fail_at(0);
	return allocations_live();
}

/* libcrypto's list of errors keeps up to 16 texts for the next errors; a leak would go on. */
static void judge_good(void)
{
	int64_t live = allocations_live();

	if (live_after_judging_good() == live)
		return;
	for (unsigned i = 0; i < 20; i++)
		live = live_after_judging_good();
	for (unsigned i = 0; i < 20; i++) {
		if (live_after_judging_good() > live) {
			(void)fputs("kept", stderr);
			abort();
		}
	}
}

static void judge_both(void)
{
	judge_bad();
	judge_good();
}

static void test_memory_ends_while_judging(void **state)
{
	struct certificate c;
	const uint64_t before = allocations_count();

	(void)state;
	assert_int_equal(certificate_verify(forge.trusts[FORGE_ED25519], span_of(bad.der, bad.len),
					    forge.now, &c),
			 ERR_CERTIFICATE);
	const uint64_t count = allocations_count() - before;
	assert_true(count > 10);
	for (failing = 1; failing <= count; failing += 3) { /* all would take too long */
		const char *text = death_text(judge_both);

		if (text != NULL)
			fail_msg("allocation %u: %s", (unsigned)failing, text);
	}
}

static int set_up(void **state)
{
	(void)state;
	forge_init(&forge);
	forge_good(&forge, 0, &good);
	for (size_t i = 0; i < forge_bad_count(); i++) { /* only the signature is wrong with it */
		forge_bad(&forge, i, &bad);
		if (strcmp(bad.what, "by another CA of the same name") == 0)
			return 0;
	}
	return -1;
}

static int tear_down(void **state)
{
	(void)state;
	forge_free(&forge);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_is_given_back),
		cmocka_unit_test(test_watch),
		cmocka_unit_test(test_secrets_are_wiped),
		cmocka_unit_test(test_packets_take_nothing),
		cmocka_unit_test(test_memory_ends_while_judging),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
