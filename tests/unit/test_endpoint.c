/* test_endpoint.c - an address has one value in memory and one text; what else looks like one is
 * refused. */
#include "tests/lib/cmocka.h"

#include "base/err.h"
#include "wire/endpoint.h"

#include <string.h>

/* The second column is the canonical text (RFC 5952, 4); examples of its sections 1 to 5. */
static const char *const texts[][2] = {
	{ "192.0.2.1:1234", "192.0.2.1:1234" },
	{ "0.0.0.0:1", "0.0.0.0:1" },
	{ "255.255.255.255:65535", "255.255.255.255:65535" },
	{ "[2001:db8::1]:1234", "[2001:db8::1]:1234" },
	{ "[2001:0db8:0:0:0:0:0:0001]:1", "[2001:db8::1]:1" },
	{ "[2001:DB8::AbCd]:1", "[2001:db8::abcd]:1" },
	{ "[::]:1", "[::]:1" },
	{ "[::1]:1", "[::1]:1" },
	{ "[1::]:1", "[1::]:1" },
	{ "[0:0:0:0:0:0:0:0]:1", "[::]:1" },
	{ "[2001:db8:0:1:1:1:1:1]:1", "[2001:db8:0:1:1:1:1:1]:1" }, /* 4.2.2: not for one group */
	{ "[2001:db8::1:1:1:1:1]:1", "[2001:db8:0:1:1:1:1:1]:1" },
	{ "[2001:0:0:1:0:0:0:1]:1", "[2001:0:0:1::1]:1" },       /* 4.2.3: the longest run */
	{ "[2001:db8:0:0:1:0:0:1]:1", "[2001:db8::1:0:0:1]:1" }, /* 4.2.3: the first of equals */
	{ "[1:2:3:4:5:6:7:8]:1", "[1:2:3:4:5:6:7:8]:1" },
	{ "[1:2:3:4:5:6:0:0]:1", "[1:2:3:4:5:6::]:1" },
	{ "[0:0:3:4:5:6:7:8]:1", "[::3:4:5:6:7:8]:1" },
	{ "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535",
	  "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535" },
	{ "[::ffff:0:0:1]:1", "[::ffff:0:0:1]:1" }, /* one group off the IPv4-mapped prefix */
};

static const char *const refused[] = {
	"",
	"192.0.2.1",
	"192.0.2.1:",
	"192.0.2.1:0",
	"192.0.2.1:65536",
	"192.0.2.1:123456",
	"192.0.2.1:01",
	"192.0.2.1:1 ",
	" 192.0.2.1:1",
	"192.0.2.256:1",
	"192.0.2:1",
	"192.0.2.1.1:1",
	"192.0.02.1:1",
	"192.0..1:1",
	"192.0.2.a:1",
	"2001:db8::1",
	"2001:db8::1:1234",
	"[192.0.2.1]:1",
	"[]:1",
	"[:]:1",
	"[:::]:1",
	"[2001:db8::1]",
	"[2001:db8::1:1",
	"[2001:db8::1]1",
	"[2001:db8::1%eth0]:1",
	"[1:2:3:4:5:6:7]:1",
	"[1:2:3:4:5:6:7:8:9]:1",
	"[1:2:3:4:5:6:7::8]:1x",
	"[1:2:3:4:5:6:7:8::]:1",
	"[::1:2:3:4:5:6:7:8]:1",
	"[1::2::3]:1",
	"[1:::2]:1",
	"[:1:2:3:4:5:6:7:8]:1",
	"[1:2:3:4:5:6:7:8:]:1",
	"[1:]:1",
	"[00001::]:1",
	"[g::]:1",
	"[::ffff:c000:201]:1", /* 192.0.2.1 in disguise */
	"[::ffff:192.0.2.1]:1",
};

static void texts_become_canonical(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct endpoint e;
		struct endpoint again;
		char text[ENDPOINT_TEXT_CHARS + 1];

		assert_int_equal(endpoint_from_text(texts[i][0], &e), 0);
		endpoint_to_text(&e, text);
		assert_string_equal(text, texts[i][1]);
		assert_int_equal(endpoint_from_text(text, &again), 0);
		assert_true(endpoint_equal(&e, &again));
	}
}

static void other_texts_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct endpoint e = { .port = 7 };

		if (endpoint_from_text(refused[i], &e) != ERR_MALFORMED)
			fail_msg("accepted: %s", refused[i]);
		assert_int_equal(e.port, 7); /* untouched */
	}
}

static void an_address_alone_has_no_brackets_and_no_port(void **state)
{
	static const char *const good[] = { "192.0.2.1", "2001:db8::1", "::" };
	static const char *const bad[] = { "192.0.2.1:1", "[2001:db8::1]", "", "::1 ", "1.2.3" };

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct endpoint e;
		char text[ENDPOINT_TEXT_CHARS + 1];

		assert_int_equal(endpoint_ip_from_text(good[i], &e), 0);
		assert_int_equal(e.port, 0);
		endpoint_ip_to_text(&e, text);
		assert_string_equal(text, good[i]);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct endpoint e;

		assert_int_equal(endpoint_ip_from_text(bad[i], &e), ERR_MALFORMED);
	}
}

