/* test_natbox.c - each kind of NAT maps and filters as RFC 4787 words it, and forgets in time. */
#include "tests/lib/cmocka.h"

#include "base/err.h"
#include "sim/natbox.h"

#include <string.h>

#define ENTRIES_MAX 1000
#define TIMEOUT_MS 120000

static struct rng rng;
static struct natbox_table *table;
static struct natbox box;
static const struct mono start = { .us = 1000 };

static struct mono after_us(uint64_t us)
{
	return mono_add_us(start, us);
}

static struct endpoint endpoint(const char *text)
{
	struct endpoint e;

	assert_int_equal(endpoint_from_text(text, &e), 0);
	return e;
}

/* Sends from an inside to a remote endpoint: how the world sees the sender. */
static struct endpoint out(struct mono now, const char *inside, const char *remote)
{
	const struct endpoint from = endpoint(inside);
	const struct endpoint to = endpoint(remote);
	struct endpoint outside;

	assert_int_equal(natbox_outbound(&box, now, &from, &to, &outside), 0);
	return outside;
}

/* Sends from a remote endpoint to an outside one; the inside endpoint that gets it must be this. */
static int in(struct mono now, const char *remote, const struct endpoint *outside,
	      const char *inside)
{
	const struct endpoint from = endpoint(remote);
	struct endpoint got;
	const int err = natbox_inbound(&box, now, outside, &from, &got);

	if (err == 0) {
		const struct endpoint want = endpoint(inside);

		assert_true(endpoint_equal(&got, &want));
	}
	return err;
}

static void open_box(const struct natbox_kind *kind)
{
	struct endpoint outside = endpoint("203.0.113.1:1");

	outside.port = 0;
	natbox_init(&box, table, &rng, kind, &outside);
}

static int set_up(void **state)
{
	(void)state;
	rng_init_seed(&rng, 1);
	table = natbox_table_new(ENTRIES_MAX, &rng);
	return table == NULL;
}

static int tear_down(void **state)
{
	(void)state;
	natbox_table_free(table);
	return 0;
}

#define INSIDE "192.168.0.2:5000"
#define REMOTE "198.51.100.1:7"
#define OTHER_PORT "198.51.100.1:8"
#define OTHER_ADDRESS "198.51.100.2:7"

/* Which of the three remotes can come in through a mapping that has sent to the first; and whether
 * sending to the others shows the same outside endpoint. */
static const struct truth {
	const struct natbox_kind *kind;
	int remote, other_port, other_address;
	bool same_to_port, same_to_address;
} truths[] = {
	{ &natbox_full_cone, 0, 0, 0, true, true },
	{ &natbox_address_restricted, 0, 0, ERR_DENIED, true, true },
	{ &natbox_port_restricted, 0, ERR_DENIED, ERR_DENIED, true, true },
	{ &natbox_symmetric, 0, ERR_DENIED, ERR_DENIED, false, false },
	{ &natbox_linux_accept, 0, ERR_NOT_FOUND, ERR_NOT_FOUND, true, true },
};

static void who_is_let_in_and_who_sees_what(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(truths) / sizeof(truths[0]); i++) {
		const struct truth *truth = &truths[i];

		open_box(truth->kind);
		const struct endpoint seen = out(start, INSIDE, REMOTE);

		assert_true(endpoint_ip_equal(&seen, &box.outside));
		assert_int_equal(in(start, REMOTE, &seen, INSIDE), truth->remote);
		assert_int_equal(in(start, OTHER_PORT, &seen, INSIDE), truth->other_port);
		assert_int_equal(in(start, OTHER_ADDRESS, &seen, INSIDE), truth->other_address);

		open_box(truth->kind);
		const struct endpoint first = out(start, INSIDE, REMOTE);
		const struct endpoint again = out(start, INSIDE, REMOTE);
		const struct endpoint to_port = out(start, INSIDE, OTHER_PORT);
		const struct endpoint to_address = out(start, INSIDE, OTHER_ADDRESS);

		assert_true(endpoint_equal(&first, &again));
		assert_true(endpoint_equal(&first, &to_port) == truth->same_to_port);
		assert_true(endpoint_equal(&first, &to_address) == truth->same_to_address);
	}
}

/* All nine combinations of RFC 4787 are one code; here are those that no named kind has. */
static void mapping_and_filtering_are_independent(void **state)
{
	struct natbox_kind kind = natbox_symmetric;

	(void)state;
	kind.mapping = NATBOX_ADDRESS;
	kind.filtering = NATBOX_ANYBODY;
	open_box(&kind);
	const struct endpoint seen = out(start, INSIDE, REMOTE);
	const struct endpoint to_port = out(start, INSIDE, OTHER_PORT);
	const struct endpoint to_address = out(start, INSIDE, OTHER_ADDRESS);

	assert_true(endpoint_equal(&seen, &to_port));
	assert_false(endpoint_equal(&seen, &to_address));
	assert_int_equal(in(start, "198.51.100.9:9", &seen, INSIDE), 0);
}

