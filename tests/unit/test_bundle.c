/* test_bundle.c - a CA in memory: what it signs, what it refuses, and what becomes of a bundle in
 * which anything was changed. */
#include "tests/lib/cmocka.h"

#include "base/calendar.h"
#include "base/err.h"
#include "group/authority.h"
#include "group/text.h"

#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NOW_S 1795000000 /* in November 2026 */
#define DAY_S 86400
#define DAYS 30

static struct wall at_s(int64_t s)
{
	return wall_from_s(s);
}

/* A CA, and one member it has signed. */
struct group {
	struct entropy entropy;
	struct authority authority;
	struct authority_issue issue;
	struct bundle bundle;
	struct complaint complaint;
};

static struct key *make_key(struct entropy *entropy, enum key_kind kind)
{
	uint8_t secret[KEY_SECRET_BYTES];
	struct key *key;

	entropy_bytes(entropy, secret, sizeof(secret));
	secret[0] &= 0x7f; /* so that P-256 takes it, too */
	assert_int_equal(key_new(kind, secret, &key), 0);
	return key;
}

static struct ca_request request_of(const struct key *key, const char *name)
{
	struct ca_request request = { .spki_len = (uint8_t)key_spki(key).len };

	memcpy(request.spki, key_spki(key).data, key_spki(key).len);
	assert_true(snprintf(request.name, sizeof(request.name), "%s", name) > 0);
	return request;
}

/* Signs a new key. */
static int sign(struct group *g, const char *name, struct authority_issue *ret)
{
	struct key *const key = make_key(&g->entropy, KEY_ED25519);
	const struct ca_request request = request_of(key, name);
	const struct authority_wish wish = { .request = &request, .days = DAYS };
	const int err = authority_sign(&g->authority, &wish, at_s(NOW_S), ret, &g->complaint);

	key_free(key);
	return err;
}

static void init(struct group *g, uint8_t seed)
{
	const uint8_t bytes[ENTROPY_SEED_BYTES] = { seed };

	entropy_init(&g->entropy, bytes);
	assert_int_equal(authority_new("lab", at_s(NOW_S), &g->entropy, &g->authority), 0);
	g->authority.bootstrap_count = 1;
	assert_int_equal(bootstrap_from_text(span_text("vpn.example.org:4767#"
						       "aebagbafaydqqcikbmga2dqpcaireeyu"),
					     &g->authority.bootstrap[0]),
			 0);
	assert_int_equal(sign(g, "alpha", &g->issue), 0);
	assert_int_equal(authority_bundle(&g->authority, &g->issue.certificate, &g->bundle), 0);
}

static void done(struct group *g)
{
	authority_free(&g->authority);
	bundle_wipe(&g->bundle);
}

/* With a zero behind it. */
static struct span text_of(const struct bundle *bundle, uint8_t buffer[BUNDLE_BYTES_MAX])
{
	struct writer w = writer_of(buffer, BUNDLE_BYTES_MAX - 1);

	assert_int_equal(bundle_to_text(bundle, &w), 0);
	assert_true(writer_ok(&w));
	buffer[w.len] = '\0';
	return writer_span(&w);
}

static int verify(const struct bundle *bundle, int64_t now_s, struct complaint *complaint)
{
	struct certificate certificate;
	struct trust *trust = NULL;
	const int err = bundle_verify(bundle, at_s(now_s), &trust, &certificate, complaint);

	trust_free(trust);
	return err;
}

/* --- signing --- */

static void the_first_members(void **state)
{
	struct authority_issue second;
	struct group g;

	(void)state;
	init(&g, 1);
	assert_int_equal(sign(&g, "beta", &second), 0);
	assert_false(second.renewed);
	assert_string_equal(second.certificate.name, "beta");
	assert_true(second.certificate.has_ipv4);
	assert_int_equal(g.issue.certificate.ipv4[3], 1);
	assert_int_equal(second.certificate.ipv4[3], 2);
	assert_true(prefix_has_host(&g.authority.ipv4_prefix, second.certificate.ipv4));
	assert_int_equal(wall_to_s(second.certificate.not_after), NOW_S + DAYS * DAY_S);
	assert_int_equal(g.authority.registry.count, 2);
	assert_true(id_equal(&g.authority.registry.entries[1].id, &second.certificate.id));
	assert_memory_equal(g.authority.registry.entries[1].serial, second.certificate.serial,
			    second.certificate.serial_len);
	done(&g);
}

