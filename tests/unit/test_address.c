/* test_address.c - an IPv6 address holds network and node and gives both back. */
#include "tests/lib/cmocka.h"
#include "vnet/address.h"

static struct id id_counting_from(uint8_t first)
{
	struct id id;

	for (uint8_t i = 0; i < ID_BYTES; i++)
		id.bytes[i] = (uint8_t)(first + i);
	return id;
}

static void an_address_is_fd_network_and_node(void **state)
{
	static const uint8_t want[16] = { 0xfd, 1,  2,  3,  4,  5,  32, 33,
					  34,   35, 36, 37, 38, 39, 40, 41 };
	const struct id network = id_counting_from(1);
	const struct id node = id_counting_from(32);
	const struct ip_address address = address_ipv6(&network, &node);
	const struct id prefix = address_node_prefix(&address);

	(void)state;
	assert_memory_equal(address.bytes, want, sizeof(want));
	assert_true(id_prefix_equal(&prefix, &node));
	assert_true(
		span_is_zero(span_of(prefix.bytes + ID_PREFIX_BYTES, ID_BYTES - ID_PREFIX_BYTES)));
}

static void addresses_of_other_networks_are_told_apart(void **state)
{
	const struct id network = id_counting_from(1);
	const struct id node = id_counting_from(32);

	(void)state;
	for (unsigned bit = 0; bit < 128; bit++) {
		struct ip_address address = address_ipv6(&network, &node);

		assert_true(address_is_in(&address, &network));
		address.bytes[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
		assert_int_equal(address_is_in(&address, &network), bit >= ADDRESS_IPV6_PREFIX_LEN);
	}
}

static void prefixes_that_overlap(void **state)
{
	static const struct {
		struct address_prefix_v4 a, b;
		bool overlap;
	} cases[] = {
		{ { { 10, 128 }, 16 }, { { 10, 128 }, 16 }, true },
		{ { { 10, 128 }, 16 }, { { 10, 129 }, 16 }, false },
		{ { { 10, 128 }, 16 }, { { 10, 129 }, 15 }, true },
		{ { { 10, 128 }, 16 }, { { 10 }, 8 }, true },
		{ { { 10, 128 }, 16 }, { { 11 }, 8 }, false },
		{ { { 10, 128 }, 16 }, { { 10, 128, 255, 255 }, 32 }, true },
		{ { { 10, 128 }, 16 }, { { 10, 129, 0, 0 }, 32 }, false },
		{ { { 192, 0, 2, 1 }, 32 }, { { 192, 0, 2, 1 }, 32 }, true },
		{ { { 192, 0, 2, 1 }, 32 }, { { 192, 0, 2, 0 }, 32 }, false },
		{ { { 192, 0, 2, 1 }, 32 }, { { 0 }, 0 }, true },
		{ { { 10, 128, 1 }, 24 }, { { 10, 128, 2 }, 24 }, false },
		{ { { 10, 128, 1 }, 24 }, { { 10, 128, 1, 128 }, 25 }, true },
		{ { { 0 }, 0 }, { { 0 }, 0 }, true },
		{ { { 128 }, 1 }, { { 0 }, 1 }, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(address_prefixes_overlap(&cases[i].a, &cases[i].b),
				 cases[i].overlap);
		assert_int_equal(address_prefixes_overlap(&cases[i].b, &cases[i].a),
				 cases[i].overlap);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_is_fd_network_and_node),
		cmocka_unit_test(addresses_of_other_networks_are_told_apart),
		cmocka_unit_test(prefixes_that_overlap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
