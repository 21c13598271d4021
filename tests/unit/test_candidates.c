/* test_candidates.c - what is told to peers, what never is, and what it takes to believe them. */
#include "path/candidates.h"

#include "tests/lib/cmocka.h"

#include <stdio.h>
#include <string.h>

static struct mono at_ms(uint64_t ms)
{
	return mono_add_ms((struct mono){ .us = 5000 }, ms);
}

static struct endpoint endpoint(const char *text)
{
	struct endpoint e;

	assert_int_equal(endpoint_from_text(text, &e), 0);
	return e;
}

static struct candidates fresh(void)
{
	static const struct candidates_prefix own[] = {
		{ .ip = { [10] = 0xff, 0xff, 10, 128 }, .bits = 96 + 9 },
		{ .ip = { 0xfd, 1, 2, 3, 4, 5 }, .bits = 48 },
	};
	struct candidates c;

	candidates_init(&c, own, 2);
	return c;
}

static bool set_host(struct candidates *c, const char *text)
{
	const struct endpoint host = endpoint(text);

	return candidates_set_host(c, at_ms(0), &host, 1);
}

/* Peer `n`, reached at `from`, sees us as `seen`. */
static bool saw(struct candidates *c, uint64_t ms, uint8_t n, const char *from, const char *seen)
{
	const struct candidates_report report = { .reporter = { { n } },
						  .from = endpoint(from),
						  .seen = endpoint(seen) };

	return candidates_saw(c, at_ms(ms), &report);
}

static struct candidates_message told(const struct candidates *c, uint64_t ms)
{
	struct candidates_message message;

	memset(&message, 0xaa, sizeof(message));
	candidates_tell(c, at_ms(ms), &message);
	assert_int_equal(message.relay_count, 0);
	return message;
}

static void expect(const struct candidates_message *message, unsigned i, enum candidate_kind kind,
		   const char *text)
{
	const struct endpoint e = endpoint(text);

	assert_true(i < message->candidate_count);
	assert_int_equal(message->candidates[i].kind, kind);
	assert_true(endpoint_equal(&message->candidates[i].endpoint, &e));
}

static void only_unicast_addresses_outside_our_tunnels_are_probed(void **state)
{
	static const struct {
		const char *text;
		bool probeable;
	} cases[] = {
		{ "0.255.255.255:1", false },
		{ "1.0.0.0:1", true },
		{ "126.255.255.255:1", true },
		{ "127.0.0.0:1", false },
		{ "127.255.255.255:1", false },
		{ "128.0.0.0:1", true },
		{ "223.255.255.255:65535", true },
		{ "224.0.0.0:1", false },
		{ "239.255.255.255:1", false },
		{ "240.0.0.0:1", false },
		{ "255.255.255.255:1", false },
		{ "192.168.0.1:1", true },
		{ "10.127.255.255:1", true },
		{ "10.128.0.0:1", false }, /* inside the tunnel */
		{ "10.255.255.255:1", false },
		{ "11.0.0.0:1", true },
		{ "[::]:1", false },
		{ "[::1]:1", false },
		{ "[::192.0.2.1]:1", false },
		{ "[64:ff9b::c000:201]:1", false },
		{ "[ff:ffff::]:1", false },
		{ "[100::1]:1", true },
		{ "[2001:db8::1]:1", true },
		{ "[fe7f::1]:1", true },
		{ "[fe80::1]:1", false },
		{ "[febf::1]:1", false },
		{ "[fec0::1]:1", true },
		{ "[feff::1]:1", true },
		{ "[ff00::1]:1", false },
		{ "[ff02::1]:1", false },
		{ "[fd01:203:405::1]:1", false }, /* inside the tunnel */
		{ "[fd01:203:405:ffff::1]:1", false },
		{ "[fd01:203:406::1]:1", true },
		{ "[fd01:203:404::1]:1", true },
	};
	const struct candidates c = fresh();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct endpoint e;

		if (endpoint_from_text(cases[i].text, &e) != 0) { /* ::192.0.2.1 has no such text */
			const uint8_t compatible[16] = { [12] = 192, 0, 2, 1 };

			e = endpoint_v6(compatible, 1);
		}
		if (candidates_is_probeable(&c, &e) != cases[i].probeable)
			fail_msg("%s: probeable is not %d", cases[i].text, cases[i].probeable);
		e.port = 0;
		assert_false(candidates_is_probeable(&c, &e));
	}
}

