/* test_certificate.c - the good are accepted and read right, the bad are refused for the right
 * reason; of one certificate there is one encoding only. */
#include "base/err.h"
#include "crypto/certificate_form.h"
#include "tests/lib/cmocka.h"
#include "tests/lib/forge.h"

static void test_good(void **state)
{
	struct forge forge;
	struct forged forged;

	(void)state;
	forge_init(&forge);
	for (size_t i = 0; i < forge_good_count(); i++) {
		struct certificate c;

		forge_good(&forge, i, &forged);
		const int err = certificate_verify(forge.trusts[forged.world],
						   span_of(forged.der, forged.len), forged.now, &c);
		if (err != 0)
			fail_msg("%s: %s", forged.what, err_name(err));
		assert_true(span_equal(span_of(c.der, c.der_len), span_of(forged.der, forged.len)));
		assert_int_equal(c.class,
				 forged.world == FORGE_OPEN ? CERTIFICATE_OPEN : CERTIFICATE_GROUP);

		const struct id id = certificate_id(span_of(c.spki, c.spki_len), c.salt);
		assert_true(id_equal(&c.id, &id));
	}
	forge_free(&forge);
}

static void test_bad(void **state)
{
	struct forge forge;
	struct forged forged;
	unsigned wrong = 0;

	(void)state;
	assert_true(forge_bad_count() >= 40);
	forge_init(&forge);
	for (size_t i = 0; i < forge_bad_count(); i++) {
		struct certificate c;

		forge_bad(&forge, i, &forged);
		memset(&c, 0xee, sizeof(c));
		const int err = certificate_verify(forge.trusts[forged.world],
						   span_of(forged.der, forged.len), forged.now, &c);
		if (err != forged.expected) {
			print_message("%s: %s, not %s\n", forged.what, err_name(err),
				      err_name(forged.expected));
			wrong++;
		}
		assert_int_equal(c.name[0], '\xee'); /* outputs untouched */
	}
	assert_int_equal(wrong, 0);
	forge_free(&forge);
}

/* Whom it is shown to decides: nobody else's certificates, and no two worlds mixed. */
static void test_other_worlds(void **state)
{
	struct forge forge;
	struct forged forged;

	(void)state;
	forge_init(&forge);
	for (size_t i = 0; i < forge_good_count(); i++) {
		forge_good(&forge, i, &forged);
		for (size_t world = 0; world < FORGE_WORLDS; world++) {
			const bool other_class =
				(world == FORGE_OPEN) != (forged.world == FORGE_OPEN);
			struct certificate c;
			const int err =
				certificate_verify(forge.trusts[world],
						   span_of(forged.der, forged.len), forged.now, &c);

			if (world == (size_t)forged.world)
				assert_int_equal(err, 0);
			else
				assert_int_equal(err, other_class ? ERR_CERTIFICATE : ERR_FOREIGN);
		}
	}
	forge_free(&forge);
}

static void test_fields(void **state)
{
	static const uint8_t serial[] = { 0x12, 0x34, 0x56, 0x78, 0x90 };
	static const uint8_t address[] = { 10, 128, 0, 1 };
	struct forge forge;
	struct forged forged;
	struct certificate c;
	uint8_t hash[HASH_BYTES];

	(void)state;
	forge_init(&forge);
	forge_good(&forge, 1, &forged); /* with an address */
	assert_int_equal(certificate_verify(forge.trusts[0], span_of(forged.der, forged.len),
					    forged.now, &c),
			 0);
	assert_string_equal(c.name, "alpha");
	assert_true(id_equal(&c.network, trust_network(forge.trusts[0])));
	assert_true(c.has_ipv4);
	assert_memory_equal(c.ipv4, address, sizeof(address));
	for (size_t i = 0; i < sizeof(c.salt); i++)
		assert_int_equal(c.salt[i], 0x77);
	assert_int_equal(c.serial_len, sizeof(serial));
	assert_memory_equal(c.serial, serial, sizeof(serial));
	assert_int_equal(c.not_before.us, forge.now.us);
	assert_int_equal(c.not_after.us, forge.now.us + INT64_C(365) * 86400 * 1000000);

	const struct span spki = key_spki(forge.member_keys[KEY_ED25519]);
	assert_true(span_equal(span_of(c.spki, c.spki_len), spki));
	hash_sha256(&spki, 1, hash);
	assert_memory_equal(c.spki_hash, hash, sizeof(hash));
	assert_true(certificate_is_for(&c, forge.member_keys[KEY_ED25519]));
	assert_false(certificate_is_for(&c, forge.member_keys[KEY_P256]));
	forge_free(&forge);
}

