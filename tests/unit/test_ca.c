/* test_ca.c - issuing: what comes out is accepted, what must not be signed is refused, and one key
 * keeps its id when its certificate is renewed with the same salt. */
#include "base/err.h"
#include "crypto/ca.h"
#include "crypto/certificate_form.h"
#include "crypto/pem.h"
#include "tests/lib/cmocka.h"

static const enum key_kind kinds[] = { KEY_ED25519, KEY_P256 };
static const struct wall now = { .us = INT64_C(1800000000123456) }; /* not a whole second */

/* A CA, a member's request to it, and what it would grant. */
struct office {
	struct entropy entropy;
	struct key *ca_key, *member_key; /* owned */
	struct trust *trust;             /* owned */
	uint8_t ca_buffer[CERTIFICATE_BYTES_MAX], request_buffer[CA_PEM_BYTES_MAX];
	struct span ca, request_pem;
	struct ca_request request;
	struct ca_grant grant;
};

static struct key *draw_key(struct office *office, enum key_kind kind)
{
	uint8_t secret[KEY_SECRET_BYTES];
	struct key *key = NULL;

	entropy_bytes(&office->entropy, secret, sizeof(secret));
	assert_int_equal(key_new(kind, secret, &key), 0);
	return key;
}

static void office_open(struct office *office, enum key_kind ca, enum key_kind member)
{
	const uint8_t seed[ENTROPY_SEED_BYTES] = { 1 };
	struct writer der = writer_of(office->ca_buffer, sizeof(office->ca_buffer));
	struct writer pem = writer_of(office->request_buffer, sizeof(office->request_buffer));

	entropy_init(&office->entropy, seed);
	office->ca_key = draw_key(office, ca);
	office->member_key = draw_key(office, member);
	assert_int_equal(ca_new(office->ca_key, "office", now, &office->entropy, &der), 0);
	office->ca = writer_span(&der);
	assert_int_equal(trust_new_group(office->ca, &office->trust), 0);
	assert_int_equal(ca_request(office->member_key, "alpha", &pem), 0);
	office->request_pem = writer_span(&pem);
	assert_int_equal(ca_request_read(office->request_pem, &office->request), 0);
	office->grant = (struct ca_grant){ .request = &office->request, .now = now, .days = 365 };
	entropy_bytes(&office->entropy, office->grant.salt, sizeof(office->grant.salt));
}

static void office_close(struct office *office)
{
	trust_free(office->trust);
	key_free(office->ca_key);
	key_free(office->member_key);
}

static int sign(struct office *office, struct certificate *ret)
{
	uint8_t buffer[CERTIFICATE_BYTES_MAX];
	struct writer der = writer_of(buffer, sizeof(buffer));
	const int err = ca_sign(office->ca_key, office->ca, &office->grant, &office->entropy, &der);

	if (err == 0)
		assert_int_equal(certificate_verify(office->trust, writer_span(&der), now, ret), 0);
	return err;
}

static void test_all_kinds_of_keys(void **state)
{
	(void)state;
	for (size_t i = 0; i < 8; i++) {
		const uint8_t address[4] = { 10, 128, 0, 7 };
		struct office office;
		struct certificate c;

		office_open(&office, kinds[i & 1], kinds[i >> 1 & 1]);
		office.grant.has_ipv4 = i >> 2 == 1;
		memcpy(office.grant.ipv4, address, sizeof(address));
		assert_int_equal(sign(&office, &c), 0);

		const struct id id = certificate_id(key_spki(office.member_key), office.grant.salt);
		assert_int_equal(c.class, CERTIFICATE_GROUP);
		assert_true(id_equal(&c.id, &id));
		assert_true(id_equal(&c.network, trust_network(office.trust)));
		assert_string_equal(c.name, "alpha");
		assert_int_equal(c.has_ipv4, i >> 2 == 1);
		if (c.has_ipv4)
			assert_memory_equal(c.ipv4, address, sizeof(address));
		assert_memory_equal(c.salt, office.grant.salt, sizeof(c.salt));
		assert_int_equal(c.serial_len, 16);
		assert_int_equal(c.not_before.us, INT64_C(1800000000000000));
		assert_int_equal(c.not_after.us,
				 INT64_C(1800000000000000) + INT64_C(365) * 86400 * 1000000);
		assert_true(span_equal(span_of(c.spki, c.spki_len), key_spki(office.member_key)));
		office_close(&office);
	}
}

