/* test_host_look.c - how often the routes of a host are looked at, and what stays said when nothing
 * can be seen: the kernel says what a story wants.
 */
#include "tests/lib/cmocka.h"

#include "base/err.h"
#include "prog/ipopd/host.h"
#include "prog/needs.h"

#include <stdio.h>
#include <string.h>

static const struct store store = { .root = "", .network = "lab" };
static const struct claims claims; /* of no network in particular */
static struct {
	struct host host;
	struct mono now;
	enum netlink_change change; /* what the kernel tells, once */
	struct netlink_link link;
	int link_err, routes_err;
	unsigned looks;  /* at routes */
	unsigned no_way; /* by this version of IP: */
	bool is_taken;   /* for the address was taken */
} t;

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): the linker's names */
int __wrap_netlink_look(struct netlink *netlink, unsigned index, struct netlink_link *ret);
int __wrap_netlink_find_address(struct netlink *netlink, unsigned index,
				const struct ip_address *address);
int __wrap_netlink_add_address(struct netlink *netlink, unsigned index,
			       const struct netlink_prefix *address);
enum netlink_change __wrap_netlink_changed(int fd);
int __wrap_needs_no_overlap(const struct needs_routes *routes, const struct netlink_prefix *prefix,
			    struct complaint *ret_wider, struct complaint *complaint);
int __wrap_needs_way(const struct needs_routes *routes, const struct netlink_prefix *prefix,
		     struct complaint *complaint);

int __wrap_netlink_look(struct netlink *netlink, unsigned index, struct netlink_link *ret)
{
	(void)netlink;
	(void)index;
	*ret = t.link;
	return t.link_err;
}

int __wrap_netlink_find_address(struct netlink *netlink, unsigned index,
				const struct ip_address *address)
{
	(void)netlink;
	(void)index;
	return t.no_way == (ip_is_v4(address) ? 4 : 6) && t.is_taken ? ERR_NOT_FOUND : 0;
}

/* With an address comes its route. */
int __wrap_netlink_add_address(struct netlink *netlink, unsigned index,
			       const struct netlink_prefix *address)
{
	(void)netlink;
	(void)index;
	(void)address;
	t.no_way = 0;
	return 0;
}

enum netlink_change __wrap_netlink_changed(int fd)
{
	const enum netlink_change change = t.change;

	(void)fd;
	t.change = NETLINK_NO_CHANGE;
	return change;
}

int __wrap_needs_no_overlap(const struct needs_routes *routes, const struct netlink_prefix *prefix,
			    struct complaint *ret_wider, struct complaint *complaint)
{
	(void)routes;
	ret_wider->text[0] = '\0';
	t.looks += ip_is_v4(&prefix->address);
	return t.routes_err == 0 ? 0 : complain(complaint, t.routes_err, "it overlaps");
}
int __wrap_needs_way(const struct needs_routes *routes, const struct netlink_prefix *prefix,
		     struct complaint *complaint)
{
	const bool v4 = ip_is_v4(&prefix->address);