/* Each bit of a certificate, of both kinds of CA and of none. */
static void test_every_bit_counts(void **state)
{
	static const size_t some[] = { 0, 2, 3 };
	struct forge forge;
	struct forged forged;

	(void)state;
	forge_init(&forge);
	for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++) {
		forge_good(&forge, some[i], &forged);
		for (size_t bit = 0; bit < 8 * forged.len; bit++) {
			struct certificate c;

			forged.der[bit / 8] ^= (uint8_t)(1U << bit % 8);
			assert_int_not_equal(certificate_verify(forge.trusts[forged.world],
								span_of(forged.der, forged.len),
								forged.now, &c),
					     0);
			forged.der[bit / 8] ^= (uint8_t)(1U << bit % 8);
		}
		for (size_t len = 0; len < forged.len; len++) {
			struct certificate c;

			assert_int_equal(certificate_verify(forge.trusts[forged.world],
							    span_of(forged.der, len), forged.now,
							    &c),
					 ERR_MALFORMED);
		}
	}
	forge_free(&forge);
}

/* A rekey asks only about the time. */
static void test_check_time(void **state)
{
	const struct certificate c = { .not_before = { .us = 1000000000 },
				       .not_after = { .us = 2000000000 } };
	const int64_t skew_us = INT64_C(300000000);

	(void)state;
	assert_int_equal(certificate_check_time(&c, (struct wall){ 1000000000 - skew_us }), 0);
	assert_int_equal(certificate_check_time(&c, (struct wall){ 1000000000 - skew_us - 1 }),
			 ERR_NOT_YET);
	assert_int_equal(certificate_check_time(&c, (struct wall){ 2000000000 + skew_us }), 0);
	assert_int_equal(certificate_check_time(&c, (struct wall){ 2000000000 + skew_us + 1 }),
			 ERR_EXPIRED);
}

static void test_pem(void **state)
{
	struct forge forge;
	char pem[CERTIFICATE_PEM_BYTES_MAX], short_of_one[CERTIFICATE_PEM_BYTES_MAX];
	uint8_t der[CERTIFICATE_BYTES_MAX];
	size_t len = 0;
	struct trust *trust = NULL;

	(void)state;
	forge_init(&forge);
	const struct span ca = span_of(forge.ca_ders[0], forge.ca_lens[0]);
	assert_int_equal(certificate_to_pem(ca, pem, sizeof(pem)), 0);
	assert_int_equal(certificate_to_pem(ca, short_of_one, strlen(pem) + 1), 0);
	assert_int_equal(certificate_to_pem(ca, short_of_one, strlen(pem)), ERR_TOO_LONG);
	assert_int_equal(certificate_to_pem(ca, short_of_one, 0), ERR_TOO_LONG);
	assert_int_equal(certificate_from_pem(span_text(pem), der, &len), 0);
	assert_true(span_equal(span_of(der, len), ca));
	assert_int_equal(trust_new_group(span_text(pem), &trust), 0);
	assert_true(id_equal(trust_network(trust), trust_network(forge.trusts[0])));
	trust_free(trust);
	assert_int_equal(certificate_from_pem(span_of(pem, strlen(pem) - 2), der, &len),
			 ERR_MALFORMED);

	memset(der, 0, sizeof(der)); /* the largest fits */
	assert_int_equal(certificate_to_pem(span_of(der, sizeof(der)), pem, sizeof(pem)), 0);
	assert_int_equal(certificate_from_pem(span_text(pem), der, &len), 0);
	assert_int_equal(len, CERTIFICATE_BYTES_MAX);
	forge_free(&forge);
}