static void test_network_is_the_hash_of_the_ca_key(void **state)
{
	struct office office;
	uint8_t hash[HASH_BYTES];

	(void)state;
	office_open(&office, KEY_ED25519, KEY_ED25519);
	const struct span spki = key_spki(office.ca_key);
	hash_sha256(&spki, 1, hash);
	assert_memory_equal(trust_network(office.trust)->bytes, hash, ID_BYTES);
	assert_string_equal(trust_group(office.trust), "office");
	assert_false(trust_is_open(office.trust));
	office_close(&office);
}

static void test_renewal_keeps_the_id(void **state)
{
	struct office office;
	struct certificate first, renewed, moved;

	(void)state;
	office_open(&office, KEY_ED25519, KEY_ED25519);
	assert_int_equal(sign(&office, &first), 0);
	memcpy(office.grant.salt, first.salt, sizeof(first.salt));
	assert_int_equal(sign(&office, &renewed), 0);
	assert_true(id_equal(&first.id, &renewed.id));
	assert_memory_not_equal(first.serial, renewed.serial, first.serial_len);

	office.grant.salt[0] ^= 1;
	assert_int_equal(sign(&office, &moved), 0);
	assert_false(id_equal(&first.id, &moved.id));
	office_close(&office);
}

static void test_lifetimes(void **state)
{
	static const struct wall in_2049 = { .us = INT64_C(2500000000000000) };
	struct office office;
	struct certificate c;

	(void)state;
	office_open(&office, KEY_ED25519, KEY_ED25519);
	office.grant.days = 1;
	assert_int_equal(sign(&office, &c), 0);
	assert_int_equal(c.not_after.us - c.not_before.us, INT64_C(86400000000));
	office.grant.days = CA_DAYS_MAX; /* past 2036 */
	assert_int_equal(sign(&office, &c), 0);

	office.grant.now = in_2049; /* into the 2050s, where dates are written otherwise */
	uint8_t buffer[CERTIFICATE_BYTES_MAX];
	struct writer der = writer_of(buffer, sizeof(buffer));
	assert_int_equal(ca_sign(office.ca_key, office.ca, &office.grant, &office.entropy, &der),
			 0);
	assert_int_equal(certificate_verify(office.trust, writer_span(&der), in_2049, &c), 0);
	assert_int_equal(c.not_after.us - c.not_before.us, INT64_C(86400000000) * CA_DAYS_MAX);
	office_close(&office);
}

static void test_what_is_not_signed(void **state)
{
	struct office office, other;
	struct certificate c;

	(void)state;
	office_open(&office, KEY_ED25519, KEY_ED25519);
	office_open(&other, KEY_P256, KEY_ED25519);

	const struct span ca = office.ca;
	office.ca = other.ca; /* not of this key */
	assert_int_equal(sign(&office, &c), ERR_CERTIFICATE);
	office.ca = span_of(ca.data, ca.len - 1);
	assert_int_equal(sign(&office, &c), ERR_CERTIFICATE);
	office.ca = ca;

	office.grant.now.us = now.us - 1000000; /* a clock from before the group */
	assert_int_equal(sign(&office, &c), ERR_NOT_YET);
	office.grant.now = now;

	struct ca_grant grant = office.grant;
	memset(office.grant.salt, 0,
	       sizeof(office.grant.salt)); /* that is how open networks look */
	assert_int_equal(sign(&office, &c), ERR_CERTIFICATE);
	office.grant = grant;

	const struct ca_request request = office.request;
	memcpy(office.request.spki, key_spki(office.ca_key).data, key_spki(office.ca_key).len);
	assert_int_equal(sign(&office, &c), ERR_CERTIFICATE); /* the CA as a member */
	office.request = request;
	memcpy(office.request.name, "Alpha", 6);
	assert_int_equal(sign(&office, &c), ERR_CERTIFICATE);
	office.request = request;
	assert_int_equal(sign(&office, &c), 0);
	office_close(&office);
	office_close(&other);
}