static void nothing_comes_in_unasked(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(truths) / sizeof(truths[0]); i++) {
		const struct endpoint at = endpoint("203.0.113.1:5000");

		open_box(truths[i].kind);
		assert_int_equal(in(start, REMOTE, &at, INSIDE), ERR_NOT_FOUND);
	}
}

static void unused_mappings_end_in_time(void **state)
{
	const uint64_t timeout_us = 1000 * (uint64_t)TIMEOUT_MS;

	(void)state;
	open_box(&natbox_port_restricted);
	const struct endpoint seen = out(start, INSIDE, REMOTE);

	/* What comes in is no use (RFC 4787, REQ-6 leaves that to the box). */
	assert_int_equal(in(after_us(timeout_us - 1), REMOTE, &seen, INSIDE), 0);
	assert_int_equal(in(after_us(timeout_us), REMOTE, &seen, INSIDE), ERR_NOT_FOUND);
	assert_int_equal(natbox_table_count(table), 0);

	/* What goes out is. */
	(void)out(after_us(timeout_us), INSIDE, REMOTE);
	(void)out(after_us(2 * timeout_us - 1), INSIDE, REMOTE);
	assert_int_equal(in(after_us(3 * timeout_us - 2), REMOTE, &seen, INSIDE), 0);
	assert_int_equal(in(after_us(3 * timeout_us - 1), REMOTE, &seen, INSIDE), ERR_NOT_FOUND);
}

static void a_permit_ends_though_its_mapping_lives(void **state)
{
	const uint64_t timeout_us = 1000 * (uint64_t)TIMEOUT_MS;

	(void)state;
	open_box(&natbox_port_restricted);
	const struct endpoint seen = out(start, INSIDE, REMOTE);

	(void)out(after_us(1), INSIDE, OTHER_ADDRESS);
	assert_int_equal(in(after_us(timeout_us), REMOTE, &seen, INSIDE), ERR_DENIED);
	assert_int_equal(in(after_us(timeout_us), OTHER_ADDRESS, &seen, INSIDE), 0);
	assert_int_equal(natbox_table_count(table), 2);
}

static void inbound_use_counts_where_the_kind_says_so(void **state)
{
	struct natbox_kind kind = natbox_port_restricted;
	const uint64_t timeout_us = 1000 * (uint64_t)TIMEOUT_MS;

	(void)state;
	kind.inbound_refreshes = true;
	open_box(&kind);
	const struct endpoint seen = out(start, INSIDE, REMOTE);

	assert_int_equal(in(after_us(timeout_us - 1), REMOTE, &seen, INSIDE), 0);
	assert_int_equal(in(after_us(2 * timeout_us - 2), REMOTE, &seen, INSIDE), 0);
	assert_int_equal(in(after_us(3 * timeout_us - 2), REMOTE, &seen, INSIDE), ERR_NOT_FOUND);
}

static void unanswered_mappings_end_sooner(void **state)
{
	(void)state;
	open_box(&natbox_linux_accept);
	const struct endpoint asked = out(start, INSIDE, REMOTE);
	const struct endpoint answered = out(start, "192.168.0.2:6000", REMOTE);

	assert_int_equal(in(after_us(29999999), REMOTE, &answered, "192.168.0.2:6000"), 0);
	assert_int_equal(in(after_us(30000000), REMOTE, &asked, INSIDE), ERR_NOT_FOUND);
	assert_int_equal(in(after_us(149999998), REMOTE, &answered, "192.168.0.2:6000"), 0);
	assert_int_equal(in(after_us(149999998 + 120000000), REMOTE, &answered, ""), ERR_NOT_FOUND);
}

static void ports_are_preserved_while_they_are_free(void **state)
{
	(void)state;
	open_box(&natbox_port_restricted);
	assert_int_equal(out(start, "192.168.0.2:5000", REMOTE).port, 5000);
	const struct endpoint second = out(start, "192.168.0.3:5000", REMOTE);

	assert_int_not_equal(second.port, 5000);
	assert_int_equal(in(start, REMOTE, &second, "192.168.0.3:5000"), 0);
	assert_int_equal(out(start, "192.168.0.2:1024", REMOTE).port, 1024); /* the range's ends */
	assert_int_equal(out(start, "192.168.0.2:65535", REMOTE).port, 65535);
	assert_int_not_equal(out(start, "192.168.0.2:1023", REMOTE).port, 1023);
}