/* Each bit of a CA's certificate, and what is none: a member's, one that another key signed. */
static void test_bad_cas(void **state)
{
	struct forge forge;
	struct forged forged;
	struct trust *trust = NULL;

	(void)state;
	forge_init(&forge);
	for (size_t kind = 0; kind < 2; kind++) {
		uint8_t *der = forge.ca_ders[kind];
		const struct span whole = span_of(der, forge.ca_lens[kind]);

		for (size_t bit = 0; bit < 8 * whole.len; bit++) {
			der[bit / 8] ^= (uint8_t)(1U << bit % 8);
			assert_int_equal(trust_new_group(whole, &trust), ERR_CERTIFICATE);
			der[bit / 8] ^= (uint8_t)(1U << bit % 8);
		}
		for (size_t len = 0; len < whole.len; len++)
			assert_int_equal(trust_new_group(span_of(der, len), &trust),
					 ERR_CERTIFICATE);
	}
	for (size_t i = 0; i < forge_good_count(); i++) {
		forge_good(&forge, i, &forged);
		assert_int_equal(trust_new_group(span_of(forged.der, forged.len), &trust),
				 ERR_CERTIFICATE);
	}
	assert_null(trust);
	trust_free(NULL);
	forge_free(&forge);
}

/* A CA's certificate in every respect but its name. */
static void test_names_of_cas(void **state)
{
	static const struct {
		const char *name;
		int expected;
	} cases[] = {
		{ "ipop:office", 0 },
		{ "ipop:o23456789-12345", 0 },
		{ "ipop:o23456789-123456", ERR_CERTIFICATE }, /* 16 characters */
		{ "office", ERR_CERTIFICATE },
		{ "ipop:", ERR_CERTIFICATE },
		{ "ipop:Office", ERR_CERTIFICATE },
		{ "ipop:9to5", ERR_CERTIFICATE },
		{ "ipop:-office", ERR_CERTIFICATE },
		{ "ipop:of_fice", ERR_CERTIFICATE },
		{ "IPOP:office", ERR_CERTIFICATE },
	};
	struct forge forge;

	(void)state;
	forge_init(&forge);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct key *key = forge.ca_keys[KEY_ED25519];
		struct certificate c = { .serial = { 1 }, .serial_len = 1 };
		uint8_t buffers[2][CERTIFICATE_BYTES_MAX], signature[KEY_SIGNATURE_BYTES_MAX];
		struct writer body = writer_of(buffers[0], CERTIFICATE_BYTES_MAX);
		struct writer der = writer_of(buffers[1], CERTIFICATE_BYTES_MAX);
		struct trust *trust = NULL;
		size_t len = 0;

		c.network = *trust_network(forge.trusts[FORGE_ED25519]);
		c.not_before = c.not_after = forge.now;
		memcpy(c.name, cases[i].name, strlen(cases[i].name) + 1);
		c.spki_len = (uint8_t)key_spki(key).len;
		memcpy(c.spki, key_spki(key).data, c.spki_len);
		form_ca(&body, &c, KEY_ED25519);
		assert_int_equal(key_sign(key, writer_span(&body), signature, &len), 0);
		form_join(&der, &(struct form_parts){ writer_span(&body), KEY_ED25519,
						      span_of(signature, len) });
		assert_int_equal(trust_new_group(writer_span(&der), &trust), cases[i].expected);
		trust_free(trust);
	}
	forge_free(&forge);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_other_worlds),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_every_bit_counts),
		cmocka_unit_test(test_check_time),
		cmocka_unit_test(test_pem),
		cmocka_unit_test(test_bad_cas),
		cmocka_unit_test(test_names_of_cas),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