/* The longest names: with Ed25519 all 63 characters, with P-256 on both sides 48. */
static void test_longest_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		static const size_t fits[] = { 63, 48 };
		struct office office;
		struct certificate c;

		office_open(&office, kinds[i], kinds[i]);
		uint8_t buffer[CERTIFICATE_BYTES_MAX];
		struct writer der = writer_of(buffer, sizeof(buffer));
		assert_int_equal(
			ca_new(office.ca_key, "a23456789012345", now, &office.entropy, &der), 0);
		trust_free(office.trust);
		assert_int_equal(trust_new_group(writer_span(&der), &office.trust), 0);
		office.ca = writer_span(&der);
		office.grant.has_ipv4 = true;
		for (unsigned turn = 0; turn < 8; turn++) { /* P-256 signatures vary in length */
			memset(office.request.name, 'x', 63);
			office.request.name[fits[i]] = '\0';
			assert_int_equal(sign(&office, &c), 0);
		}
		if (fits[i] < CERTIFICATE_NAME_MAX) {
			memset(office.request.name, 'x', 63);
			assert_int_equal(sign(&office, &c), ERR_TOO_LONG);
		}
		office_close(&office);
	}
}

static void test_names(void **state)
{
	static const char *const good[] = { "a", "0", "a-b", "alpha", "node-17", "9to5" };
	static const char *const bad[] = { "",    "-a",  "a-",       "A",   "a_b",
					   "a.b", "a b", "\xc3\xa4", "a\n", "ipop:x" };
	static const char *const bad_groups[] = {
		"", "1st", "-a", "Office", "a_b", "a.b", "a23456789012345x"
	};
	char longest[CERTIFICATE_NAME_MAX + 2];
	struct office office;

	(void)state;
	office_open(&office, KEY_ED25519, KEY_ED25519);
	struct ca_self self = { .network = trust_network(office.trust), .now = now, .days = 1 };
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(certificate_name_is_valid(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint8_t buffer[CA_PEM_BYTES_MAX];
		struct writer w = writer_of(buffer, sizeof(buffer));

		assert_false(certificate_name_is_valid(bad[i]));
		assert_int_equal(ca_request(office.member_key, bad[i], &w), ERR_MALFORMED);
		self.name = bad[i];
		assert_int_equal(ca_sign_open(office.member_key, &self, &office.entropy, &w),
				 ERR_MALFORMED);
		assert_int_equal(w.len, 0);
	}
	for (size_t i = 0; i < sizeof(bad_groups) / sizeof(bad_groups[0]); i++) {
		uint8_t buffer[CERTIFICATE_BYTES_MAX];
		struct writer w = writer_of(buffer, sizeof(buffer));

		assert_int_equal(ca_new(office.ca_key, bad_groups[i], now, &office.entropy, &w),
				 ERR_MALFORMED);
	}
	memset(longest, 'x', sizeof(longest));
	longest[CERTIFICATE_NAME_MAX + 1] = '\0';
	assert_false(certificate_name_is_valid(longest));
	longest[CERTIFICATE_NAME_MAX] = '\0';
	assert_true(certificate_name_is_valid(longest));
	office_close(&office);
}

/* A request with its body written by `form_request` and any key to sign it. */
static int read_request(const char *name, struct span spki, const struct key *signer)
{
	uint8_t buffers[3][CA_PEM_BYTES_MAX], signature[KEY_SIGNATURE_BYTES_MAX];
	struct writer body = writer_of(buffers[0], CA_PEM_BYTES_MAX);
	struct writer der = writer_of(buffers[1], CA_PEM_BYTES_MAX);
	struct writer pem = writer_of(buffers[2], CA_PEM_BYTES_MAX);
	struct ca_request request;
	size_t len = 0;

	form_request(&body, name, spki);
	assert_int_equal(key_sign(signer, writer_span(&body), signature, &len), 0);
	form_join(&der, &(struct form_parts){ writer_span(&body), key_kind(signer),
					      span_of(signature, len) });
	assert_int_equal(pem_encode(writer_span(&der), "CERTIFICATE REQUEST", &pem), 0);
	return ca_request_read(writer_span(&pem), &request);
}

static void test_proof_of_possession(void **state)
{
	static const uint8_t x25519_spki[44] = { 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
						 0x2b, 0x65, 0x6e, 0x03, 0x21, 0x00 };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct office office;

		office_open(&office, KEY_ED25519, kinds[i]);
		struct key *thief = draw_key(&office, kinds[i]);
		const struct span spki = key_spki(office.member_key);

		assert_int_equal(read_request("alpha", spki, office.member_key), 0);
		assert_int_equal(read_request("alpha", spki, thief), ERR_AUTH);
		assert_int_equal(read_request("Alpha", spki, office.member_key), ERR_MALFORMED);
		assert_int_equal(read_request("", spki, office.member_key), ERR_MALFORMED);
		assert_int_equal(read_request("alpha", span_of(x25519_spki, sizeof(x25519_spki)),
					      office.member_key),
				 ERR_UNSUPPORTED);
		key_free(thief);
		office_close(&office);
	}
}

