/* test_probe_budget.c - whoever asks, and for whichever ports: a victim gets few probes.
 *
 * Method: each rule at the last instant at which it holds and the first at which it does not; then
 * random askers, against a model that keeps every probe and counts. */
#include "path/probe_budget.h"

#include "tests/lib/allocations.h"
#include "tests/lib/cmocka.h"

#include "base/err.h"

#include <string.h>

static struct mono at_us(uint64_t us)
{
	return (struct mono){ .us = UINT64_C(3600000000) + us };
}

static struct endpoint victim(uint32_t n, uint16_t port)
{
	const uint8_t ip[4] = { 198, 18, (uint8_t)(n >> 8), (uint8_t)n };

	return endpoint_v4(ip, port);
}

static int set_up(void **state)
{
	struct rng rng;

	rng_init_seed(&rng, 1);
	return probe_budget_new(&rng, (struct probe_budget **)state);
}

static int tear_down(void **state)
{
	probe_budget_del(*state);
	return 0;
}

static bool take(void **state, uint64_t us, struct probe_purse *purse, struct endpoint target)
{
	return probe_budget_take(*state, at_us(us), purse, &target, 0);
}

static void an_address_gets_eight_in_any_second_by_whatever_port(void **state)
{
	struct probe_purse purses[PROBE_TARGET_S + 1];

	memset(purses, 0, sizeof(purses));
	for (uint64_t i = 0; i < PROBE_TARGET_S; i++) /* one each 0.1 s, each for another peer */
		assert_true(take(state, i * 100000, &purses[i], victim(1, (uint16_t)(1 + i))));
	assert_false(take(state, 800000, &purses[PROBE_TARGET_S], victim(1, 99)));
	assert_true(take(state, 800000, &purses[PROBE_TARGET_S], victim(2, 99)));
	assert_false(take(state, 999999, &purses[0], victim(1, 1)));
	assert_true(take(state, 1000000, &purses[0], victim(1, 1)));
	assert_false(take(state, 1099999, &purses[0], victim(1, 1)));
	assert_true(take(state, 1100000, &purses[0], victim(1, 1)));
}

static void a_network_of_ipv6_is_one_address(void **state)
{
	uint8_t ip[16] = { 0x20, 1, 0xd, 0xb8 };
	struct probe_purse purse = { 0 };

	for (uint8_t i = 0; i < PROBE_TARGET_S; i++) {
		ip[8 + i % 8] = i;
		assert_true(take(state, 0, &purse, endpoint_v6(ip, 1)));
	}
	ip[15] = 77;
	assert_false(take(state, 0, &purse, endpoint_v6(ip, 1)));
	ip[7] = 1;
	assert_true(take(state, 0, &purse, endpoint_v6(ip, 1)));
}

static void a_peer_costs_a_hundred_in_any_minute(void **state)
{
	struct probe_purse purse = { 0 };
	struct probe_purse other = { 0 };

	for (uint32_t i = 0; i < PROBE_PEER_MIN; i++)
		assert_true(take(state, 9999999, &purse, victim(i, 1)));
	assert_false(take(state, 9999999, &purse, victim(500, 1)));
	assert_true(take(state, 9999999, &other, victim(500, 1)));
	assert_false(take(state, 69999999, &purse, victim(1, 1))); /* exactly a minute */
	for (uint32_t i = 0; i < PROBE_PEER_MIN; i++)
		assert_true(take(state, 70000000, &purse, victim(i, 1)));
	assert_false(take(state, 70000000, &purse, victim(500, 1)));
	assert_true(take(state, 3600000000, &purse, victim(500, 1))); /* after a long rest */
}

static void what_is_to_be_spared_is_left_for_others(void **state)
{
	struct probe_purse purse = { 0 };
	const struct endpoint target = victim(1000, 1);

	for (uint32_t i = 0; i < PROBE_PEER_MIN - 30; i++)
		assert_true(take(state, 0, &purse, victim(i, 1)));
	assert_false(probe_budget_take(*state, at_us(0), &purse, &target, 30));
	assert_true(probe_budget_take(*state, at_us(0), &purse, &target, 29));
	assert_false(probe_budget_take(*state, at_us(0), &purse, &target, 29));
	assert_true(probe_budget_take(*state, at_us(0), &purse, &target, 0));
}