static void private_addresses_are_known(void **state)
{
	static const struct {
		const char *text;
		bool private;
	} cases[] = {
		{ "9.255.255.255:1", false },  { "10.0.0.0:1", true },
		{ "10.255.255.255:1", true },  { "11.0.0.0:1", false },
		{ "172.15.255.255:1", false }, { "172.16.0.0:1", true },
		{ "172.31.255.255:1", true },  { "172.32.0.0:1", false },
		{ "192.167.255.1:1", false },  { "192.168.0.0:1", true },
		{ "192.169.0.0:1", false },    { "100.63.255.255:1", false },
		{ "100.64.0.0:1", true },      { "100.127.255.255:1", true },
		{ "100.128.0.0:1", false },    { "169.254.1.1:1", true },
		{ "169.255.0.0:1", false },    { "[fbff::1]:1", false },
		{ "[fc00::1]:1", true },       { "[fdff::1]:1", true },
		{ "[fe00::1]:1", false },      { "[2001:db8::1]:1", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct endpoint e = endpoint(cases[i].text);

		if (candidates_is_private(&e) != cases[i].private)
			fail_msg("%s: private is not %d", cases[i].text, cases[i].private);
	}
}

/* In IPv6 a segment has a /64. */
static void who_is_beside_us_is_known(void **state)
{
	static const struct {
		const char *text;
		bool beside;
	} cases[] = {
		{ "[2001:db8:1:2::1]:1", true },  { "[2001:db8:1:2:ffff::]:9", true },
		{ "[2001:db8:1:3::1]:1", false }, { "[fd00:1::7]:1", true },
		{ "[fd00:1:0:1::7]:1", false },   { "10.0.0.1:1", false },
		{ "10.0.0.2:1", false },
	};
	const struct endpoint hosts[] = { endpoint("10.0.0.1:4767"),
					  endpoint("[2001:db8:1:2::1]:4767"),
					  endpoint("[fd00:1::1]:4767") };
	struct candidates c = fresh();

	(void)state;
	(void)candidates_set_host(&c, at_ms(0), hosts, 3);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct endpoint e = endpoint(cases[i].text);

		if (candidates_is_beside(&c, &e) != cases[i].beside)
			fail_msg("%s: beside us is not %d", cases[i].text, cases[i].beside);
	}
}

/* Also not who comes when all places are taken. */
static void of_a_changing_nat_a_crowd_is_no_news(void **state)
{
	struct candidates c = fresh();
	unsigned news = 0;

	(void)state;
	for (unsigned n = 0; n < 400; n++) {
		const uint8_t who = (uint8_t)(n % (2 * CANDIDATES_REPORTS_MAX - 1));
		char from[32], seen[32];

		(void)snprintf(from, sizeof(from), "198.51.100.%u:1", 1U + who);
		(void)snprintf(seen, sizeof(seen), "203.0.113.1:%u", 4000U + who);
		news += saw(&c, UINT64_C(1000) * n, (uint8_t)(1 + who), from, seen);
	}
	assert_int_equal(candidates_nat(&c, at_ms(400000)), NAT_CHANGING);
	assert_int_equal(news, 2);
}

/* Where a NAT lends another port for each peer, two of what was seen say all that it is worth, and
 * whoever comes later brings no news. */
