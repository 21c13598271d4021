/* test_text.c - numbers, hexadecimal, base64, ids, addresses, prefixes and bootstrap lines have one
 * spelling each. */
#include "base/err.h"
#include "group/bootstrap.h"
#include "group/prefix.h"
#include "group/text.h"
#include "tests/lib/cmocka.h"

#include <stdio.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ID "aebagbafaydqqcikbmga2dqpcaireeyu"

static void a_walk_takes_every_part(void **state)
{
	struct span rest = span_text("a,,b,");
	struct span part;

	(void)state;
	assert_true(text_next(&rest, ',', &part) && text_equal(part, "a"));
	assert_true(text_next(&rest, ',', &part) && text_equal(part, ""));
	assert_true(text_next(&rest, ',', &part) && text_equal(part, "b"));
	assert_false(text_next(&rest, ',', &part));
	rest = span_text("last");
	assert_true(text_next(&rest, ',', &part) && text_equal(part, "last"));
	assert_false(text_next(&rest, ',', &part));
}

static void trimming_and_copying(void **state)
{
	char chars[4] = "old";

	(void)state;
	assert_true(text_equal(text_trim(span_text(" \t a b\t \r")), "a b"));
	assert_true(text_equal(text_trim(span_text(" \t")), ""));
	assert_int_equal(text_copy(span_text("four"), chars, sizeof(chars)), ERR_MALFORMED);
	assert_int_equal(text_copy(span_of("a\0b", 3), chars, sizeof(chars)), ERR_MALFORMED);
	assert_string_equal(chars, "old");
	assert_int_equal(text_copy(span_text("new"), chars, sizeof(chars)), 0);
	assert_string_equal(chars, "new");
	assert_int_equal(text_copy((struct span){ NULL, 0 }, chars, sizeof(chars)), 0);
	assert_string_equal(chars, "");
}

static void numbers(void **state)
{
	static const char *const bad[] = { "",   "00", "01",          "-1",          "+1",
					   " 1", "1 ", "1x",          "0x1",         "4294967296",
					   "1.", "/",  "99999999999", "4294967295\n" };
	uint32_t value;

	(void)state;
	assert_int_equal(text_number(span_text("0"), &value), 0);
	assert_int_equal(value, 0);
	assert_int_equal(text_number(span_text("4294967295"), &value), 0);
	assert_int_equal(value, UINT32_MAX);
	for (size_t i = 0; i < COUNT(bad); i++)
		if (text_number(span_text(bad[i]), &value) != ERR_MALFORMED || value != UINT32_MAX)
			fail_msg("accepted: %s", bad[i]);
}

static void long_numbers(void **state)
{
	static const char *const bad[] = {
		"", "00", "-1", "1s", "1000000000000000000", "infinity"
	};
	uint64_t value;

	(void)state;
	assert_int_equal(text_long_number(span_text("0"), &value), 0);
	assert_int_equal(value, 0);
	assert_int_equal(text_long_number(span_text("7200000000"), &value), 0); /* 2 h in us */
	assert_int_equal(value, 7200000000);
	assert_int_equal(text_long_number(span_text("999999999999999999"), &value), 0);
	assert_int_equal(value, 999999999999999999);
	for (size_t i = 0; i < COUNT(bad); i++)
		if (text_long_number(span_text(bad[i]), &value) != ERR_MALFORMED ||
		    value != 999999999999999999)
			fail_msg("accepted: %s", bad[i]);
}