static void a_renewal_keeps_what_the_key_has(void **state)
{
	struct authority_wish wish = { .days = DAYS };
	struct authority_issue first;
	struct authority_issue again;
	struct ca_request request;
	struct group g;
	struct key *key;

	(void)state;
	init(&g, 2);
	key = make_key(&g.entropy, KEY_P256);
	request = request_of(key, "beta");
	wish.request = &request;
	assert_int_equal(authority_sign(&g.authority, &wish, at_s(NOW_S), &first, &g.complaint), 0);
	wish.days = 2 * DAYS;
	assert_int_equal(authority_sign(&g.authority, &wish, at_s(NOW_S + 5), &again, &g.complaint),
			 0);
	assert_true(again.renewed);
	assert_true(id_equal(&first.certificate.id, &again.certificate.id));
	assert_memory_equal(first.certificate.ipv4, again.certificate.ipv4, 4);
	assert_memory_equal(first.certificate.salt, again.certificate.salt, CERTIFICATE_SALT_BYTES);
	assert_memory_not_equal(first.certificate.serial, again.certificate.serial,
				first.certificate.serial_len);
	assert_int_equal(g.authority.registry.count, 2);

	wish.has_ipv4 = true;
	memcpy(wish.ipv4, first.certificate.ipv4, 4);
	assert_int_equal(authority_sign(&g.authority, &wish, at_s(NOW_S), &again, &g.complaint), 0);
	wish.ipv4[3] = 99;
	assert_int_equal(authority_sign(&g.authority, &wish, at_s(NOW_S), &again, &g.complaint),
			 ERR_EXISTS);
	wish.has_ipv4 = false;
	request = request_of(key, "gamma");
	assert_int_equal(authority_sign(&g.authority, &wish, at_s(NOW_S), &again, &g.complaint),
			 ERR_EXISTS);
	assert_string_equal(g.complaint.text,
			    "this key is \"beta\" and keeps that name; another name needs another "
			    "key, so a new request");
	g.authority.registry.entries[1].revoked = true;
	request = request_of(key, "beta");
	assert_int_equal(authority_sign(&g.authority, &wish, at_s(NOW_S), &again, &g.complaint),
			 ERR_REVOKED);
	key_free(key);
	done(&g);
}

/* A key keeps its address, and a certificate that has ended keeps no address for its key. */
/* Signs a key for a day, that many days from NOW_S on. */
static void sign_at(struct group *g, const struct key *key, const char *name, int64_t day)
{
	const struct ca_request request = request_of(key, name);
	const struct authority_wish wish = { .request = &request, .days = 1 };
	struct authority_issue unused;

	assert_int_equal(authority_sign(&g->authority, &wish, at_s(NOW_S + day * DAY_S), &unused,
					&g->complaint),
			 0);
}

/* One ends, another one gets the name; that ends, and the first is renewed, in its old place. */
static void who_has_a_name_is_whose_certificate_ends_last(void **state)
{
	const struct registry_entry *entries;
	struct authority_revoked revoked;
	struct key *keys[2];
	struct group g;

	(void)state;
	init(&g, 9);
	for (size_t i = 0; i < 2; i++)
		keys[i] = make_key(&g.entropy, KEY_ED25519);
	sign_at(&g, keys[0], "beta", 0);
	sign_at(&g, keys[1], "beta", 2);
	sign_at(&g, keys[0], "beta", 4);
	entries = g.authority.registry.entries;
	assert_int_equal(g.authority.registry.count, 3);
	assert_int_equal(
		authority_add_bootstrap(&g.authority, "b.example.org:1#beta", &g.complaint), 0);
	assert_true(id_equal(&g.authority.bootstrap[1].id, &entries[1].id));
	assert_int_equal(authority_revoke(&g.authority, "beta", &revoked, &g.complaint), 0);
	assert_ptr_equal(revoked.entry, &entries[1]);
	assert_int_equal(revoked.count, 2); /* nobody comes back under this name */
	assert_true(entries[1].revoked && entries[2].revoked && !entries[0].revoked);
	assert_int_equal(authority_revoke(&g.authority, "beta", &revoked, &g.complaint),
			 ERR_REVOKED);
	/* A revoked one that would end later is not who has the name. */
	for (size_t i = 0; i < 2; i++)
		key_free(keys[i]);
	keys[0] = make_key(&g.entropy, KEY_ED25519);
	g.authority.registry.entries[1].not_after = at_s(NOW_S + 99 * (int64_t)DAY_S);
	sign_at(&g, keys[0], "beta", 5);
	entries = g.authority.registry.entries;
	assert_int_equal(authority_revoke(&g.authority, "beta", &revoked, &g.complaint), 0);
	assert_ptr_equal(revoked.entry, &entries[3]);
	assert_int_equal(revoked.count, 1);
	key_free(keys[0]);
	done(&g);
}