static void of_a_changing_nat_two_are_told(void **state)
{
	struct candidates c = fresh();
	struct candidates_message message;

	(void)state;
	assert_true(saw(&c, 1, 1, "198.51.100.1:1", "203.0.113.1:4001"));
	assert_true(saw(&c, 2, 2, "198.51.100.2:1", "203.0.113.1:4002"));
	assert_int_equal(candidates_nat(&c, at_ms(3)), NAT_CHANGING);
	assert_false(saw(&c, 3, 3, "198.51.100.3:1", "203.0.113.1:4003"));
	assert_false(saw(&c, 4, 1, "198.51.100.1:1", "203.0.113.1:4001"));
	message = told(&c, 5);
	assert_int_equal(message.candidate_count, 2);
	expect(&message, 0, CANDIDATE_SEEN, "203.0.113.1:4001");
	expect(&message, 1, CANDIDATE_SEEN, "203.0.113.1:4002");
	assert_true(saw(&c, 6, 4, "198.51.100.4:1", "203.0.113.2:4004")); /* of another address */
	assert_int_equal(told(&c, 7).candidate_count, 3);
	assert_true(saw(&c, 8, 5, "198.51.100.5:1", "203.0.113.1:4003")); /* two agree */
	assert_int_equal(candidates_nat(&c, at_ms(9)), NAT_STABLE);
	assert_int_equal(told(&c, 9).candidate_count, 4);
}

static void hosts_come_first_then_what_was_seen_newest_first(void **state)
{
	struct candidates c = fresh();
	struct candidates_message message;

	(void)state;
	assert_true(set_host(&c, "192.168.0.2:4767"));
	assert_true(saw(&c, 1, 1, "198.51.100.1:1", "203.0.113.1:4001"));
	assert_true(saw(&c, 2, 2, "198.51.100.1:2", "203.0.113.1:4002"));
	assert_false(saw(&c, 3, 3, "192.168.0.3:1", "192.168.0.2:4767"));
	message = told(&c, 4);
	assert_int_equal(message.candidate_count, 3); /* the host's own only once */
	expect(&message, 0, CANDIDATE_HOST, "192.168.0.2:4767");
	expect(&message, 1, CANDIDATE_SEEN, "203.0.113.1:4002");
	expect(&message, 2, CANDIDATE_SEEN, "203.0.113.1:4001");
	assert_false(saw(&c, 5, 1, "198.51.100.1:1", "203.0.113.1:4001")); /* no news */
	message = told(&c, 6);
	expect(&message, 1, CANDIDATE_SEEN, "203.0.113.1:4001");
	candidates_forget_seen(&c);
	assert_int_equal(told(&c, 7).candidate_count, 1);
}

static void nonsense_is_neither_kept_nor_told(void **state)
{
	const struct endpoint hosts[] = { endpoint("127.0.0.1:4767"), endpoint("10.128.0.1:4767"),
					  endpoint("192.0.2.1:4767"), endpoint("192.0.2.1:4767") };
	struct candidates c = fresh();
	struct candidates_message message;

	(void)state;
	assert_true(candidates_set_host(&c, at_ms(0), hosts, 4));
	assert_false(saw(&c, 1, 1, "198.51.100.1:1", "127.0.0.1:1"));
	assert_false(saw(&c, 1, 2, "198.51.100.2:1", "10.200.0.1:1"));
	message = told(&c, 2);
	assert_int_equal(message.candidate_count, 1);
	expect(&message, 0, CANDIDATE_HOST, "192.0.2.1:4767");
	assert_false(candidates_set_host(&c, at_ms(0), hosts, 4));
}

static void what_was_seen_finds_room_beside_many_addresses_of_the_host(void **state)
{
	struct endpoint hosts[CANDIDATES_HOST_MAX + 1];
	struct candidates c = fresh();
	struct candidates_message message;

	(void)state;
	for (unsigned i = 0; i <= CANDIDATES_HOST_MAX; i++) {
		hosts[i] = endpoint("192.0.2.1:1");
		hosts[i].port = (uint16_t)(1 + i);
	}
	assert_true(candidates_set_host(&c, at_ms(0), hosts, CANDIDATES_HOST_MAX + 1));
	assert_int_equal(told(&c, 0).candidate_count, CANDIDATES_MAX);
	for (uint8_t i = 1; i <= CANDIDATES_SEEN_KEPT + 1; i++) {
		struct candidates_report report = { .reporter = { { i } },
						    .from = endpoint("198.51.100.1:1"),
						    .seen = endpoint("203.0.113.1:1") };

		report.seen.port = i;
		(void)candidates_saw(&c, at_ms(i), &report);
	}
	message = told(&c, 10);
	assert_int_equal(message.candidate_count, CANDIDATES_MAX);
	expect(&message, CANDIDATES_MAX - CANDIDATES_SEEN_KEPT - 1, CANDIDATE_HOST, "192.0.2.1:5");
	expect(&message, CANDIDATES_MAX - CANDIDATES_SEEN_KEPT, CANDIDATE_SEEN, "203.0.113.1:4");
	expect(&message, CANDIDATES_MAX - 1, CANDIDATE_SEEN, "203.0.113.1:2");
}