/* Each byte of a request's DER changed: never accepted. */
static void test_every_byte_of_a_request_counts(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct office office;
		uint8_t buffer[CERTIFICATE_BYTES_MAX];
		struct writer der = writer_of(buffer, sizeof(buffer));

		office_open(&office, KEY_ED25519, kinds[i]);
		assert_int_equal(pem_decode(office.request_pem, "CERTIFICATE REQUEST", &der), 0);
		for (size_t at = 0; at < der.len; at++) {
			uint8_t text[CA_PEM_BYTES_MAX];
			struct writer pem = writer_of(text, sizeof(text));
			struct ca_request request;

			buffer[at] ^= 0x04;
			assert_int_equal(pem_encode(writer_span(&der), "CERTIFICATE REQUEST", &pem),
					 0);
			assert_int_not_equal(ca_request_read(writer_span(&pem), &request), 0);
			buffer[at] ^= 0x04;
		}
		office_close(&office);
	}
}

/* `openssl req -new -subj /CN=alpha` with a P-256 key; its signature has the higher s. */
static void test_request_of_other_software(void **state)
{
	static const char pem[] =
		"-----BEGIN CERTIFICATE REQUEST-----\n"
		"MIHLMHICAQAwEDEOMAwGA1UEAwwFYWxwaGEwWTATBgcqhkjOPQIBBggqhkjOPQMB\n"
		"BwNCAARg/tS6JVqdMclh63TGNW1owEm4kjth+mzmaWIuYPKftnkD/hAIuLyZpBrp\n"
		"6VYovGTy8bIMLX6fUXejwpTURiKZoAAwCgYIKoZIzj0EAwIDSQAwRgIhAJRv6lHR\n"
		"Ce6lpHEjssAZUNTaPDPMcIBhal5+rauZAbFfAiEA1pE+SybCY7dAPVt0cgGDx35S\n"
		"lgzxWRRiOaaB7YK1W+A=\n"
		"-----END CERTIFICATE REQUEST-----\n";
	struct ca_request request;

	(void)state;
	assert_int_equal(ca_request_read(span_text(pem), &request), 0);
	assert_string_equal(request.name, "alpha");
	assert_int_equal(request.spki_len, 91);
}