static void an_address_that_was_given_away_is_not_promised(void **state)
{
	const struct wall late = at_s(NOW_S + 2 * DAYS * DAY_S);
	struct authority_wish wish = { .days = DAYS };
	struct authority_issue first;
	struct authority_issue issue;
	struct ca_request request;
	struct key *keys[2];
	struct group g;

	(void)state;
	init(&g, 19);
	for (size_t i = 0; i < 2; i++)
		keys[i] = make_key(&g.entropy, KEY_ED25519);
	wish.request = &request;
	request = request_of(keys[0], "beta");
	assert_int_equal(authority_sign(&g.authority, &wish, at_s(NOW_S), &first, &g.complaint), 0);
	wish.has_ipv4 = true;
	memcpy(wish.ipv4, first.certificate.ipv4, sizeof(wish.ipv4));
	request = request_of(keys[1], "gamma");
	assert_int_equal(authority_sign(&g.authority, &wish, at_s(NOW_S), &issue, &g.complaint),
			 ERR_EXISTS);
	assert_non_null(strstr(g.complaint.text, "without --ip the next free address is taken"));
	assert_int_equal(authority_sign(&g.authority, &wish, late, &issue, &g.complaint), 0);
	wish.has_ipv4 = false;
	request = request_of(keys[0], "beta");
	assert_int_equal(authority_sign(&g.authority, &wish, late, &issue, &g.complaint),
			 ERR_EXISTS);
	assert_non_null(strstr(g.complaint.text, "needs a new request, with a new key"));
	assert_null(strstr(g.complaint.text, "--ip"));
	for (size_t i = 0; i < 2; i++)
		key_free(keys[i]);
	done(&g);
}

static void a_member_may_do_without_ipv4(void **state)
{
	struct authority_wish wish = { .no_ipv4 = true, .days = DAYS };
	struct authority_issue issue;
	struct ca_request request;
	struct complaint complaint;
	struct bundle bundle;
	struct key *key;
	struct group g;

	(void)state;
	init(&g, 1);
	key = make_key(&g.entropy, KEY_ED25519);
	request = request_of(key, "six");
	wish.request = &request;
	assert_int_equal(authority_sign(&g.authority, &wish, at_s(NOW_S), &issue, &g.complaint), 0);
	assert_false(issue.certificate.has_ipv4);
	assert_int_equal(authority_bundle(&g.authority, &issue.certificate, &bundle), 0);
	assert_int_equal(verify(&bundle, NOW_S, &complaint), 0);
	wish.no_ipv4 = false; /* a renewal keeps that */
	assert_int_equal(authority_sign(&g.authority, &wish, at_s(NOW_S), &issue, &g.complaint), 0);
	assert_true(issue.renewed);
	assert_false(issue.certificate.has_ipv4);
	wish.has_ipv4 = true;
	prefix_at(&g.authority.ipv4_prefix, 77, wish.ipv4);
	assert_int_equal(authority_sign(&g.authority, &wish, at_s(NOW_S), &issue, &g.complaint),
			 ERR_EXISTS);
	assert_string_equal(g.complaint.text,
			    "this key has no IPv4 address and keeps it when it is "
			    "renewed; leave --ip and --no-ip away");
	key_free(key);
	bundle_wipe(&bundle);
	done(&g);
}

static void nobody_gets_what_is_held(void **state)
{
	struct authority_wish wish = { .has_ipv4 = true, .days = DAYS };
	struct authority_issue issue;
	struct ca_request request;
	struct group g;
	struct key *key;

	(void)state;
	init(&g, 3);
	assert_int_equal(sign(&g, "alpha", &issue), ERR_EXISTS);
	assert_non_null(strstr(g.complaint.text, "the name \"alpha\" is held by another key"));
	key = make_key(&g.entropy, KEY_ED25519);
	request = request_of(key, "beta");
	wish.request = &request;
	memcpy(wish.ipv4, g.issue.certificate.ipv4, 4);
	assert_int_equal(authority_sign(&g.authority, &wish, at_s(NOW_S), &issue, &g.complaint),
			 ERR_EXISTS);
	assert_non_null(strstr(g.complaint.text, "is held by \"alpha\" until 2026-"));
	wish.ipv4[0] = 11;
	assert_int_equal(authority_sign(&g.authority, &wish, at_s(NOW_S), &issue, &g.complaint),
			 ERR_MALFORMED);
	key_free(key);
	assert_int_equal(g.authority.registry.count, 1);
	done(&g);
}