static void reports_are_forgotten_in_time(void **state)
{
	struct candidates c = fresh();

	(void)state;
	assert_true(saw(&c, 0, 1, "198.51.100.1:1", "203.0.113.1:1"));
	assert_true(saw(&c, 1, 2, "198.51.100.2:1", "203.0.113.1:1"));
	assert_int_equal(candidates_nat(&c, at_ms(CANDIDATES_REPORT_MS - 1)), NAT_STABLE);
	assert_int_equal(candidates_nat(&c, at_ms(CANDIDATES_REPORT_MS)), NAT_UNKNOWN);
	assert_int_equal(told(&c, CANDIDATES_REPORT_MS).candidate_count, 1);
	assert_int_equal(told(&c, CANDIDATES_REPORT_MS + 1).candidate_count, 0);
}

static void the_oldest_gives_way_and_nobody_has_more_than_two(void **state)
{
	struct candidates c = fresh();
	struct candidates_message message;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		(void)saw(&c, i, 1, "198.51.100.1:1", i == 0 ? "203.0.113.1:1" : "203.0.113.1:2");
		(void)saw(&c, i, 1, "[2001:db8::1]:1", "[2001:db8::2]:1");
	}
	message = told(&c, 3);
	assert_int_equal(message.candidate_count, 2);
	for (uint8_t i = 2; i < CANDIDATES_REPORTS_MAX; i++)
		(void)saw(&c, 10U + i, i, "198.51.100.1:1",
			  i == 4 ? "203.0.113.1:4" : "203.0.113.1:3");
	assert_int_equal(told(&c, 50).candidate_count, 4);
	/* Those of peers 3 and 4 go: the first two of an address stay. */
	for (uint8_t i = 0; i < 2; i++) {
		(void)saw(&c, UINT64_C(2) * CANDIDATES_MOVE_MS + i, (uint8_t)(200 + i),
			  "198.51.100.1:1", "203.0.113.1:3");
		assert_int_equal(told(&c, 2 * CANDIDATES_MOVE_MS + 9).candidate_count, 4U - i);
	}
}

static struct candidates_message agreed(const struct candidates *c, uint64_t ms)
{
	struct candidates_message message;

	memset(&message, 0xaa, sizeof(message));
	candidates_tell_agreed(c, at_ms(ms), &message);
	return message;
}

static void what_one_alone_says_is_told_apart(void **state)
{
	struct candidates c = fresh();
	struct candidates_message message;

	(void)state;
	assert_true(set_host(&c, "192.168.0.2:4767"));
	assert_true(saw(&c, 1, 1, "198.51.100.1:1", "203.0.113.1:1"));
	assert_true(saw(&c, 2, 2, "198.51.100.1:2", "203.0.113.1:2")); /* at the same address */
	assert_int_equal(told(&c, 3).candidate_count, 3);
	assert_int_equal(agreed(&c, 3).candidate_count, 1);
	message = agreed(&c, 3);
	expect(&message, 0, CANDIDATE_HOST, "192.168.0.2:4767");
	assert_true(saw(&c, 4, 3, "198.51.100.3:1", "203.0.113.1:2")); /* no news, but certain */
	assert_int_equal(told(&c, 5).candidate_count, 3);
	assert_int_equal(agreed(&c, 5).candidate_count, 3); /* mappings of one address */
	assert_true(saw(&c, 6, 4, "198.51.100.4:1", "203.0.113.9:1"));
	message = told(&c, 7); /* what is certain first, however old */
	expect(&message, 3, CANDIDATE_SEEN, "203.0.113.9:1");
	assert_int_equal(agreed(&c, 7).candidate_count, 3);
	assert_int_equal(agreed(&c, CANDIDATES_REPORT_MS + 3).candidate_count, 1);
}

