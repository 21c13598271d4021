/* test_firewall.c - a firewall is told of once, where nothing leaves, and is open with what does.
 */
#include "tests/lib/cmocka.h"

#include "prog/ipopd/firewall.h"

static struct mono at_ms(uint64_t ms)
{
	return (struct mono){ .us = UINT64_C(3600000000) + ms * 1000 };
}

static void it_is_looked_at_once_a_second(void **state)
{
	struct firewall firewall = { 0 };

	(void)state;
	assert_true(firewall_is_due(&firewall, at_ms(0)));
	assert_int_equal(firewall_take(&firewall, at_ms(0), 0, 0), FIREWALL_NO_NEWS);
	assert_false(firewall_is_due(&firewall, at_ms(FIREWALL_LOOK_MS - 1)));
	assert_true(firewall_is_due(&firewall, at_ms(FIREWALL_LOOK_MS)));
}

static void it_is_closed_where_nothing_leaves(void **state)
{
	struct firewall firewall = { 0 };

	(void)state;
	assert_int_equal(firewall_take(&firewall, at_ms(0), 7, 0), FIREWALL_NO_NEWS);
	assert_int_equal(firewall_take(&firewall, at_ms(1000), 7, FIREWALL_FORBIDDEN_MIN - 1),
			 FIREWALL_NO_NEWS);
	assert_int_equal(firewall_take(&firewall, at_ms(2000), 7, FIREWALL_FORBIDDEN_MIN),
			 FIREWALL_CLOSED);
	assert_int_equal(firewall_take(&firewall, at_ms(3000), 7, 100), FIREWALL_NO_NEWS);
	assert_true(firewall.is_closed);
	assert_int_equal(firewall_take(&firewall, at_ms(4000), 8, 101), FIREWALL_OPEN);
	assert_int_equal(firewall_take(&firewall, at_ms(5000), 8, 101), FIREWALL_NO_NEWS);
	assert_int_equal(firewall_take(&firewall, at_ms(6000), 8, 105), FIREWALL_CLOSED);
}

/* As where a peer names addresses that this host's rules let nothing out to. */
static void what_is_forbidden_beside_what_leaves_is_no_news(void **state)
{
	struct firewall firewall = { 0 };

	(void)state;
	for (uint64_t i = 1; i < 1000; i++)
		assert_int_equal(firewall_take(&firewall, at_ms(1000 * i), i, 100 * i),
				 FIREWALL_NO_NEWS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_looked_at_once_a_second),
		cmocka_unit_test(it_is_closed_where_nothing_leaves),
		cmocka_unit_test(what_is_forbidden_beside_what_leaves_is_no_news),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