static void overloaded_ports_are_told_apart_by_the_remote(void **state)
{
	(void)state;
	open_box(&natbox_linux_accept);
	const struct endpoint first = out(start, "192.168.0.2:5000", REMOTE);
	const struct endpoint second = out(start, "192.168.0.3:5000", OTHER_PORT);
	const struct endpoint clash = out(start, "192.168.0.4:5000", REMOTE);

	assert_int_equal(first.port, 5000);
	assert_int_equal(second.port, 5000);
	assert_int_not_equal(clash.port, 5000);
	assert_int_equal(in(start, REMOTE, &first, "192.168.0.2:5000"), 0);
	assert_int_equal(in(start, OTHER_PORT, &second, "192.168.0.3:5000"), 0);
	assert_int_equal(in(start, REMOTE, &clash, "192.168.0.4:5000"), 0);
}

static void random_ports_do_not_repeat_or_count(void **state)
{
	unsigned steps = 0;
	uint16_t last = 0;

	(void)state;
	open_box(&natbox_symmetric);
	for (unsigned i = 1; i <= 100; i++) {
		char remote[] = "198.51.100.1:1000";

		remote[14] = (char)('0' + i / 100);
		remote[15] = (char)('0' + i / 10 % 10);
		remote[16] = (char)('0' + i % 10);
		const uint16_t port = out(start, INSIDE, remote).port;

		assert_in_range(port, 1024, 65535);
		steps += port == last + 1;
		last = port;
	}
	assert_int_equal(steps, 0);
}

static void sequential_ports_can_be_guessed(void **state)
{
	struct natbox_kind kind = natbox_symmetric;

	(void)state;
	kind.ports = NATBOX_SEQUENTIAL;
	kind.port_min = 2000;
	kind.port_max = 2002;
	open_box(&kind);
	assert_int_equal(out(start, INSIDE, "198.51.100.1:1").port, 2000);
	assert_int_equal(out(start, INSIDE, "198.51.100.1:2").port, 2001);
	assert_int_equal(out(start, INSIDE, "198.51.100.1:3").port, 2002);
	/* The first ends, and the range begins again. */
	(void)out(after_us(60000000), INSIDE, "198.51.100.1:2");
	(void)out(after_us(60000000), INSIDE, "198.51.100.1:3");
	assert_int_equal(out(after_us(120000000), INSIDE, "198.51.100.1:4").port, 2000);
}

static void exhausted_ports_refuse_new_mappings(void **state)
{
	struct natbox_kind kind = natbox_symmetric;
	const struct endpoint inside = endpoint(INSIDE);
	struct endpoint remote = endpoint(REMOTE);
	struct endpoint outside = { .port = 77 };

	(void)state;
	kind.port_min = 20000;
	kind.port_max = 20063; /* 64 ports, as one subscriber of a large NAT has */
	open_box(&kind);
	for (uint16_t i = 1; i <= 64; i++) {
		remote.port = i;
		assert_int_equal(natbox_outbound(&box, start, &inside, &remote, &outside), 0);
		assert_in_range(outside.port, 20000, 20063);
	}
	remote.port = 65;
	outside.port = 77;
	assert_int_equal(natbox_outbound(&box, start, &inside, &remote, &outside), ERR_FULL);
	assert_int_equal(outside.port, 77);
	remote.port = 64;
	assert_int_equal(natbox_outbound(&box, start, &inside, &remote, &outside), 0);
	remote.port = 65;
	assert_int_equal(natbox_outbound(&box, after_us(120000000), &inside, &remote, &outside), 0);
}

static void a_full_table_refuses_and_recovers(void **state)
{
	const struct endpoint inside = endpoint(INSIDE);
	struct endpoint remote = endpoint(REMOTE);
	struct endpoint outside;

	(void)state;
	open_box(&natbox_symmetric);
	for (uint16_t i = 1; i <= ENTRIES_MAX / 2; i++) { /* a mapping and a permit each */
		remote.port = i;
		assert_int_equal(natbox_outbound(&box, start, &inside, &remote, &outside), 0);
	}
	remote.port = ENTRIES_MAX;
	assert_int_equal(natbox_outbound(&box, start, &inside, &remote, &outside), ERR_FULL);
	assert_int_equal(natbox_table_count(table), ENTRIES_MAX);
	assert_int_equal(natbox_outbound(&box, after_us(120000000), &inside, &remote, &outside), 0);
	assert_int_equal(natbox_table_count(table), 2);
}