static void one_alone_names_another_endpoint_now_and_then(void **state)
{
	struct candidates c = fresh();

	(void)state;
	assert_true(saw(&c, 0, 1, "198.51.100.1:1", "203.0.113.1:1"));
	assert_false(saw(&c, 1000, 1, "198.51.100.1:1", "203.0.113.1:1"));
	assert_false(saw(&c, CANDIDATES_MOVE_MS - 1, 1, "198.51.100.1:1", "203.0.113.2:1"));
	assert_true(saw(&c, CANDIDATES_MOVE_MS, 1, "198.51.100.1:1", "203.0.113.2:1"));
	assert_false(saw(&c, CANDIDATES_MOVE_MS + 1, 1, "198.51.100.1:1", "203.0.113.3:1"));
	assert_int_equal(told(&c, CANDIDATES_MOVE_MS + 1).candidate_count, 1);
	/* Unless it is true, as far as another one knows. */
	assert_true(saw(&c, CANDIDATES_MOVE_MS + 2, 2, "198.51.100.2:1", "203.0.113.3:2"));
	assert_true(saw(&c, CANDIDATES_MOVE_MS + 3, 1, "198.51.100.1:1", "203.0.113.3:1"));
	assert_int_equal(agreed(&c, CANDIDATES_MOVE_MS + 3).candidate_count, 2);
}

/* Or it would have its own place taken by others, and begin anew. */
static void what_was_just_said_keeps_its_place(void **state)
{
	struct candidates c = fresh();

	(void)state;
	for (uint8_t i = 1; i <= CANDIDATES_REPORTS_MAX; i++) {
		struct candidates_report report = { .reporter = { { i } },
						    .from = endpoint("198.51.100.1:1"),
						    .seen = endpoint("203.0.113.1:1") };

		report.seen.port = i;
		(void)candidates_saw(&c, at_ms(i), &report);
	}
	/* The first two of an address stay anyway, so it is the third whose turn comes. */
	assert_false(saw(&c, CANDIDATES_MOVE_MS + 2, 99, "198.51.100.1:1", "203.0.113.99:1"));
	assert_true(saw(&c, CANDIDATES_MOVE_MS + 3, 99, "198.51.100.1:1", "203.0.113.99:1"));
}

static void a_verdict_takes_two_peers_at_two_public_addresses(void **state)
{
	static const struct {
		const char *from[2], *seen[2];
		uint8_t peers[2];
		enum nat nat;
	} cases[] = {
#define FROM_TWO { "198.51.100.1:1", "198.51.100.2:1" }
		{ FROM_TWO, { "203.0.113.1:1", "203.0.113.1:1" }, { 1, 2 }, NAT_STABLE },
		{ FROM_TWO, { "192.0.2.1:4767", "192.0.2.1:4767" }, { 1, 2 }, NAT_NONE },
		{ FROM_TWO, { "203.0.113.1:1", "203.0.113.1:2" }, { 1, 2 }, NAT_CHANGING },
		{ FROM_TWO, { "203.0.113.1:1", "203.0.113.1:1" }, { 1, 1 }, NAT_UNKNOWN },
		{ { "198.51.100.1:1", "198.51.100.1:2" },
		  { "203.0.113.1:1", "203.0.113.1:1" },
		  { 1, 2 },
		  NAT_UNKNOWN },
		{ { "198.51.100.1:1", "192.168.0.3:1" },
		  { "203.0.113.1:1", "203.0.113.1:1" },
		  { 1, 2 },
		  NAT_UNKNOWN },
		{ { "192.168.0.4:1", "192.168.0.3:1" },
		  { "192.0.2.1:4767", "192.0.2.1:4767" },
		  { 1, 2 },
		  NAT_UNKNOWN },
		{ { "[2001:db8:1::1]:1", "[2001:db8:2::1]:1" },
		  { "[2001:db8::2]:1", "[2001:db8::2]:1" },
		  { 1, 2 },
		  NAT_STABLE },
		{ { "198.51.100.1:1", "[2001:db8:2::1]:1" },
		  { "203.0.113.1:1", "[2001:db8::2]:1" },
		  { 1, 2 },
		  NAT_UNKNOWN },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct candidates c = fresh();

		(void)set_host(&c, "192.0.2.1:4767");
		for (unsigned n = 0; n < 2; n++)
			(void)saw(&c, n, cases[i].peers[n], cases[i].from[n], cases[i].seen[n]);
		assert_int_equal(candidates_nat(&c, at_ms(2)), cases[i].nat);
		assert_int_equal(told(&c, 2).nat, cases[i].nat);
	}
}

