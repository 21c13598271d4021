/* test_address.c - an IPv6 address holds network and node and gives both back, and the default IPv4
 * prefix keeps out of the host's way. */
#include "base/err.h"
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

/* All members must come to the same prefix for ever: SHA-256 of the text and the id, by hand. */
static void the_default_prefix_is_a_hash(void **state)
{
	static const uint8_t want[3][2] = { { 0, 219 }, { 1, 238 }, { 255, 213 } };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct address_prefix_v4 prefix;
		struct id network;

		memset(network.bytes, want[i][0], ID_BYTES);
		assert_int_equal(address_default_prefix(&network, NULL, 0, &prefix), 0);
		assert_int_equal(prefix.len, 16);
		assert_int_equal(prefix.bytes[0], 10);
		assert_int_equal(prefix.bytes[1], want[i][1]);
		assert_int_equal(prefix.bytes[2], 0);
		assert_int_equal(prefix.bytes[3], 0);
	}
}

/* The next one, and behind the last the first. */
static void a_prefix_that_is_taken_leads_to_the_next(void **state)
{
	static const uint8_t want[][2] = { { 0, 219 + 1 }, { 1, 238 + 1 }, { 255, 213 + 1 } };
	struct address_prefix_v4 routes[128];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct address_prefix_v4 prefix = { .len = 0 };
		struct id network;
		size_t count = 0;

		memset(network.bytes, want[i][0], ID_BYTES);
		assert_int_equal(address_default_prefix(&network, NULL, 0, &routes[count++]), 0);
		assert_int_equal(address_default_prefix(&network, routes, count, &prefix), 0);
		assert_int_equal(prefix.bytes[1], want[i][1]);
		for (unsigned second = prefix.bytes[1]; second <= 255; second++)
			routes[count++] =
				(struct address_prefix_v4){ .bytes = { 10, (uint8_t)second },
							    .len = 16 };
		assert_int_equal(address_default_prefix(&network, routes, count, &prefix), 0);
		assert_int_equal(prefix.bytes[1], 128);
	}
}

/* Each prefix that was taken is avoided by the next; after 128 there is none. */
static void the_default_prefix_avoids_the_routes_of_the_host(void **state)
{
	const struct id network = id_counting_from(1);
	struct address_prefix_v4 routes[129] = { { { 0 }, 0 } }; /* a default route hides nothing */
	size_t count = 1;

	(void)state;
	for (; count <= 128; count++) {
		struct address_prefix_v4 *route = &routes[count];

		assert_int_equal(address_default_prefix(&network, routes, count, route), 0);
		assert_true(route->bytes[1] >= 128);
		for (size_t i = 1; i < count; i++)
			assert_false(address_prefixes_overlap(route, &routes[i]));
		route->len = (uint8_t)(24 + count % 9); /* one host in it is enough */
	}
	assert_int_equal(address_default_prefix(&network, routes, count, &routes[0]),
			 ERR_NOT_FOUND);
}

static void a_route_that_holds_them_all_leaves_none(void **state)
{
	static const struct address_prefix_v4 ten = { { 10 }, 8 };
	static const struct address_prefix_v4 lower_half = { { 10 }, 9 };
	static const struct address_prefix_v4 half_of_all = { { 0 }, 1 };
	const struct id network = id_counting_from(1);
	struct address_prefix_v4 prefix;

	(void)state;
	assert_int_equal(address_default_prefix(&network, &half_of_all, 1, &prefix), ERR_NOT_FOUND);
	assert_int_equal(address_default_prefix(&network, &ten, 1, &prefix), ERR_NOT_FOUND);
	assert_int_equal(address_default_prefix(&network, &lower_half, 1, &prefix), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_is_fd_network_and_node),
		cmocka_unit_test(addresses_of_other_networks_are_told_apart),
		cmocka_unit_test(prefixes_that_overlap),
		cmocka_unit_test(the_default_prefix_is_a_hash),
		cmocka_unit_test(a_prefix_that_is_taken_leads_to_the_next),
		cmocka_unit_test(the_default_prefix_avoids_the_routes_of_the_host),
		cmocka_unit_test(a_route_that_holds_them_all_leaves_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