static void a_reboot_forgets_everything(void **state)
{
	(void)state;
	open_box(&natbox_symmetric);
	const struct endpoint before = out(start, INSIDE, REMOTE);

	natbox_reboot(&box);
	assert_int_equal(in(start, REMOTE, &before, INSIDE), ERR_NOT_FOUND);
	const struct endpoint after = out(start, INSIDE, REMOTE);

	assert_false(endpoint_equal(&before, &after));
	assert_int_equal(in(start, REMOTE, &after, INSIDE), 0);
}

static void boxes_share_a_table_but_no_mapping(void **state)
{
	struct natbox first;

	(void)state;
	open_box(&natbox_port_restricted);
	const struct endpoint seen = out(start, INSIDE, REMOTE);

	first = box;
	open_box(&natbox_port_restricted);
	assert_int_equal(in(start, REMOTE, &seen, INSIDE), ERR_NOT_FOUND);
	box = first;
	assert_int_equal(in(start, REMOTE, &seen, INSIDE), 0);
}

/* The trap of Linux NATs without an input rule: a probe that comes first is taken for the box's own
 * flow, so the punch towards its sender leaves from another port than everybody was told. */
static void linux_accept_remaps_after_an_early_probe(void **state)
{
	const struct endpoint expected = endpoint("203.0.113.1:5000");

	(void)state;
	open_box(&natbox_linux_accept);
	assert_int_equal(in(start, REMOTE, &expected, INSIDE), ERR_NOT_FOUND);
	const struct endpoint punched = out(start, INSIDE, REMOTE);

	assert_int_not_equal(punched.port, 5000);
	assert_int_equal(in(start, REMOTE, &expected, INSIDE), ERR_NOT_FOUND);
	assert_int_equal(in(start, REMOTE, &punched, INSIDE), 0);
	assert_int_equal(out(start, INSIDE, OTHER_ADDRESS).port, 5000); /* others see no change */
}

static void linux_accept_forgets_a_probe_after_30_s(void **state)
{
	const struct endpoint expected = endpoint("203.0.113.1:5000");

	(void)state;
	open_box(&natbox_linux_accept);
	(void)in(start, REMOTE, &expected, INSIDE);
	(void)in(after_us(10000000), REMOTE, &expected, INSIDE); /* each probe renews it */
	assert_int_not_equal(out(after_us(39999999), "192.168.0.9:5000", REMOTE).port, 5000);
	assert_int_equal(out(after_us(40000000), INSIDE, REMOTE).port, 5000);
}

static void other_kinds_keep_no_trace_of_a_probe(void **state)
{
	const struct endpoint expected = endpoint("203.0.113.1:5000");

	(void)state;
	open_box(&natbox_port_restricted);
	(void)in(start, REMOTE, &expected, INSIDE);
	assert_int_equal(natbox_table_count(table), 0);
	assert_int_equal(out(start, INSIDE, REMOTE).port, 5000);
}

static void a_firewall_keeps_addresses_and_asks_for_permits(void **state)
{
	const struct endpoint host = endpoint("[2001:db8::2]:5000");

	(void)state;
	open_box(&natbox_firewall);
	assert_int_equal(in(start, "[2001:db8::9]:7", &host, ""), ERR_NOT_FOUND);
	const struct endpoint seen = out(start, "[2001:db8::2]:5000", "[2001:db8::9]:7");

	assert_true(endpoint_equal(&seen, &host));
	assert_int_equal(in(start, "[2001:db8::9]:7", &host, "[2001:db8::2]:5000"), 0);
	assert_int_equal(in(start, "[2001:db8::9]:8", &host, ""), ERR_DENIED);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(who_is_let_in_and_who_sees_what),
		TEST(mapping_and_filtering_are_independent),
		TEST(nothing_comes_in_unasked),
		TEST(unused_mappings_end_in_time),
		TEST(a_permit_ends_though_its_mapping_lives),
		TEST(inbound_use_counts_where_the_kind_says_so),
		TEST(unanswered_mappings_end_sooner),
		TEST(ports_are_preserved_while_they_are_free),
		TEST(overloaded_ports_are_told_apart_by_the_remote),
		TEST(random_ports_do_not_repeat_or_count),
		TEST(sequential_ports_can_be_guessed),
		TEST(exhausted_ports_refuse_new_mappings),
		TEST(a_full_table_refuses_and_recovers),
		TEST(a_reboot_forgets_everything),
		TEST(boxes_share_a_table_but_no_mapping),
		TEST(linux_accept_remaps_after_an_early_probe),
		TEST(linux_accept_forgets_a_probe_after_30_s),
		TEST(other_kinds_keep_no_trace_of_a_probe),
		TEST(a_firewall_keeps_addresses_and_asks_for_permits),
	};
#undef TEST

	return cmocka_run_group_tests_name("natbox", tests, NULL, NULL);
}