	(void)routes;
	return t.no_way != (v4 ? 4 : 6)
		       ? 0
		       : complain(complaint, ERR_EXISTS, "no way by IPv%u", t.no_way);
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

static int set_up(void **state)
{
	(void)state;
	memset(&t, 0, sizeof(t));
	t.now.us = UINT64_C(1000000000);
	t.link = (struct netlink_link){ .name = "lab", .is_up = true, .mtu = 1360 };
	t.host = (struct host){ .store = &store,
				.has_given = true,
				.has_ipv6 = true,
				.given = { .has_ipv4 = true, .mtu = 1360 },
				.mend_at = MONO_NEVER,
				.look_at = MONO_NEVER,
				.routes_at = MONO_NEVER };
	host_look_soon(&t.host, t.now);
	return 0;
}

/* Time passes; a steward looks when it is time, as long as it says so. */
static void wait_ms(uint64_t ms)
{
	struct complaint said;

	t.now = mono_add_ms(t.now, ms);
	host_mend(&t.host, t.now);
	if (mono_reached(t.now, t.host.look_at))
		assert_int_equal(host_look(&t.host, &claims, t.now, &said), 0);
}

static void changes(enum netlink_change change)
{
	t.change = change;
	(void)host_has_changed(&t.host, t.now);
}

static void says(const char *text)
{
	assert_string_equal(t.host.said.text, text);
}

static void routes_are_looked_at_no_more_often_whatever_changes(void **state)
{
	unsigned before;

	(void)state;
	wait_ms(0);
	assert_int_equal(t.looks, 1);
	for (unsigned i = 0; i < 990; i++) { /* for 49.5 s */
		changes(i % 2 == 0 ? NETLINK_ADDRESSES_CHANGED : NETLINK_ROUTES_CHANGED);
		wait_ms(50);
	}
	assert_in_range(t.looks, 2, 10);
	before = t.looks;
	wait_ms(HOST_LOOK_MS);
	assert_int_equal(t.looks, before + 1); /* the last change is not missed */
	wait_ms(100000);
	assert_int_equal(t.looks, before + 1);
	t.routes_err = ERR_EXISTS;
	changes(NETLINK_ROUTES_CHANGED); /* after a calm it counts soon */
	wait_ms(HOST_SETTLE_MS);
	says("it overlaps");
	host_look_soon(&t.host, t.now); /* for another interface */
	wait_ms(HOST_LOOK_MS - 1);
	assert_int_equal(t.looks, before + 2);
	wait_ms(1);
	assert_int_equal(t.looks, before + 3);
}

/* That costs nothing. */
static void the_interface_is_looked_at_at_once(void **state)
{
	(void)state;
	wait_ms(0);
	says("");
	t.link.is_up = false;
	changes(NETLINK_ADDRESSES_CHANGED);
	wait_ms(HOST_SETTLE_MS);
	says("the interface lab is down: ip link set dev lab up");
	t.link.is_up = true;
	changes(NETLINK_ADDRESSES_CHANGED);
	wait_ms(HOST_SETTLE_MS);
	says("");
	assert_int_equal(t.looks, 1);
	wait_ms(HOST_LOOK_MS);
	assert_int_equal(t.looks, 2);
}

static void what_cannot_be_seen_is_as_it_was(void **state)
{
	static const int errors[] = { ERR_AGAIN, ERR_IO };

	(void)state;
	t.routes_err = ERR_EXISTS;
	wait_ms(0);
	says("it overlaps");
	for (size_t i = 0; i < 2; i++) {
		t.routes_err = errors[i];
		changes(NETLINK_ROUTES_CHANGED);
		wait_ms(HOST_LOOK_MS);
		assert_int_equal(t.looks, 2 + i);
		says("it overlaps");
	}
	t.link_err = ERR_IO;
	t.routes_err = 0;
	wait_ms(HOST_LOOK_MS);
	says("it overlaps");
	t.link_err = 0;
	wait_ms(HOST_LOOK_MS); /* unasked it looks again */
	says("");
	assert_int_equal(t.looks, 4);
}

static void a_network_without_a_way_is_told(void **state)
{
	(void)state;
	wait_ms(0);
	says("");
	for (unsigned version = 4; version <= 6; version += 2) {
		t.no_way = version;
		changes(NETLINK_ROUTES_CHANGED);
		wait_ms(HOST_LOOK_MS);
		says(version == 4 ? "no way by IPv4" : "no way by IPv6");
		t.no_way = 0;
		changes(NETLINK_ROUTES_CHANGED);
		wait_ms(HOST_LOOK_MS);
		says("");
	}
	t.no_way = 6;
	t.host.has_ipv6 = false; /* nor is there one to be had */
	changes(NETLINK_ROUTES_CHANGED);
	wait_ms(HOST_LOOK_MS);
	says("");
}

/* What the steward mends is no news. */
static void addresses_are_given_back_before_ways_are_looked_for(void **state)
{
	(void)state;
	wait_ms(0);
	wait_ms(HOST_LOOK_MS);
	for (unsigned i = 0; i < 3; i++) { /* again, before it may be mended again */
		t.no_way = 6;
		t.is_taken = true;
		changes(NETLINK_ADDRESSES_CHANGED);
		wait_ms(HOST_SETTLE_MS);
		says("");
	}
	wait_ms(HOST_LOOK_MS);
	says("");
	assert_int_equal(t.no_way, 0);
}

static void another_mtu_is_told(void **state)
{
	(void)state;
	wait_ms(0);
	t.link.mtu = 1300;
	changes(NETLINK_ADDRESSES_CHANGED);
	wait_ms(HOST_SETTLE_MS);
	says("the interface lab has an MTU of 1300 instead of 1360: ip link set dev lab mtu 1360");
	t.no_way = 4; /* that is worse, */
	changes(NETLINK_ROUTES_CHANGED);
	wait_ms(HOST_LOOK_MS);
	says("no way by IPv4");
	t.link.mtu = 1279; /* or comes of that */
	changes(NETLINK_ADDRESSES_CHANGED);
	wait_ms(HOST_SETTLE_MS);
	says("the interface lab has an MTU of 1279 instead of 1360, too little for IPv6: ip link "
	     "set dev lab mtu 1360");
	t.link.mtu = 1360;
	t.no_way = 0;
	changes(NETLINK_ADDRESSES_CHANGED);
	wait_ms(HOST_SETTLE_MS);
	says("");
}

#define STORY(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORY(routes_are_looked_at_no_more_often_whatever_changes),
		STORY(the_interface_is_looked_at_at_once),
		STORY(what_cannot_be_seen_is_as_it_was),
		STORY(a_network_without_a_way_is_told),
		STORY(addresses_are_given_back_before_ways_are_looked_for),
		STORY(another_mtu_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