static void families_and_equality(void **state)
{
	const struct endpoint v4 = endpoint_v4((const uint8_t[]){ 192, 0, 2, 1 }, 7);
	const struct endpoint other_port = endpoint_v4((const uint8_t[]){ 192, 0, 2, 1 }, 8);
	const struct endpoint other_ip = endpoint_v4((const uint8_t[]){ 192, 0, 2, 2 }, 7);
	const struct endpoint zero4 = endpoint_v4((const uint8_t[]){ 0, 0, 0, 0 }, 7);
	const struct endpoint zero6 = endpoint_v6((const uint8_t[16]){ 0 }, 7);
	const struct endpoint low = endpoint_v6((const uint8_t[16]){ [12] = 192, [15] = 1 }, 7);

	(void)state;
	assert_true(endpoint_is_v4(&v4));
	assert_true(endpoint_is_v4(&zero4));
	assert_false(endpoint_is_v4(&zero6));
	assert_false(endpoint_is_v4(&low)); /* the old IPv4-compatible form is IPv6 */
	assert_true(endpoint_equal(&v4, &v4));
	assert_false(endpoint_equal(&v4, &other_port));
	assert_true(endpoint_ip_equal(&v4, &other_port));
	assert_false(endpoint_ip_equal(&v4, &other_ip));
	assert_true(endpoint_ip_is_zero(&zero4));
	assert_true(endpoint_ip_is_zero(&zero6));
	assert_false(endpoint_ip_is_zero(&v4));
	assert_false(endpoint_ip_is_zero(&low));
}

static void a_site_is_an_address_or_a_64(void **state)
{
	const struct endpoint v4 = endpoint_v4((const uint8_t[]){ 192, 0, 2, 1 }, 7);
	const struct endpoint next = endpoint_v4((const uint8_t[]){ 192, 0, 2, 2 }, 7);
	const struct endpoint v6 = endpoint_v6((const uint8_t[16]){ 0xfd, [7] = 1, [15] = 1 }, 7);
	const struct endpoint host = endpoint_v6((const uint8_t[16]){ 0xfd, [7] = 1, [8] = 1 }, 8);
	const struct endpoint other =
		endpoint_v6((const uint8_t[16]){ 0xfd, [7] = 2, [15] = 1 }, 7);
	const struct endpoint zero = endpoint_v6((const uint8_t[16]){ 0 }, 7);

	(void)state;
	assert_true(endpoint_site_equal(&v4, &v4));
	assert_false(endpoint_site_equal(&v4, &next));
	assert_true(endpoint_site_equal(&v6, &host));
	assert_false(endpoint_site_equal(&v6, &other));
	assert_false(endpoint_site_equal(&zero, &v4)); /* the first 8 bytes are the same */
	assert_false(endpoint_site_equal(&v4, &zero));
}

static void a_network_is_the_first_address_of_a_prefix(void **state)
{
	static const struct {
		const char *address;
		unsigned len;
		const char *want;
	} cases[] = {
		{ "10.151.7.9", 0, "0.0.0.0" },
		{ "10.151.7.9", 16, "10.151.0.0" },
		{ "10.151.7.9", 31, "10.151.7.8" },
		{ "10.151.7.9", 32, "10.151.7.9" },
		{ "fd00:1:2:3::f", 0, "::" },
		{ "fd00:1:2:3::f", 48, "fd00:1:2::" },
		{ "fd00:1:2:3::f", 127, "fd00:1:2:3::e" },
		{ "fd00:1:2:3::f", 128, "fd00:1:2:3::f" },
	};
	char text[ENDPOINT_TEXT_CHARS + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct endpoint endpoint = { .port = 7 };
		struct endpoint network;

		assert_int_equal(endpoint_ip_from_text(cases[i].address, &endpoint), 0);
		network = endpoint_network(&endpoint, cases[i].len);
		assert_int_equal(network.port, 0);
		endpoint_ip_to_text(&network, text);
		assert_string_equal(text, cases[i].want);
	}
}

static void eighteen_bytes_on_the_wire(void **state)
{
	const struct endpoint e = endpoint_v4((const uint8_t[]){ 192, 0, 2, 1 }, 0x1234);
	static const uint8_t want[] = { 0, 0,    0,    0,   0, 0, 0, 0,    0,
					0, 0xff, 0xff, 192, 0, 2, 1, 0x12, 0x34 };
	uint8_t bytes[ENDPOINT_WIRE_BYTES];
	struct writer w = writer_of(bytes, sizeof(bytes));
	struct endpoint back = { .port = 7 };
	struct reader r;

	(void)state;
	endpoint_encode(&e, &w);
	assert_true(writer_ok(&w));
	assert_true(span_equal(writer_span(&w), span_of(want, sizeof(want))));
	r = reader_of(span_of(bytes, sizeof(bytes) - 1));
	assert_false(endpoint_decode(&r, &back));
	assert_int_equal(back.port, 7);
	assert_int_equal(reader_left(&r), sizeof(bytes) - 1);
	r = reader_of(span_of(bytes, sizeof(bytes)));
	assert_true(endpoint_decode(&r, &back));
	assert_true(reader_end(&r));
	assert_true(endpoint_equal(&e, &back));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_become_canonical),
		cmocka_unit_test(other_texts_are_refused),
		cmocka_unit_test(an_address_alone_has_no_brackets_and_no_port),
		cmocka_unit_test(families_and_equality),
		cmocka_unit_test(a_site_is_an_address_or_a_64),
		cmocka_unit_test(a_network_is_the_first_address_of_a_prefix),
		cmocka_unit_test(eighteen_bytes_on_the_wire),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
