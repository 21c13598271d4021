/* test_claims.c - the node gets addresses of its own network and no others; who may ask what. */
#include "tests/lib/cmocka.h"

#include "base/err.h"
#include "prog/ipopd/claims.h"

#include <string.h>

static const struct claims claims = {
	.network_id = { .bytes = { 0x11, 0x22, 0x33, 0x44, 0x55, 0x66 } },
	.ipv4 = { .ip = { 10, 151, 0, 0 }, .len = 16 },
};

static struct node_addresses right(void)
{
	return (struct node_addresses){
		.ipv6 = { .bytes = { 0xfd, 0x11, 0x22, 0x33, 0x44,
				     0x55, [6] = 0xab, [15] = 0xcd } },
		.ipv6_prefix_len = 48,
		.has_ipv4 = true,
		.ipv4 = { 10, 151, 3, 4 },
		.ipv4_prefix_len = 16,
		.mtu = FORWARD_MTU,
	};
}

static void addresses_of_the_network_are_granted(void **state)
{
	struct node_addresses wanted = right();

	(void)state;
	assert_int_equal(claims_check(&claims, &wanted), 0);
	wanted.has_ipv4 = false;
	memset(wanted.ipv4, 0, sizeof(wanted.ipv4)); /* not looked at */
	assert_int_equal(claims_check(&claims, &wanted), 0);
}

static void the_prefix_comes_from_the_network_id(void **state)
{
	const struct ip_address first = claims_ipv6(&claims);
	static const uint8_t want[16] = { 0xfd, 0x11, 0x22, 0x33, 0x44, 0x55 };

	(void)state;
	assert_memory_equal(first.bytes, want, sizeof(want));
}

static void ipv6_outside_is_refused(void **state)
{
	(void)state;
	for (size_t bit = 0; bit < 128; bit++) {
		struct node_addresses wanted = right();

		wanted.ipv6.bytes[bit / 8] ^= (uint8_t)(0x80U >> bit % 8);
		assert_int_equal(claims_check(&claims, &wanted), bit < 48 ? ERR_DENIED : 0);
	}
	for (unsigned len = 0; len <= 128; len++) {
		struct node_addresses wanted = right();

		wanted.ipv6_prefix_len = (uint8_t)len;
		assert_int_equal(claims_check(&claims, &wanted), len == 48 ? 0 : ERR_DENIED);
	}
}

static void ipv4_outside_is_refused(void **state)
{
	static const uint8_t outside[][4] = { { 10, 150, 255, 255 }, { 10, 152, 0, 0 },
					      { 10, 151, 0, 0 },     { 10, 151, 255, 255 },
					      { 0, 0, 0, 0 },        { 127, 0, 0, 1 } };

	(void)state;
	for (size_t i = 0; i < sizeof(outside) / sizeof(outside[0]); i++) {
		struct node_addresses wanted = right();

		memcpy(wanted.ipv4, outside[i], 4);
		assert_int_equal(claims_check(&claims, &wanted), ERR_DENIED);
	}
	for (unsigned len = 0; len <= 32; len++) {
		struct node_addresses wanted = right();

		wanted.ipv4_prefix_len = (uint8_t)len;
		assert_int_equal(claims_check(&claims, &wanted), len == 16 ? 0 : ERR_DENIED);
	}
}

static void another_mtu_is_refused(void **state)
{
	struct node_addresses wanted = right();

	(void)state;
	wanted.mtu = FORWARD_MTU - 1;
	assert_int_equal(claims_check(&claims, &wanted), ERR_DENIED);
	wanted.mtu = FORWARD_MTU + 1;
	assert_int_equal(claims_check(&claims, &wanted), ERR_DENIED);
}

static void who_may_ask_what(void **state)
{
	(void)state;
	assert_true(claims_may_read(0, false, 500));
	assert_true(claims_may_read(500, false, 500));
	assert_true(claims_may_read(1000, true, 500));
	assert_false(claims_may_read(1000, false, 500));
	assert_true(claims_may_change(0, 500));
	assert_true(claims_may_change(500, 500));
	assert_false(claims_may_change(1000, 500));
}

static void the_network_stays_the_same(void **state)
{
	struct id other = claims.network_id;

	(void)state;
	assert_true(claims_are_of(&claims, &other));
	other.bytes[ID_BYTES - 1] ^= 1; /* whatever the prefix */
	assert_false(claims_are_of(&claims, &other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_of_the_network_are_granted),
		cmocka_unit_test(the_prefix_comes_from_the_network_id),
		cmocka_unit_test(ipv6_outside_is_refused),
		cmocka_unit_test(ipv4_outside_is_refused),
		cmocka_unit_test(another_mtu_is_refused),
		cmocka_unit_test(the_network_stays_the_same),
		cmocka_unit_test(who_may_ask_what),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