static void hexadecimal(void **state)
{
	static const char *const bad[] = { "",          "0",        "000fa5f",
					   "000fa5ff0", "000fa5fg", "000FA5FF",
					   "000fa5f ",  "000fa5f/", "000fa5f:" };
	const uint8_t bytes[] = { 0x00, 0x0f, 0xa5, 0xff };
	char text[TEXT_HEX_CHARS(sizeof(bytes)) + 1];
	uint8_t back[sizeof(bytes)] = { 0 };

	(void)state;
	text_hex(span_of(bytes, sizeof(bytes)), text);
	assert_string_equal(text, "000fa5ff");
	assert_int_equal(text_from_hex(span_text(text), back, sizeof(back)), 0);
	assert_memory_equal(back, bytes, sizeof(bytes));
	for (size_t i = 0; i < COUNT(bad); i++)
		if (text_from_hex(span_text(bad[i]), back, sizeof(back)) != ERR_MALFORMED)
			fail_msg("accepted: %s", bad[i]);
	assert_memory_equal(back, bytes, sizeof(bytes)); /* untouched */
}

static void base64(void **state)
{
	/* RFC 4648, section 10. */
	static const char *const vectors[][2] = {
		{ "", "" },
		{ "f", "Zg==" },
		{ "fo", "Zm8=" },
		{ "foo", "Zm9v" },
		{ "foob", "Zm9vYg==" },
		{ "fooba", "Zm9vYmE=" },
		{ "foobar", "Zm9vYmFy" },
	};
	static const char *const bad[] = { "Zm9vYg=",   "Zm9vYg",   "Zm9vYh==", "Zm9vYg=A",
					   "Zm9vYg==A", "Zm9v=g==", "Zm9vY===", "Zm9-Yg==",
					   "Zm9v\nYg=", "Zm9vYmE=", "" };
	uint8_t back[8];

	(void)state;
	for (size_t i = 0; i < COUNT(vectors); i++) {
		const size_t len = strlen(vectors[i][0]);
		char text[16];

		text_base64(span_text(vectors[i][0]), text);
		assert_string_equal(text, vectors[i][1]);
		assert_int_equal(text_from_base64(span_text(text), back, len), 0);
		assert_memory_equal(back, vectors[i][0], len);
	}
	memset(back, 7, sizeof(back));
	for (size_t i = 0; i < COUNT(bad); i++)
		if (text_from_base64(span_text(bad[i]), back, 4) != ERR_MALFORMED || back[0] != 7)
			fail_msg("accepted: %s", bad[i]);
	assert_int_equal(text_from_base64(span_text("Zm9="), back, 2), ERR_MALFORMED);
}

static void all_bytes_survive_base64(void **state)
{
	uint8_t bytes[256];
	uint8_t back[256];
	char text[TEXT_BASE64_CHARS(256) + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 167 + 13); /* 167 is odd: every value once */
	for (size_t len = 0; len <= sizeof(bytes); len++) {
		text_base64(span_of(bytes, len), text);
		assert_int_equal(strlen(text), TEXT_BASE64_CHARS(len));
		assert_int_equal(text_from_base64(span_text(text), back, len), 0);
		assert_memory_equal(back, bytes, len);
	}
}

static void ids(void **state)
{
	struct id id;

	(void)state;
	assert_int_equal(text_id(span_text(ID), &id), 0);
	assert_int_equal(id.bytes[0], 1);
	assert_int_equal(text_id(span_text("aebagbafaydqqcikbmga2dqpcaireeyU"), &id),
			 ERR_MALFORMED);
	assert_int_equal(text_id(span_text("aebagbafaydqqcikbmga2dqpcaireey"), &id), ERR_MALFORMED);
	assert_int_equal(text_id(span_text(ID "a"), &id), ERR_MALFORMED);
	assert_int_equal(text_id(span_text("aebagbafaydqqcikbmga2dqpcaireey1"), &id),
			 ERR_MALFORMED);
}