/* Who names more addresses than we remember gets nobody forgotten who was just probed. */
static void no_address_is_forgotten_within_its_second(void **state)
{
	struct probe_purse purses[8];

	memset(purses, 0, sizeof(purses));
	for (uint32_t i = 0; i < PROBE_TARGETS_MAX; i++)
		assert_true(take(state, i, &purses[i / 80], victim(i, 1)));
	assert_true(take(state, 1000, &purses[7], victim(0, 1))); /* 1 is the oldest now */
	assert_false(take(state, 1000000, &purses[7], victim(9999, 1)));
	assert_true(take(state, 1000001, &purses[7], victim(9999, 1)));
	assert_false(take(state, 1000001, &purses[7], victim(9998, 1)));
	assert_true(take(state, 1000002, &purses[7], victim(9998, 1)));
}

#define ROUNDS 20000
#define PEERS 7

/* Many peers, few victims, bursts and rests: no window of a second or a minute has too many. */
static void no_window_ever_holds_too_many(void **state)
{
	static struct {
		uint64_t us;
		uint32_t target, peer;
	} sent[ROUNDS];
	struct probe_purse purses[PEERS];
	struct rng rng;
	uint32_t count = 0;
	uint64_t us = 0;

	memset(purses, 0, sizeof(purses));
	rng_init_seed(&rng, 9);
	for (unsigned i = 0; i < ROUNDS; i++) {
		const uint32_t target = rng_u32(&rng) % 5;
		const uint32_t peer = rng_u32(&rng) % PEERS;

		us += rng_chance(&rng, 10) ? rng_between(&rng, 0, 20000000)
					   : rng_between(&rng, 0, 60000);
		if (!take(state, us, &purses[peer], victim(target, (uint16_t)(1 + i))))
			continue;
		uint32_t same_target = 0, same_peer = 0;

		for (uint32_t k = count; k > 0 && us - sent[k - 1].us < 60000000; k--) {
			same_peer += sent[k - 1].peer == peer;
			same_target +=
				sent[k - 1].target == target && us - sent[k - 1].us < 1000000;
		}
		assert_true(same_target < PROBE_TARGET_S);
		assert_true(same_peer < PROBE_PEER_MIN);
		sent[count].us = us;
		sent[count].target = target;
		sent[count++].peer = peer;
	}
	assert_true(count > ROUNDS / 20);
}

/* Whom we asked an hour ago takes no room. */
static void places_are_as_many_as_are_busy_at_once(void **state)
{
	uint64_t before;

	for (uint32_t i = 0; i < 8; i++) {
		struct probe_purse purse = { 0 };

		assert_true(take(state, 0, &purse, victim(i, 1)));
	}
	before = allocations_count();
	for (uint32_t i = 8; i < PROBE_TARGETS_MAX; i++) {
		struct probe_purse purse = { 0 };

		/* Each 125 ms one, so in any second eight: a place is free just when it is wanted.
		 */
		assert_true(
			take(state, 1000000 + (i - 8) * UINT64_C(125000), &purse, victim(i, 1)));
	}
	assert_int_equal(allocations_count(), before);
}

static void without_memory_there_is_none(void **state)
{
	struct probe_budget *budget = NULL;
	struct rng rng;
	const int64_t before = allocations_live();
	unsigned failed = 0;

	(void)state;
	rng_init_seed(&rng, 1);
	for (;; failed++) {
		allocations_fail_at(failed + 1);
		const int err = probe_budget_new(&rng, &budget);

		allocations_fail_at(0);
		if (err == 0)
			break;
		assert_int_equal(err, ERR_NOMEM);
		assert_null(budget);
		assert_int_equal(allocations_live(), before);
	}
	assert_true(failed >= 1);

	/* Without memory for one more target nobody probes it, and nothing else changes. */
	struct probe_purse purse = { 0 };
	void *fixture = budget;

	for (uint64_t lacking = 1; lacking <= 4; lacking++) {
		allocations_fail_at(lacking);
		assert_false(take(&fixture, 0, &purse, victim(1, 1)));
	}
	allocations_fail_at(0);
	assert_true(take(&fixture, 0, &purse, victim(1, 1)));
	probe_budget_del(budget);
	probe_budget_del(NULL);
}

#define BUDGET_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BUDGET_TEST(an_address_gets_eight_in_any_second_by_whatever_port),
		BUDGET_TEST(a_network_of_ipv6_is_one_address),
		BUDGET_TEST(a_peer_costs_a_hundred_in_any_minute),
		BUDGET_TEST(what_is_to_be_spared_is_left_for_others),
		BUDGET_TEST(no_address_is_forgotten_within_its_second),
		BUDGET_TEST(no_window_ever_holds_too_many),
		BUDGET_TEST(places_are_as_many_as_are_busy_at_once),
		cmocka_unit_test(without_memory_there_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