static void a_full_prefix_is_said_to_be_full(void **state)
{
	struct authority_issue issue;
	struct group g;

	(void)state;
	init(&g, 4);
	g.authority.ipv4_prefix.len = 30;
	assert_int_equal(sign(&g, "beta", &issue), 0);
	assert_int_equal(sign(&g, "gamma", &issue), ERR_FULL);
	assert_non_null(strstr(g.complaint.text, "no address of 10."));
	done(&g);
}

static void only_its_own_key_unlocks_a_ca(void **state)
{
	const struct span phrase = span_text("correct horse");
	uint8_t pem[KEY_PEM_BYTES_MAX];
	struct group other;
	struct group g;
	size_t len;

	(void)state;
	init(&g, 5);
	init(&other, 6);
	assert_int_equal(key_to_pem(g.authority.key, phrase, &g.entropy, pem, &len), 0);
	assert_int_equal(
		authority_unlock(&g.authority, span_of(pem, len), span_text("wrong"), &g.complaint),
		ERR_PASSPHRASE);
	assert_int_equal(authority_unlock(&g.authority, span_of(pem, len), phrase, &g.complaint),
			 0);
	assert_int_equal(
		authority_unlock(&other.authority, span_of(pem, len), phrase, &g.complaint),
		ERR_FOREIGN);
	assert_int_equal(authority_unlock(&g.authority, span_text("?"), phrase, &g.complaint),
			 ERR_MALFORMED);
	done(&other);
	done(&g);
}

/* --- bundles --- */

static void what_was_written_is_read(void **state)
{
	uint8_t first[BUNDLE_BYTES_MAX];
	uint8_t second[BUNDLE_BYTES_MAX];
	struct certificate certificate;
	struct trust *trust;
	struct bundle again;
	struct span text;
	struct group g;

	(void)state;
	init(&g, 7);
	g.bundle.secrets.count = 2;
	g.bundle.secrets.epochs[0].epoch = 255;
	g.bundle.secrets.epochs[1].epoch = 254;
	text = text_of(&g.bundle, first);
	assert_int_equal(bundle_from_text(text, &again, &g.complaint), 0);
	assert_true(span_equal(text_of(&again, second), text));
	assert_string_equal(again.network, "lab");
	assert_int_equal(again.secrets.epochs[1].epoch, 254);
	assert_memory_equal(again.secrets.epochs[0].bytes, g.authority.secrets.epochs[0].bytes,
			    NETWORK_SECRET_BYTES);
	assert_int_equal(again.bootstrap_count, 1);
	assert_string_equal(again.bootstrap[0].host, g.authority.bootstrap[0].host);
	assert_int_equal(again.bootstrap[0].port, g.authority.bootstrap[0].port);
	assert_true(id_equal(&again.bootstrap[0].id, &g.authority.bootstrap[0].id));
	assert_int_equal(bundle_verify(&again, at_s(NOW_S), &trust, &certificate, &g.complaint), 0);
	assert_true(id_equal(trust_network(trust), &again.network_id));
	assert_true(id_equal(&certificate.id, &g.issue.certificate.id));
	trust_free(trust);
	done(&g);
}

/* Replaces the first `what` of the bundle's text. */
static struct span replaced(struct span text, const char *what, const char *with,
			    uint8_t buffer[BUNDLE_BYTES_MAX])
{
	const char *const found = strstr((const char *)text.data, what);
	const uint8_t *const at = (const uint8_t *)found;
	struct writer w = writer_of(buffer, BUNDLE_BYTES_MAX);

	assert_non_null(found);
	writer_bytes(&w, text.data, (size_t)(at - text.data));
	writer_span_of(&w, span_text(with));
	writer_bytes(&w, at + strlen(what), text.len - (size_t)(at - text.data) - strlen(what));
	assert_true(writer_ok(&w));
	return writer_span(&w);
}

