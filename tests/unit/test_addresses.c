/* test_addresses.c - of many addresses of a host, those that help are told. */
#include "tests/lib/cmocka.h"

#include "prog/ipopd/addresses.h"

#include <stdio.h>

static struct ip_address ip(const char *text)
{
	struct endpoint endpoint = { 0 };
	struct ip_address address;

	assert_int_equal(endpoint_ip_from_text(text, &endpoint), 0);
	memcpy(address.bytes, endpoint.ip, sizeof(address.bytes));
	return address;
}

static void add(struct addresses *addresses, const char *text)
{
	const struct host_address address = { .ip = ip(text), .interface = 2 };

	addresses_add(addresses, &address);
}

static void expect(const struct addresses *addresses, const char *want)
{
	char text[ADDRESSES_TEXT_CHARS + 1];

	addresses_to_text(addresses, text);
	assert_string_equal(text, want);
}

static void public_ones_come_first(void **state)
{
	struct addresses addresses = { .count = 0 };

	(void)state;
	expect(&addresses, "");
	add(&addresses, "192.168.1.2");
	add(&addresses, "fd00::2");
	add(&addresses, "203.0.113.2");
	add(&addresses, "10.0.0.2");
	add(&addresses, "2001:db8::2");
	add(&addresses, "203.0.113.2"); /* known */
	add(&addresses, "fd00::2");
	expect(&addresses, "203.0.113.2, 2001:db8::2, 192.168.1.2, fd00::2, 10.0.0.2");
}

/* Bridges on the host do not hide the way in. */
static void a_private_one_makes_room(void **state)
{
	struct addresses addresses = { .count = 0 };

	(void)state;
	for (unsigned i = 0; i <= NODE_HOST_ENDPOINTS_MAX; i++) {
		char text[16];

		(void)snprintf(text, sizeof(text), "172.17.0.%u", i + 1);
		assert_int_equal(addresses.count,
				 i < NODE_HOST_ENDPOINTS_MAX ? i : NODE_HOST_ENDPOINTS_MAX);
		add(&addresses, text);
	}
	add(&addresses, "203.0.113.2");
	expect(&addresses, "203.0.113.2, 172.17.0.1, 172.17.0.2, 172.17.0.3, 172.17.0.4, "
			   "172.17.0.5, 172.17.0.6, 172.17.0.7");
}

static void public_ones_keep_their_room(void **state)
{
	struct addresses addresses = { .count = 0 };
	struct addresses before;

	(void)state;
	for (unsigned i = 0; i < NODE_HOST_ENDPOINTS_MAX; i++) {
		char text[16];

		(void)snprintf(text, sizeof(text), "203.0.113.%u", i + 1);
		add(&addresses, text);
	}
	before = addresses;
	add(&addresses, "203.0.113.100");
	add(&addresses, "10.0.0.1");
	assert_true(addresses_equal(&addresses, &before));
}

static void the_longest_text_fits(void **state)
{
	struct addresses addresses = { .count = 0 };
	char text[ADDRESSES_TEXT_CHARS + 1];

	(void)state;
	for (unsigned i = 0; i < NODE_HOST_ENDPOINTS_MAX; i++) {
		(void)snprintf(text, sizeof(text), "2001:1db8:1111:2222:3333:4444:5555:666%u", i);
		add(&addresses, text);
	}
	addresses_to_text(&addresses, text);
	assert_int_equal(strlen(text), NODE_HOST_ENDPOINTS_MAX * 41 - 2);
}

static void every_address_counts_in_a_comparison(void **state)
{
	struct addresses a = { .count = 0 };
	struct addresses b;

	(void)state;
	add(&a, "203.0.113.1");
	b = a;
	assert_true(addresses_equal(&a, &b));
	add(&a, "203.0.113.2");
	assert_false(addresses_equal(&a, &b));
	add(&b, "203.0.113.3");
	assert_false(addresses_equal(&a, &b));
	b = a;
	b.list[0].interface = 3;
	assert_false(addresses_equal(&a, &b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(public_ones_come_first),
		cmocka_unit_test(a_private_one_makes_room),
		cmocka_unit_test(public_ones_keep_their_room),
		cmocka_unit_test(the_longest_text_fits),
		cmocka_unit_test(every_address_counts_in_a_comparison),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