static void addresses(void **state)
{
	static const char *const bad[] = { "",          "1.2.3",    "1.2.3.",   "1.2.3.4.",
					   "1.2.3.4.5", "1..3.4",   "01.2.3.4", "1.2.3.256",
					   "1.2.3.-4",  " 1.2.3.4", "1.2.3.4 ", ".1.2.3.4",
					   "a.2.3.4",   "1,2,3,4" };
	char text[IPV4_TEXT_CHARS + 1];
	uint8_t ip[4];

	(void)state;
	assert_int_equal(ipv4_from_text(span_text("255.255.255.255"), ip), 0);
	assert_int_equal(ipv4_from_text(span_text("192.0.2.1"), ip), 0);
	ipv4_to_text(ip, text);
	assert_string_equal(text, "192.0.2.1");
	for (size_t i = 0; i < COUNT(bad); i++)
		if (ipv4_from_text(span_text(bad[i]), ip) != ERR_MALFORMED)
			fail_msg("accepted: %s", bad[i]);
	ipv4_to_text(ip, text);
	assert_string_equal(text, "192.0.2.1");
}

static void prefixes(void **state)
{
	static const char *const bad[] = {
		"",   "10.0.0.0", "10.0.0.0/",    "10.0.0.0/33", "10.0.0.1/24", "10.0.0.0/08",
		"/8", "10.0.0/8", "10.0.0.0/8/8", "10.1.0.0/15", "10.0.0.0/ 8"
	};
	static const char *const good[] = { "0.0.0.0/0", "10.0.0.0/15", "192.0.2.1/32",
					    "255.255.255.254/31" };
	struct prefix prefix;
	char text[PREFIX_TEXT_CHARS + 1];

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		assert_int_equal(prefix_from_text(span_text(good[i]), &prefix), 0);
		prefix_to_text(&prefix, text);
		assert_string_equal(text, good[i]);
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		if (prefix_from_text(span_text(bad[i]), &prefix) != ERR_MALFORMED)
			fail_msg("accepted: %s", bad[i]);
	assert_int_equal(prefix.len, 31);
}

static void private_prefixes(void **state)
{
	static const char *const private[] = { "10.0.0.0/8",     "10.255.255.252/30",
					       "172.16.0.0/12",  "172.31.255.0/24",
					       "192.168.0.0/16", "192.168.255.252/30",
					       "100.64.0.0/10",  "100.127.255.0/24" };
	static const char *const public[] = {
		"8.8.8.0/24",       "9.0.0.0/8",      "11.0.0.0/8",     "172.0.0.0/8",
		"172.15.255.0/24",  "172.32.0.0/16",  "172.16.0.0/11",  "192.0.0.0/8",
		"192.167.255.0/24", "192.169.0.0/16", "192.168.0.0/15", "100.63.255.0/24",
		"100.128.0.0/16",   "100.64.0.0/9",   "0.0.0.0/0"
	};
	struct prefix prefix;

	(void)state;
	for (size_t i = 0; i < sizeof(private) / sizeof(private[0]); i++) {
		assert_int_equal(prefix_from_text(span_text(private[i]), &prefix), 0);
		if (!prefix_is_private(&prefix))
			fail_msg("not private: %s", private[i]);
	}
	for (size_t i = 0; i < sizeof(public) / sizeof(public[0]); i++)
		if (prefix_from_text(span_text(public[i]), &prefix) == 0 &&
		    prefix_is_private(&prefix))
			fail_msg("private: %s", public[i]);
}

static void hosts_of_a_prefix(void **state)
{
	static const struct prefix prefix = { { 192, 0, 2, 64 }, 30 };
	uint32_t offset = 9;
	uint8_t ip[4];

	(void)state;
	assert_int_equal(prefix_size(&prefix), 4);
	assert_false(prefix_offset(&prefix, (const uint8_t[]){ 192, 0, 2, 63 }, &offset));
	assert_false(prefix_offset(&prefix, (const uint8_t[]){ 192, 0, 2, 68 }, &offset));
	assert_int_equal(offset, 9);
	assert_true(prefix_offset(&prefix, (const uint8_t[]){ 192, 0, 2, 67 }, &offset));
	assert_int_equal(offset, 3);
	prefix_at(&prefix, 3, ip);
	assert_memory_equal(ip, ((const uint8_t[]){ 192, 0, 2, 67 }), 4);
	assert_false(prefix_has_host(&prefix, (const uint8_t[]){ 192, 0, 2, 64 }));
	assert_true(prefix_has_host(&prefix, (const uint8_t[]){ 192, 0, 2, 65 }));
	assert_true(prefix_has_host(&prefix, (const uint8_t[]){ 192, 0, 2, 66 }));
	assert_false(prefix_has_host(&prefix, (const uint8_t[]){ 192, 0, 2, 67 }));
	assert_false(prefix_has_host(&prefix, (const uint8_t[]){ 192, 0, 2, 69 }));
}