static void every_field_is_read_strictly(void **state)
{
	static const struct {
		const char *what, *with;
		int err;
		const char *want;
	} cases[] = {
		{ "{", "[", ERR_MALFORMED, "not a bundle: no valid JSON in line 2, column 10" },
		{ "bundle/1", "bundle/2", ERR_VERSION,
		  "a bundle of another version (\"ipop.bundle/2\"); this program reads "
		  "\"ipop.bundle/1\"" },
		{ "\"ipop.bundle/1\"", "1", ERR_VERSION, "a bundle of another version (\"\")" },
		{ "\"schema\"", "\"scheme\"", ERR_MALFORMED,
		  "not a bundle: \"schema\" is missing" },
		{ "\"lab\"", "\"Lab\"", ERR_MALFORMED,
		  "\"network\" must be the name of a network" },
		{ "\"lab\"", "7", ERR_MALFORMED, "\"network\" must be" },
		{ "\"lab\"", "\"abcdefghijklmnop\"", ERR_MALFORMED, "\"network\" must be" },
		{ "\"network_id\": \"", "\"network_id\": \"a", ERR_MALFORMED,
		  "\"network_id\" must be an id of 32 characters" },
		{ "/16\"", "/7\"", ERR_MALFORMED, "\"ipv4_prefix\" must be" },
		{ ".0.0/16\"", ".0.0/31\"", ERR_MALFORMED, "\"ipv4_prefix\" must be" },
		{ ".0.0/16\"", ".0.1/16\"", ERR_MALFORMED, "\"ipv4_prefix\" must be" },
		{ "\"ipv4_prefix\": \"10.", "\"ipv4_prefix\": \"127.", ERR_MALFORMED,
		  "\"ipv4_prefix\" must be" },
		{ "\"epoch\": 1", "\"epoch\": 0", ERR_MALFORMED, "\"secrets\" must be" },
		{ "\"epoch\": 1", "\"epoch\": 256", ERR_MALFORMED, "\"secrets\" must be" },
		{ "\"epoch\": 1", "\"epoch\": 1.0", ERR_MALFORMED, "\"secrets\" must be" },
		{ "\"epoch\": 1", "\"epoch\": 1, \"more\": 1", ERR_MALFORMED,
		  "\"secrets\" must be" },
		{ "\"secret\": \"", "\"secret\": \"A", ERR_MALFORMED, "\"secrets\" must be" },
		{ "\"secrets\": [", "\"secrets\": [7,", ERR_MALFORMED, "\"secrets\" must be" },
		{ "vpn.example.org", "vpn..org", ERR_MALFORMED, "\"bootstrap\" must be" },
		{ "\"bootstrap\": [", "\"bootstrap\": [null,", ERR_MALFORMED,
		  "\"bootstrap\" must be" },
		{ "\"ca\": \"", "\"ca\": \"\", \"cb\": \"", ERR_MALFORMED,
		  "\"ca\" must be a certificate in PEM" },
		{ "\"certificate\":", "\"certificate\": 1, \"c\":", ERR_MALFORMED,
		  "\"certificate\" must be" },
		{ "\"schema\"", "\"\\u001b\": 1, \"schema\"", ERR_MALFORMED,
		  "damaged: there is no field \"?\"" },
		{ "\"schema\"", "\"network\": \"lab\", \"schema\"", ERR_MALFORMED,
		  "not a bundle: no valid JSON in line 3, column 10" },
	};
	uint8_t buffer[BUNDLE_BYTES_MAX];
	uint8_t changed[BUNDLE_BYTES_MAX];
	struct span text;
	struct group g;

	(void)state;
	init(&g, 8);
	text = text_of(&g.bundle, buffer);
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct span bad = replaced(text, cases[i].what, cases[i].with, changed);
		struct bundle bundle = { .bootstrap_count = 77 };

		assert_int_equal(bundle_from_text(bad, &bundle, &g.complaint), cases[i].err);
		assert_int_equal(bundle.bootstrap_count, 77);
		if (strstr(g.complaint.text, cases[i].want) == NULL)
			fail_msg("%s: %s", cases[i].with, g.complaint.text);
	}
	done(&g);
}

static void lists_have_two_sides(void **state)
{
	uint8_t buffer[BUNDLE_BYTES_MAX];
	struct bundle again;
	struct group g;

	(void)state;
	init(&g, 9);
	g.bundle.bootstrap_count = BUNDLE_BOOTSTRAP_MAX;
	for (size_t i = 1; i < BUNDLE_BOOTSTRAP_MAX; i++)
		g.bundle.bootstrap[i] = g.bundle.bootstrap[0];
	assert_int_equal(bundle_from_text(text_of(&g.bundle, buffer), &again, &g.complaint), 0);
	assert_int_equal(again.bootstrap_count, BUNDLE_BOOTSTRAP_MAX);
	assert_int_equal(
		bundle_from_text(
			replaced(text_of(&g.bundle, buffer), "\"bootstrap\": [",
				 "\"bootstrap\": [\"a:1#aebagbafaydqqcikbmga2dqpcaireeyu\",",
				 (uint8_t[BUNDLE_BYTES_MAX]){ 0 }),
			&again, &g.complaint),
		ERR_MALFORMED);
	g.bundle.bootstrap_count = 0;
	assert_int_equal(bundle_from_text(text_of(&g.bundle, buffer), &again, &g.complaint), 0);
	g.bundle.secrets.count = 0;
	assert_int_equal(bundle_from_text(text_of(&g.bundle, buffer), &again, &g.complaint),
			 ERR_MALFORMED);
	g.bundle.secrets.count = 2; /* two of the same epoch */
	g.bundle.secrets.epochs[1] = g.bundle.secrets.epochs[0];
	assert_int_equal(bundle_from_text(text_of(&g.bundle, buffer), &again, &g.complaint),
			 ERR_MALFORMED);
	g.bundle.secrets.epochs[1].epoch = 2; /* the newest one last */
	assert_int_equal(bundle_from_text(text_of(&g.bundle, buffer), &again, &g.complaint),
			 ERR_MALFORMED);
	g.bundle.secrets.epochs[0].epoch = 3;
	assert_int_equal(bundle_from_text(text_of(&g.bundle, buffer), &again, &g.complaint), 0);
	memset(buffer, ' ', sizeof(buffer));
	assert_int_equal(bundle_from_text(span_of(buffer, sizeof(buffer)), &again, &g.complaint),
			 ERR_MALFORMED);
	assert_int_equal(
		bundle_from_text(span_of(buffer, BUNDLE_BYTES_MAX + 1), &again, &g.complaint),
		ERR_TOO_LONG);
	done(&g);
}

