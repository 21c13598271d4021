/* test_heard.c - a beacon counts once, and whoever invents members leaves places for others. */
#include "node/heard.h"

#include "base/err.h"
#include "tests/lib/cmocka.h"

#define NOON INT64_C(1780000000000000)

static struct heard heard; /* large */

static int set_up(void **state)
{
	(void)state;
	heard = (struct heard){ .count = 0 };
	return 0;
}

/* Of the n-th, at an instant after noon, heard at another. */
static int take(unsigned n, const struct endpoint *from, int64_t at_us, int64_t now_us)
{
	const struct heard_sender beacon = { .id.bytes = { (uint8_t)(n >> 8), (uint8_t)n },
					     .from = *from,
					     .at.us = NOON + at_us };
	struct heard_sender *place = NULL;
	const int err = heard_take(&heard, (struct wall){ .us = NOON + now_us }, &beacon, &place);

	assert_true(err != 0 || memcmp(&place->id, &beacon.id, sizeof(beacon.id)) == 0);
	return err;
}

/* At noon, by IPv6 from where we have no address. */
static int take_far(unsigned n, const struct endpoint *from)
{
	const struct heard_sender beacon = { .id.bytes = { (uint8_t)(n >> 8), (uint8_t)n },
					     .from = *from,
					     .is_far = true,
					     .at.us = NOON };
	struct heard_sender *place;

	return heard_take(&heard, (struct wall){ .us = NOON }, &beacon, &place);
}

/* Each IPv4 address has its number. */
static struct endpoint v4(unsigned n)
{
	const uint8_t ip[4] = { 10, 0, (uint8_t)(n >> 8), (uint8_t)n };

	return endpoint_v4(ip, 4768);
}

static struct endpoint v6(uint8_t site, unsigned n)
{
	const uint8_t ip[16] = { 0xfd, [7] = site, [14] = (uint8_t)(n >> 8), [15] = (uint8_t)n };

	return endpoint_v6(ip, 4768);
}

static void what_is_newer_counts_once(void **state)
{
	const struct endpoint here = v4(1);
	const struct endpoint there = v4(2);

	(void)state;
	assert_int_equal(take(1, &here, 10, 10), 0);
	assert_int_equal(take(1, &here, 10, 10), ERR_REPLAY);
	assert_int_equal(take(1, &there, 10, 20), ERR_REPLAY);
	assert_int_equal(take(1, &here, 9, 20), ERR_REPLAY);
	assert_int_equal(take(2, &here, 9, 20), 0);
	assert_int_equal(take(1, &there, 11, 20), 0);
	assert_int_equal(take(1, &here, 11, 20), ERR_REPLAY);
}

/* Who has the network secret can speak in another's name, of the future: its owner is heard even
 * so. */
static void what_is_dated_ahead_silences_nobody(void **state)
{
	const struct endpoint liar = v4(1);
	const struct endpoint owner = v4(2);

	(void)state;
	assert_int_equal(take(1, &owner, 0, 0), 0);
	assert_int_equal(take(1, &liar, HEARD_SKEW_US, 10), 0);
	assert_int_equal(take(1, &owner, 10, 20), ERR_REPLAY);
	assert_int_equal(take(1, &owner, 11, 20), 0);
}

static void what_is_far_from_now_does_not_count(void **state)
{
	const struct endpoint here = v4(1);

	(void)state;
	assert_int_equal(take(1, &here, 0, HEARD_SKEW_US + 1), ERR_REPLAY);
	assert_int_equal(take(1, &here, 0, HEARD_SKEW_US), 0);
	assert_int_equal(take(2, &here, HEARD_SKEW_US + 1, 0), ERR_REPLAY);
	assert_int_equal(take(2, &here, HEARD_SKEW_US, 0), 0);
}

/* An hour back: what was heard of the time that has not come says nothing of now. */
static void a_calendar_may_be_put_right(void **state)
{
	const struct endpoint here = v4(1);
	const int64_t hour = INT64_C(3600000000);

	(void)state;
	assert_int_equal(take(1, &here, hour, hour), 0);
	assert_int_equal(take(1, &here, 0, 0), 0);
	assert_int_equal(take(1, &here, 0, 0), ERR_REPLAY);
}

/* Of more than there are places the one that was heard longest ago can be repeated, once. */
static void the_eldest_gives_way(void **state)
{
	const struct endpoint last = v4(HEARD_MAX);
	struct endpoint from;

	(void)state;
	for (unsigned n = 0; n < HEARD_MAX; n++) {
		from = v4(n);
		assert_int_equal(take(n, &from, n, HEARD_MAX), 0);
	}
	for (unsigned n = 0; n < HEARD_MAX; n++) {
		from = v4(n);
		assert_int_equal(take(n, &from, n, HEARD_MAX), ERR_REPLAY);
	}
	assert_int_equal(take(HEARD_MAX, &last, HEARD_MAX, HEARD_MAX), 0);
	for (unsigned n = HEARD_MAX; n > 0; n--) {
		from = v4(n);
		assert_int_equal(take(n, &from, n, HEARD_MAX), ERR_REPLAY);
	}
	from = v4(0);
	assert_int_equal(take(0, &from, 0, HEARD_MAX), 0);
	assert_int_equal(take(0, &from, 0, HEARD_MAX), ERR_REPLAY);
}