static void overlap_is_of_either_in_the_other(void **state)
{
	static const struct prefix wide = { { 10, 128, 0, 0 }, 9 };
	static const struct prefix inside = { { 10, 200, 0, 0 }, 16 };
	static const struct prefix beside = { { 10, 201, 0, 0 }, 16 };
	static const struct prefix all = { { 0, 0, 0, 0 }, 0 };

	(void)state;
	assert_true(prefix_overlaps(&wide, &inside));
	assert_true(prefix_overlaps(&inside, &wide));
	assert_false(prefix_overlaps(&inside, &beside));
	assert_true(prefix_overlaps(&all, &beside));
}

static void proposals_go_round_the_slices(void **state)
{
	bool seen[256] = { false };
	struct id network = { { 0 } };

	(void)state;
	network.bytes[ID_BYTES - 1] = 0xff;
	for (unsigned n = 0; n < PREFIX_CHOICES; n++) {
		const struct prefix prefix = prefix_choice(&network, n);

		assert_int_equal(prefix.ip[0], 10);
		assert_true(prefix.ip[1] >= 128);
		assert_int_equal(prefix.ip[2], 0);
		assert_int_equal(prefix.ip[3], 0);
		assert_int_equal(prefix.len, 16);
		assert_false(seen[prefix.ip[1]]);
		seen[prefix.ip[1]] = true;
	}
	assert_int_equal(prefix_choice(&network, 0).ip[1], 255);
	assert_int_equal(prefix_choice(&network, 1).ip[1], 128);
}

static void bootstrap_lines(void **state)
{
	static const char *const good[] = {
		"a:1#" ID,
		"vpn.example.org:4767#" ID,
		"192.0.2.1:65535#" ID,
		"[2001:db8::1]:1#" ID,
		"xn--nxasmq6b.example:1#" ID,
		"1a.2b.3c.4d:1#" ID,
		"3com.example:1#" ID,
	};
	static const char *const bad[] = {
		"",
		"a",
		"a:1",
		"a:1#",
		"a#" ID,
		":1#" ID,
		"a:#" ID,
		"a:0#" ID,
		"a:65536#" ID,
		"a:01#" ID,
		"a:1 #" ID,
		" a:1#" ID,
		"a:1#" ID "x",
		"a:1#" ID "#",
		"a_b:1#" ID,
		"-a:1#" ID,
		"a-:1#" ID,
		"a..b:1#" ID,
		"a..:1#" ID,
		".:1#" ID,
		"[2001:db8::1.]:1#" ID,
		".a:1#" ID,
		"1.2.3:1#" ID,
		"1.2.3.256:1#" ID,
		"a.1:1#" ID,
		"2001:db8::1:1#" ID,
		"[2001:db8::1]#" ID,
		"[2001:db8::1]1#" ID,
		"[2001:db8::1:1#" ID,
		"[192.0.2.1]:1#" ID,
		"[]:1#" ID,
		"[fe80::1%eth0]:1#" ID,
	};
	struct bootstrap b = { .port = 7 };

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		if (bootstrap_from_text(span_text(bad[i]), &b) != ERR_MALFORMED || b.port != 7)
			fail_msg("accepted: %s", bad[i]);
	for (size_t i = 0; i < COUNT(good); i++) {
		char text[BOOTSTRAP_TEXT_CHARS + 1];

		if (bootstrap_from_text(span_text(good[i]), &b) != 0)
			fail_msg("refused: %s", good[i]);
		bootstrap_to_text(&b, text);
		assert_string_equal(text, good[i]);
	}
}