/* Whatever a single member says, two who agree are believed; and it alone is not. */
static void a_liar_changes_no_verdict_of_two(void **state)
{
	static const char *const lies[] = { "203.0.113.1:9", "192.0.2.1:4767", "198.51.100.9:1" };

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		for (unsigned turn = 0; turn < 3; turn++) {
			struct candidates c = fresh();

			(void)set_host(&c, "192.0.2.1:4767");
			for (uint8_t n = 0; n < 3; n++)
				(void)saw(&c, n, (uint8_t)(1 + n),
					  n == 0   ? "198.51.100.1:1"
					  : n == 1 ? "198.51.100.2:1"
						   : "198.51.100.3:1",
					  n == turn ? lies[i] : "203.0.113.1:1");
			assert_int_equal(candidates_nat(&c, at_ms(5)), NAT_STABLE);
		}
		struct candidates c = fresh();

		(void)set_host(&c, "192.0.2.1:4767");
		(void)saw(&c, 0, 1, "198.51.100.1:1", lies[i]);
		assert_int_equal(candidates_nat(&c, at_ms(5)), NAT_UNKNOWN);
	}
}

static void ipv4_speaks_before_ipv6_where_both_do(void **state)
{
	struct candidates c = fresh();

	(void)state;
	(void)set_host(&c, "[2001:db8::2]:4767");
	(void)saw(&c, 0, 1, "[2001:db8:1::1]:1", "[2001:db8::2]:4767");
	assert_true(saw(&c, 1, 2, "[2001:db8:2::1]:1", "[2001:db8::2]:4767")); /* the verdict */
	assert_int_equal(candidates_nat(&c, at_ms(2)), NAT_NONE);
	(void)saw(&c, 3, 1, "198.51.100.1:1", "203.0.113.1:1");
	assert_int_equal(candidates_nat(&c, at_ms(4)), NAT_NONE);
	(void)saw(&c, 5, 2, "198.51.100.2:1", "203.0.113.1:2");
	assert_int_equal(candidates_nat(&c, at_ms(6)), NAT_CHANGING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_unicast_addresses_outside_our_tunnels_are_probed),
		cmocka_unit_test(private_addresses_are_known),
		cmocka_unit_test(who_is_beside_us_is_known),
		cmocka_unit_test(of_a_changing_nat_two_are_told),
		cmocka_unit_test(of_a_changing_nat_a_crowd_is_no_news),
		cmocka_unit_test(hosts_come_first_then_what_was_seen_newest_first),
		cmocka_unit_test(nonsense_is_neither_kept_nor_told),
		cmocka_unit_test(what_was_seen_finds_room_beside_many_addresses_of_the_host),
		cmocka_unit_test(reports_are_forgotten_in_time),
		cmocka_unit_test(the_oldest_gives_way_and_nobody_has_more_than_two),
		cmocka_unit_test(what_one_alone_says_is_told_apart),
		cmocka_unit_test(one_alone_names_another_endpoint_now_and_then),
		cmocka_unit_test(what_was_just_said_keeps_its_place),
		cmocka_unit_test(a_verdict_takes_two_peers_at_two_public_addresses),
		cmocka_unit_test(a_liar_changes_no_verdict_of_two),
		cmocka_unit_test(ipv4_speaks_before_ipv6_where_both_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