static void test_bad_requests(void **state)
{
	static const struct {
		const char *text;
		int expected;
	} cases[] = {
		{ "", ERR_MALFORMED },
		{ "-----BEGIN CERTIFICATE REQUEST-----\n", ERR_MALFORMED },
		{ "-----BEGIN CERTIFICATE REQUEST-----\n-----END CERTIFICATE REQUEST-----\n",
		  ERR_MALFORMED },
		{ "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n", ERR_MALFORMED },
		{ "-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n-----END CERTIFICATE REQUEST-----\n",
		  ERR_MALFORMED },
	};
	char large[4096] = "-----BEGIN CERTIFICATE REQUEST-----\n";
	size_t len = strlen(large);
	struct ca_request request;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(ca_request_read(span_text(cases[i].text), &request),
				 cases[i].expected);
	for (unsigned line = 0; line < 14; line++) { /* 672 bytes */
		memset(large + len, 'A', 64);
		large[len + 64] = '\n';
		len += 65;
	}
	memcpy(large + len, "-----END CERTIFICATE REQUEST-----\n", 35);
	assert_int_equal(ca_request_read(span_text(large), &request), ERR_TOO_LONG);
}

static void test_open_networks(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		const struct id network = { { 7 } };
		uint8_t buffer[CERTIFICATE_BYTES_MAX];
		struct writer der = writer_of(buffer, sizeof(buffer));
		struct trust *trust = NULL;
		struct office office;
		struct certificate c;

		office_open(&office, KEY_ED25519, kinds[i]);
		assert_int_equal(trust_new_open(&network, &trust), 0);
		assert_true(trust_is_open(trust));
		assert_string_equal(trust_group(trust), "");
		assert_int_equal(ca_sign_open(office.member_key,
					      &(struct ca_self){ .name = "alpha",
								 .network = &network,
								 .now = now,
								 .days = 30 },
					      &office.entropy, &der),
				 0);
		assert_int_equal(certificate_verify(trust, writer_span(&der), now, &c), 0);
		assert_int_equal(c.class, CERTIFICATE_OPEN);
		assert_true(span_is_zero(span_of(c.salt, sizeof(c.salt))));
		assert_true(id_equal(&c.network, &network));
		assert_int_equal(certificate_verify(office.trust, writer_span(&der), now, &c),
				 ERR_CERTIFICATE); /* and not in a group */
		trust_free(trust);
		office_close(&office);
	}
}

/* Same bytes in, same certificate out. */
static void test_ed25519_is_deterministic(void **state)
{
	struct office a, b;
	struct certificate ca, cb;

	(void)state;
	office_open(&a, KEY_ED25519, KEY_ED25519);
	office_open(&b, KEY_ED25519, KEY_ED25519);
	assert_int_equal(sign(&a, &ca), 0);
	assert_int_equal(sign(&b, &cb), 0);
	assert_true(span_equal(span_of(ca.der, ca.der_len), span_of(cb.der, cb.der_len)));
	office_close(&a);
	office_close(&b);
}

static void test_no_room(void **state)
{
	struct office office;
	uint8_t buffer[CERTIFICATE_BYTES_MAX];
	struct certificate c;

	(void)state;
	office_open(&office, KEY_ED25519, KEY_ED25519);
	assert_int_equal(sign(&office, &c), 0);
	struct writer der = writer_of(buffer, c.der_len - 1U);
	assert_int_equal(ca_sign(office.ca_key, office.ca, &office.grant, &office.entropy, &der),
			 ERR_TOO_LONG);
	office_close(&office);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_kinds_of_keys),
		cmocka_unit_test(test_network_is_the_hash_of_the_ca_key),
		cmocka_unit_test(test_renewal_keeps_the_id),
		cmocka_unit_test(test_lifetimes),
		cmocka_unit_test(test_what_is_not_signed),
		cmocka_unit_test(test_longest_names),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_proof_of_possession),
		cmocka_unit_test(test_every_byte_of_a_request_counts),
		cmocka_unit_test(test_request_of_other_software),
		cmocka_unit_test(test_bad_requests),
		cmocka_unit_test(test_open_networks),
		cmocka_unit_test(test_ed25519_is_deterministic),
		cmocka_unit_test(test_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