/* DNS does not tell large letters from small ones, and a dot may end a name. */
static void a_host_has_one_form(void **state)
{
	static const struct {
		const char *text, *form;
	} cases[] = {
		{ "VPN.Example.ORG:4767#" ID, "vpn.example.org:4767#" ID },
		{ "vpn.example.org.:4767#" ID, "vpn.example.org:4767#" ID },
		{ "Vpn.:1#" ID, "vpn:1#" ID },
		{ "192.0.2.1.:1#" ID, "192.0.2.1:1#" ID },
		{ "[2001:DB8::1]:1#" ID, "[2001:db8::1]:1#" ID },
	};
	struct bootstrap b;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char text[BOOTSTRAP_TEXT_CHARS + 1];

		if (bootstrap_from_text(span_text(cases[i].text), &b) != 0)
			fail_msg("refused: %s", cases[i].text);
		bootstrap_to_text(&b, text);
		assert_string_equal(text, cases[i].form);
	}
}

/* Four labels: at most 63 characters in one, at most 253 in all. */
static void hosts_end_at_253_characters(void **state)
{
	char label[64];
	char text[BOOTSTRAP_TEXT_CHARS + 8];
	char back[BOOTSTRAP_TEXT_CHARS + 1];
	struct bootstrap b;

	(void)state;
	memset(label, 'a', sizeof(label) - 1);
	label[63] = '\0';
	assert_true(snprintf(text, sizeof(text), "%s.%s.%s.%.61s:65535#" ID, label, label, label,
			     label) > 0);
	assert_int_equal(bootstrap_from_text(span_text(text), &b), 0);
	assert_int_equal(strlen(b.host), BOOTSTRAP_HOST_MAX);
	bootstrap_to_text(&b, back);
	assert_string_equal(back, text);
	assert_true(snprintf(text, sizeof(text), "%s.%s.%s.%.62s:1#" ID, label, label, label,
			     label) > 0);
	assert_int_equal(bootstrap_from_text(span_text(text), &b), ERR_MALFORMED);
	assert_true(snprintf(text, sizeof(text), "%sa.b:1#" ID, label) > 0);
	assert_int_equal(bootstrap_from_text(span_text(text), &b), ERR_MALFORMED);
}

static void an_address_alone_has_no_id(void **state)
{
	struct bootstrap b;

	(void)state;
	assert_int_equal(bootstrap_address_from_text(span_text("[2001:db8::1]:4767"), &b), 0);
	assert_string_equal(b.host, "2001:db8::1");
	assert_int_equal(b.port, 4767);
	assert_true(id_is_zero(&b.id));
	assert_int_equal(bootstrap_address_from_text(span_text("a:1#" ID), &b), ERR_MALFORMED);
	assert_int_equal(bootstrap_address_from_text(span_text("a"), &b), ERR_MALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_walk_takes_every_part),
		cmocka_unit_test(trimming_and_copying),
		cmocka_unit_test(numbers),
		cmocka_unit_test(long_numbers),
		cmocka_unit_test(hexadecimal),
		cmocka_unit_test(base64),
		cmocka_unit_test(all_bytes_survive_base64),
		cmocka_unit_test(ids),
		cmocka_unit_test(addresses),
		cmocka_unit_test(prefixes),
		cmocka_unit_test(private_prefixes),
		cmocka_unit_test(hosts_of_a_prefix),
		cmocka_unit_test(overlap_is_of_either_in_the_other),
		cmocka_unit_test(proposals_go_round_the_slices),
		cmocka_unit_test(bootstrap_lines),
		cmocka_unit_test(a_host_has_one_form),
		cmocka_unit_test(hosts_end_at_253_characters),
		cmocka_unit_test(an_address_alone_has_no_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