/* No prefix of a bundle is one, and no complaint about one shows the secret. */
static void half_a_bundle_is_none(void **state)
{
	char secret[TEXT_BASE64_CHARS(NETWORK_SECRET_BYTES) + 1];
	uint8_t buffer[BUNDLE_BYTES_MAX];
	struct bundle again;
	struct span text;
	struct group g;

	(void)state;
	init(&g, 10);
	text = text_of(&g.bundle, buffer);
	text_base64(span_of(g.bundle.secrets.epochs[0].bytes, NETWORK_SECRET_BYTES), secret);
	for (size_t len = 0; len + 1 < text.len; len++) { /* the last is a line feed */
		assert_int_equal(bundle_from_text(span_of(text.data, len), &again, &g.complaint),
				 ERR_MALFORMED);
		secret[8] = '\0';
		assert_null(strstr(g.complaint.text, secret));
	}
	done(&g);
}

/* What the certificate says and what the clock says: the reader knows which is wrong. */
static void expect_instants(const struct complaint *complaint, int64_t limit_s, int64_t clock_s)
{
	char limit[CALENDAR_TEXT_CHARS + 1];
	char clock[CALENDAR_TEXT_CHARS + 1];
	char says[64];

	calendar_to_text(at_s(limit_s), limit);
	calendar_to_text(at_s(clock_s), clock);
	(void)snprintf(says, sizeof(says), "this host's clock says %s", clock);
	assert_non_null(strstr(complaint->text, limit));
	assert_non_null(strstr(complaint->text, says));
}

static void validity_has_two_ends(void **state)
{
	const int64_t end = NOW_S + DAYS * DAY_S;
	struct group g;

	(void)state;
	init(&g, 11);
	assert_int_equal(verify(&g.bundle, NOW_S - CERTIFICATE_SKEW_S, &g.complaint), 0);
	assert_int_equal(verify(&g.bundle, NOW_S - CERTIFICATE_SKEW_S - 1, &g.complaint),
			 ERR_NOT_YET);
	expect_instants(&g.complaint, NOW_S, NOW_S - CERTIFICATE_SKEW_S - 1);
	assert_int_equal(verify(&g.bundle, end + CERTIFICATE_SKEW_S, &g.complaint), 0);
	assert_int_equal(verify(&g.bundle, end + CERTIFICATE_SKEW_S + 1, &g.complaint),
			 ERR_EXPIRED);
	assert_non_null(strstr(g.complaint.text, "ipop group sign lab"));
	expect_instants(&g.complaint, end, end + CERTIFICATE_SKEW_S + 1);
	done(&g);
}

/* A host whose clock starts in 1970, with a program older than its bundle, and one younger. */
static void a_calendar_from_before_the_program_is_not_asked(void **state)
{
	const int64_t built = NOW_S - 30 * DAY_S;
	struct wall now;
	struct group g;

	(void)state;
	init(&g, 13);
	now = bundle_judged_at(&g.bundle, at_s(0), at_s(built));
	assert_int_equal(now.us, g.issue.certificate.not_before.us);
	assert_int_equal(verify(&g.bundle, built, &g.complaint), ERR_NOT_YET);
	assert_int_equal(verify(&g.bundle, wall_to_s(now), &g.complaint), 0);
	now = bundle_judged_at(&g.bundle, at_s(built - 1), at_s(built));
	assert_int_equal(now.us, g.issue.certificate.not_before.us);
	now = bundle_judged_at(&g.bundle, at_s(built), at_s(built));
	assert_int_equal(wall_to_s(now), built);
	now = bundle_judged_at(&g.bundle, at_s(0), at_s(NOW_S + 30 * DAY_S));
	assert_int_equal(now.us, g.issue.certificate.not_before.us);
	g.bundle.certificate[sizeof("-----BEGIN CERTIFICATE-----")] = '!';
	now = bundle_judged_at(&g.bundle, at_s(0), at_s(built));
	assert_int_equal(wall_to_s(now), built);
	done(&g);
}