/* What was heard an hour ahead, as our calendar is now, takes no place for an hour. */
static void what_is_of_another_time_gives_way_first(void **state)
{
	const int64_t hour = INT64_C(3600000000);
	struct endpoint from;

	(void)state;
	for (unsigned n = 0; n < HEARD_MAX; n++) {
		from = v4(n);
		assert_int_equal(take(n, &from, hour, hour), 0);
	}
	for (unsigned n = 0; n < HEARD_MAX; n++) {
		from = v4(1000 + n);
		assert_int_equal(take(1000 + n, &from, n, n), 0);
	}
	for (unsigned n = 0; n < HEARD_MAX; n++) {
		from = v4(1000 + n);
		assert_int_equal(take(1000 + n, &from, n, HEARD_MAX), ERR_REPLAY);
	}
}

/* Who speaks in another's name, from elsewhere, has a place of his own. */
static void nobody_takes_anothers_place(void **state)
{
	const struct endpoint liar = v4(1);
	const struct endpoint owner = v4(2);

	(void)state;
	assert_int_equal(take(1, &owner, 1, 10), 0);
	assert_int_equal(take(1, &liar, 2, 10), 0);
	assert_int_equal(heard.count, 2);
	assert_true(endpoint_equal(&heard.senders[0].from, &owner));
	assert_true(endpoint_equal(&heard.senders[1].from, &liar));
	assert_int_equal(take(1, &owner, 2, 10), ERR_REPLAY);
	assert_int_equal(take(1, &owner, 3, 10), 0);
	assert_int_equal(take(1, &liar, 3, 10), ERR_REPLAY);
	assert_int_equal(heard.count, 2);
}

static void one_address_speaks_for_few(void **state)
{
	const struct endpoint here = v4(1);
	const struct endpoint there = v4(2);

	(void)state;
	for (unsigned n = 0; n < HEARD_OF_ADDRESS_MAX; n++)
		assert_int_equal(take(n, &here, 0, 0), 0);
	assert_int_equal(take(HEARD_OF_ADDRESS_MAX, &here, 0, 0), ERR_FULL);
	assert_int_equal(take(HEARD_OF_ADDRESS_MAX, &there, 0, 0), 0);
	assert_int_equal(take(0, &here, 1, 1), 0); /* of these again */
	assert_int_equal(take(99, &here, 2, HEARD_SKEW_US), ERR_FULL);
	assert_int_equal(take(99, &here, 2, HEARD_SKEW_US + 1), 0); /* they were of time 0 */
}

static void an_address_beside_us_speaks_for_few(void **state)
{
	const struct endpoint here = v6(1, 1);
	const struct endpoint there = v6(1, 2);

	(void)state;
	for (unsigned n = 0; n < HEARD_OF_ADDRESS_MAX; n++)
		assert_int_equal(take(n, &here, 0, 0), 0);
	assert_int_equal(take(HEARD_OF_ADDRESS_MAX, &here, 0, 0), ERR_FULL);
	assert_int_equal(take(HEARD_OF_ADDRESS_MAX, &there, 0, 0), 0);
}

static void one_network_of_ipv6_elsewhere_speaks_for_half(void **state)
{
	struct endpoint from;

	(void)state;
	for (unsigned n = 0; n < HEARD_OF_NETWORK_MAX; n++) {
		from = v6(1, n);
		assert_int_equal(take_far(n, &from), 0);
	}
	from = v6(1, 999);
	assert_int_equal(take_far(999, &from), ERR_FULL);
	from = v6(2, 999);
	assert_int_equal(take_far(999, &from), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(what_is_newer_counts_once, set_up),
		cmocka_unit_test_setup(what_is_dated_ahead_silences_nobody, set_up),
		cmocka_unit_test_setup(what_is_far_from_now_does_not_count, set_up),
		cmocka_unit_test_setup(a_calendar_may_be_put_right, set_up),
		cmocka_unit_test_setup(the_eldest_gives_way, set_up),
		cmocka_unit_test_setup(what_is_of_another_time_gives_way_first, set_up),
		cmocka_unit_test_setup(nobody_takes_anothers_place, set_up),
		cmocka_unit_test_setup(one_address_speaks_for_few, set_up),
		cmocka_unit_test_setup(an_address_beside_us_speaks_for_few, set_up),
		cmocka_unit_test_setup(one_network_of_ipv6_elsewhere_speaks_for_half, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