static void all_parts_are_of_one_network(void **state)
{
	struct bundle mixed;
	struct group other;
	struct group g;

	(void)state;
	init(&g, 12);
	init(&other, 13);
	mixed = g.bundle;
	mixed.network_id = other.bundle.network_id;
	assert_int_equal(verify(&mixed, NOW_S, &g.complaint), ERR_FOREIGN);
	mixed = g.bundle;
	memcpy(mixed.ca, other.bundle.ca, sizeof(mixed.ca));
	assert_int_equal(verify(&mixed, NOW_S, &g.complaint), ERR_FOREIGN);
	mixed.network_id = other.bundle.network_id; /* only the certificate is ours now */
	assert_int_equal(verify(&mixed, NOW_S, &g.complaint), ERR_FOREIGN);
	mixed = g.bundle;
	memcpy(mixed.network, "den", 4);
	assert_int_equal(verify(&mixed, NOW_S, &g.complaint), ERR_FOREIGN);
	assert_string_equal(g.complaint.text, "its CA is that of a group \"lab\", not of \"den\"");
	mixed = g.bundle;
	memcpy(mixed.ca, mixed.certificate, sizeof(mixed.ca)); /* a member is no CA */
	assert_int_equal(verify(&mixed, NOW_S, &g.complaint), ERR_CERTIFICATE);
	mixed = g.bundle;
	memcpy(mixed.certificate, mixed.ca, sizeof(mixed.certificate)); /* and a CA no member */
	assert_int_not_equal(verify(&mixed, NOW_S, &g.complaint), 0);
	mixed = g.bundle;
	mixed.ipv4_prefix.ip[1] ^= 1;
	assert_int_equal(verify(&mixed, NOW_S, &g.complaint), ERR_CERTIFICATE);
	mixed = g.bundle;
	mixed.certificate[100] ^= 1;
	assert_int_not_equal(verify(&mixed, NOW_S, &g.complaint), 0);
	done(&other);
	done(&g);
}

static void public_addresses_are_not_taken_silently(void **state)
{
	struct group g;

	(void)state;
	init(&g, 17);
	assert_int_equal(bundle_check_prefix(&g.bundle, &g.complaint), 0);
	g.bundle.ipv4_prefix = (struct prefix){ { 8, 8, 8, 0 }, 24 };
	assert_int_equal(bundle_check_prefix(&g.bundle, &g.complaint), ERR_DENIED);
	assert_non_null(strstr(g.complaint.text, "8.8.8.0/24"));
	done(&g);
}

/* --- names and secrets --- */

/* Both sides of each limit: as old, older, newer; the same secret and another one. */
static void a_renewal_never_goes_back(void **state)
{
	static const struct {
		uint8_t has[2], gets[2]; /* epochs; 0: none */
		bool changed;            /* the secret that both have, or the first */
		int want;
	} cases[] = {
		{ { 2, 0 }, { 2, 0 }, false, 0 },         { { 2, 0 }, { 3, 0 }, true, 0 },
		{ { 2, 0 }, { 3, 2 }, false, 0 },         { { 2, 1 }, { 2, 0 }, false, 0 },
		{ { 2, 0 }, { 1, 0 }, false, ERR_STALE }, { { 2, 1 }, { 1, 0 }, false, ERR_STALE },
		{ { 2, 0 }, { 2, 0 }, true, ERR_EXISTS }, { { 2, 0 }, { 3, 2 }, true, ERR_EXISTS },
		{ { 2, 1 }, { 3, 1 }, true, ERR_EXISTS },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct bundle present = { .network = "lab" };
		struct bundle next = { .network = "lab" };
		struct complaint complaint;

		for (uint32_t e = 0; e < 2; e++) {
			present.secrets.epochs[e].epoch = cases[i].has[e];
			next.secrets.epochs[e].epoch = cases[i].gets[e];
			memset(present.secrets.epochs[e].bytes, cases[i].has[e], 32);
			memset(next.secrets.epochs[e].bytes, cases[i].gets[e], 32);
			next.secrets.epochs[e].bytes[31] ^= cases[i].changed;
			present.secrets.count += cases[i].has[e] != 0;
			next.secrets.count += cases[i].gets[e] != 0;
		}
		assert_int_equal(bundle_check_renewal(&present, &next, &complaint), cases[i].want);
	}
}

/* It has the same name, and even the same secret. */
static void another_network_takes_nobodys_place(void **state)
{
	struct complaint complaint;
	struct bundle next;
	struct group g;

	(void)state;
	init(&g, 18);
	next = g.bundle;
	assert_int_equal(bundle_check_renewal(&g.bundle, &next, &complaint), 0);
	next.network_id.bytes[ID_BYTES - 1] ^= 1;
	assert_int_equal(bundle_check_renewal(&g.bundle, &next, &complaint), ERR_EXISTS);
	assert_non_null(strstr(complaint.text, "ipop leave lab"));
	done(&g);
}

static void names_of_networks(void **state)
{
	static const char *const bad[] = { "",         "Lab", "1ab",
					   "-ab",      "l_b", "l b",
					   "l.b",      "l/b", "abcdefghijklmnop",
					   "requests", "all", "default" };
	static const char *const good[] = { "a", "lab", "a-1", "a-", "abcdefghijklmno", "request" };
	struct complaint complaint;

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++)
		assert_int_equal(network_check_name(good[i], &complaint), 0);
	for (size_t i = 0; i < COUNT(bad); i++)
		if (network_check_name(bad[i], &complaint) != ERR_MALFORMED)
			fail_msg("accepted: %s", bad[i]);
}

static void secrets_as_text(void **state)
{
#define SECRET "AQIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	static const char *const bad[] = { "",
					   "\n",
					   "1 \n",
					   "1\n",
					   "0 " SECRET "\n",
					   "256 " SECRET "\n",
					   "01 " SECRET "\n",
					   "1 " SECRET,
					   "1  " SECRET "\n",
					   "1 " SECRET " \n",
					   "1 A" SECRET "\n",
					   "1 " SECRET "\n\n",
					   "1 " SECRET "\n1 " SECRET "\n",
					   "1 " SECRET "\n2 " SECRET "\n",
					   "3 " SECRET "\n2 " SECRET "\n1 " SECRET "\n" };
	struct network_secrets secrets = { .epochs = { { 3, { 1, 2 } }, { 2, { 9 } } },
					   .count = 2 };
	uint8_t buffer[NETWORK_SECRETS_TEXT_MAX];
	struct writer w = writer_of(buffer, sizeof(buffer));
	struct network_secrets again;

	(void)state;
	network_secrets_to_text(&secrets, &w);
	assert_true(writer_ok(&w));
	assert_memory_equal(buffer, "3 " SECRET "\n2 ", sizeof("3 " SECRET "\n2 ") - 1);
	assert_int_equal(network_secrets_from_text(writer_span(&w), &again), 0);
	assert_int_equal(again.count, 2);
	assert_int_equal(again.epochs[0].epoch, 3);
	assert_memory_equal(again.epochs[0].bytes, secrets.epochs[0].bytes, NETWORK_SECRET_BYTES);
	assert_int_equal(again.epochs[1].epoch, 2);
	assert_int_equal(again.epochs[1].bytes[0], 9);
	for (size_t i = 0; i < COUNT(bad); i++) {
		again.count = 77;
		if (network_secrets_from_text(span_text(bad[i]), &again) != ERR_MALFORMED)
			fail_msg("accepted: %s", bad[i]);
		assert_int_equal(again.count, 77);
	}
#undef SECRET
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_members),
		cmocka_unit_test(a_renewal_keeps_what_the_key_has),
		cmocka_unit_test(who_has_a_name_is_whose_certificate_ends_last),
		cmocka_unit_test(an_address_that_was_given_away_is_not_promised),
		cmocka_unit_test(a_member_may_do_without_ipv4),
		cmocka_unit_test(nobody_gets_what_is_held),
		cmocka_unit_test(a_full_prefix_is_said_to_be_full),
		cmocka_unit_test(only_its_own_key_unlocks_a_ca),
		cmocka_unit_test(what_was_written_is_read),
		cmocka_unit_test(every_field_is_read_strictly),
		cmocka_unit_test(lists_have_two_sides),
		cmocka_unit_test(half_a_bundle_is_none),
		cmocka_unit_test(validity_has_two_ends),
		cmocka_unit_test(a_calendar_from_before_the_program_is_not_asked),
		cmocka_unit_test(all_parts_are_of_one_network),
		cmocka_unit_test(public_addresses_are_not_taken_silently),
		cmocka_unit_test(a_renewal_never_goes_back),
		cmocka_unit_test(another_network_takes_nobodys_place),
		cmocka_unit_test(names_of_networks),
		cmocka_unit_test(secrets_as_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
