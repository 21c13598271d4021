/* test_net.c - each datagram goes where it should, when it should, or ends for the stated reason.
 */
#include "tests/lib/cmocka.h"

#include "base/err.h"
#include "sim/net.h"

#include <string.h>

#define PORT 5000
#define PACKETS_MAX 8

static struct journal journal;
static struct net *net;
static uint32_t a, b;

static struct mono at_us(uint64_t us)
{
	return (struct mono){ .us = us };
}

static struct endpoint ip(const char *text)
{
	struct endpoint e;

	assert_int_equal(endpoint_ip_from_text(text, &e), 0);
	e.port = PORT;
	return e;
}

static uint32_t add_host(uint32_t realm, const char *address)
{
	const uint32_t host = net_add_host(net);

	net_add_address(net, host, realm, address);
	net_set_up(net, host, true);
	return host;
}

static int set_up(void **state)
{
	const struct net_config config = { .seed = 1,
					   .devices_max = 10,
					   .packets_max = PACKETS_MAX,
					   .paths_max = 4,
					   .mappings_max = 100 };

	(void)state;
	journal_init(&journal, NULL);
	net = net_new(&config, &journal);
	if (net == NULL)
		return -1;
	a = add_host(NET_INTERNET, "192.0.2.1");
	b = add_host(NET_INTERNET, "192.0.2.2");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	net_free(net);
	return 0;
}

/* Sends two bytes from a host to an address. */
static void send_ttl(uint64_t us, uint32_t host, const char *to, uint8_t ttl)
{
	const struct net_datagram datagram = {
		.local = { .port = PORT }, .remote = ip(to), .ttl = ttl, .bytes = span_of("hi", 2)
	};

	assert_int_equal(net_send(net, at_us(us), host, &datagram), 0);
}

static void send(uint64_t us, uint32_t host, const char *to)
{
	send_ttl(us, host, to, 0);
}

/* The only datagram in flight arrives at this instant at this host. */
static struct net_datagram arrives(uint64_t us, uint32_t host)
{
	struct net_arrival arrival = { 0 };

	while (net_deadline(net).us < us)
		assert_false(net_poll(net, net_deadline(net), &arrival));
	assert_int_equal(net_deadline(net).us, us);
	assert_true(net_poll(net, at_us(us), &arrival));
	assert_int_equal(arrival.host, host);
	assert_int_equal(arrival.datagram.bytes.len, 2);
	assert_memory_equal(arrival.datagram.bytes.data, "hi", 2);
	return arrival.datagram;
}

/* All that is in flight ends before it has arrived. */
static void nothing_arrives(void)
{
	struct net_arrival arrival;

	while (net_deadline(net).us != MONO_NEVER.us)
		assert_false(net_poll(net, net_deadline(net), &arrival));
}

static void assert_ip(const struct endpoint *e, const char *text)
{
	const struct endpoint want = ip(text);

	assert_true(endpoint_ip_equal(e, &want));
}

static void both_sides_see_both_addresses(void **state)
{
	(void)state;
	send(1000, a, "192.0.2.2");
	const struct net_datagram got = arrives(1000 + NET_CORE_DELAY_US, b);

	assert_ip(&got.local, "192.0.2.2");
	assert_ip(&got.remote, "192.0.2.1");
	assert_int_equal(got.remote.port, PORT);
	assert_int_equal(got.ttl, NET_TTL - NET_CORE_HOPS);
	assert_int_equal(net_in_flight(net), 0);
	assert_int_equal(net_count(net, FATE_SENT), 1);
	assert_int_equal(net_count(net, FATE_ARRIVED), 1);
}

static void a_sender_learns_only_what_its_own_host_knows(void **state)
{
	static const uint8_t bytes[BUFFER_BYTES_MAX + 1];
	struct net_datagram datagram = { .remote = ip("192.0.2.99"),
					 .bytes = span_of(bytes, BUFFER_BYTES_MAX) };

	(void)state;
	assert_int_equal(net_send(net, at_us(0), a, &datagram), 0);
	assert_int_equal(net_count(net, FATE_NO_ROUTE), 1);
	datagram.bytes.len++;
	assert_int_equal(net_send(net, at_us(0), a, &datagram), ERR_TOO_LONG);
	datagram.bytes.len = 0;
	datagram.remote = ip("2001:db8::1");
	assert_int_equal(net_send(net, at_us(0), a, &datagram), ERR_NOT_FOUND);
	assert_int_equal(net_count(net, FATE_SENT), 1);
}

static void a_host_that_is_down_gets_nothing(void **state)
{
	(void)state;
	send(0, a, "192.0.2.2");
	net_set_up(net, b, false);
	nothing_arrives();
	assert_int_equal(net_count(net, FATE_HOST_DOWN), 1);
	net_set_up(net, b, true);
	send(100000, a, "192.0.2.2");
	(void)arrives(100000 + NET_CORE_DELAY_US, b);
}

static void the_ttl_counts_hops(void **state)
{
	(void)state;
	send_ttl(0, a, "192.0.2.2", NET_CORE_HOPS);
	nothing_arrives();
	assert_int_equal(net_count(net, FATE_TTL_EXPIRED), 1);
	send_ttl(0, a, "192.0.2.2", NET_CORE_HOPS + 1);
	assert_int_equal(arrives(NET_CORE_DELAY_US, b).ttl, 1);
	net_uplink(net, a)->hops = 2;
	net_downlink(net, b)->hops = 1;
	send_ttl(0, a, "192.0.2.2", NET_CORE_HOPS + 4);
	assert_int_equal(arrives(NET_CORE_DELAY_US, b).ttl, 1);
}

static void three_legs_add_their_delays(void **state)
{
	(void)state;
	net_uplink(net, a)->delay_us = 100;
	net_downlink(net, b)->delay_us = 30;
	net_downlink(net, a)->delay_us = 7000; /* of the other direction */
	send(0, a, "192.0.2.2");
	(void)arrives(NET_CORE_DELAY_US + 130, b);
	send(100000, b, "192.0.2.1");
	(void)arrives(100000 + NET_CORE_DELAY_US + 7000, a);
}

static void distance_adds_to_the_core_but_not_to_a_path(void **state)
{
	(void)state;
	net_place(net, a, -2000, 1000);
	net_place(net, b, 1000, 5000);
	send(0, a, "192.0.2.2");
	(void)arrives(NET_CORE_DELAY_US + 5000, b);
	net_path(net, a, b)->delay_us = 10;
	send(100000, a, "192.0.2.2");
	(void)arrives(100010, b);
	send(200000, b, "192.0.2.1"); /* the path is of one direction */
	(void)arrives(200000 + NET_CORE_DELAY_US + 5000, a);
	net_path(net, b, a)->delay_us = 20;
	assert_int_equal(net_path(net, a, b)->delay_us, 10); /* each is found again */
	assert_int_equal(net_path(net, b, a)->delay_us, 20);
	send(300000, b, "192.0.2.1");
	(void)arrives(300020, a);
}

static void mtu_counts_headers(void **state)
{
	(void)state;
	net_add_address(net, a, NET_INTERNET, "2001:db8::1");
	net_add_address(net, b, NET_INTERNET, "2001:db8::2");
	net_realm(net, NET_INTERNET)->mtu_bytes = 29; /* one less than 20 + 8 + 2 */
	send(0, a, "192.0.2.2");
	net_realm(net, NET_INTERNET)->mtu_bytes = 30;
	send(0, a, "192.0.2.2");
	(void)arrives(NET_CORE_DELAY_US, b);
	net_realm(net, NET_INTERNET)->mtu_bytes = 49; /* one less than 40 + 8 + 2 */
	send(0, a, "2001:db8::2");
	net_realm(net, NET_INTERNET)->mtu_bytes = 50;
	send(0, a, "2001:db8::2");
	(void)arrives(NET_CORE_DELAY_US, b);
	assert_int_equal(net_count(net, FATE_TOO_BIG), 2);
}

static void partitions_cut_one_direction(void **state)
{
	(void)state;
	net_set_side(net, b, 31);
	net_cut(net, 0, 31, true);
	send(0, a, "192.0.2.2");
	assert_int_equal(net_count(net, FATE_CUT), 1);
	send(0, b, "192.0.2.1");
	(void)arrives(NET_CORE_DELAY_US, a);
	net_set_calm(net, true);
	send(0, a, "192.0.2.2");
	(void)arrives(NET_CORE_DELAY_US, b);
	net_set_calm(net, false);
	net_cut(net, 0, 31, false);
	send(0, a, "192.0.2.2");
	(void)arrives(NET_CORE_DELAY_US, b);
}

static void a_duplicate_is_its_own_datagram(void **state)
{
	struct net_arrival arrival;

	(void)state;
	net_downlink(net, b)->duplication = 1000;
	send(0, a, "192.0.2.2");
	assert_true(net_poll(net, at_us(NET_CORE_DELAY_US), &arrival));
	assert_memory_equal(arrival.datagram.bytes.data, "hi", 2);
	assert_true(net_poll(net, at_us(NET_CORE_DELAY_US), &arrival));
	assert_memory_equal(arrival.datagram.bytes.data, "hi", 2);
	assert_false(net_poll(net, at_us(NET_CORE_DELAY_US), &arrival));
	assert_int_equal(net_count(net, FATE_DUPLICATED), 1);
	assert_int_equal(net_count(net, FATE_ARRIVED), 2);
}

static void corruption_harms_one_copy_in_one_byte(void **state)
{
	struct net_arrival arrival;

	(void)state;
	net_path(net, a, b)->duplication = 1000;
	net_downlink(net, b)->corruption = 1000;
	send(0, a, "192.0.2.2");
	for (unsigned copy = 0; copy < 2; copy++) {
		assert_true(net_poll(net, at_us(NET_CORE_DELAY_US), &arrival));
		const bool h = arrival.datagram.bytes.data[0] == 'h';
		const bool i = arrival.datagram.bytes.data[1] == 'i';

		assert_true(h != i);
	}
	assert_int_equal(net_count(net, FATE_CORRUPTED), 2);
}

static void an_empty_datagram_cannot_be_harmed(void **state)
{
	const struct net_datagram empty = { .remote = ip("192.0.2.2") };
	struct net_arrival arrival;

	(void)state;
	net_path(net, a, b)->corruption = 1000;
	assert_int_equal(net_send(net, at_us(0), a, &empty), 0);
	assert_true(net_poll(net, at_us(NET_CORE_DELAY_US), &arrival));
	assert_int_equal(arrival.datagram.bytes.len, 0);
	assert_int_equal(net_count(net, FATE_CORRUPTED), 0);
}

static uint64_t hash_after_sending(const char *text, size_t len)
{
	const struct net_datagram datagram = { .local = { .port = PORT },
					       .remote = ip("192.0.2.2"),
					       .bytes = span_of(text, len) };

	journal_init(&journal, NULL);
	assert_int_equal(net_send(net, at_us(0), a, &datagram), 0);
	return trace_hash_value(&journal.hash);
}

static void bytes_count_in_the_hash(void **state)
{
	struct net *keep = net;
	uint64_t hashes[4];

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		net = NULL;
		assert_int_equal(set_up(NULL), 0);
		hashes[i] = hash_after_sending(i == 0 ? "hi" : "ho", i == 2 ? 1 : 2);
		net_free(net);
	}
	net = keep;
	assert_int_not_equal(hashes[0], hashes[1]);
	assert_int_not_equal(hashes[1], hashes[2]);
	assert_int_equal(hashes[1], hashes[3]);
}

static void datagrams_in_flight_are_bounded(void **state)
{
	struct net_arrival arrival;

	(void)state;
	for (unsigned i = 0; i <= PACKETS_MAX; i++)
		send(0, a, "192.0.2.2");
	assert_int_equal(net_in_flight(net), PACKETS_MAX);
	assert_int_equal(net_count(net, FATE_NET_FULL), 1);
	for (unsigned i = 0; i < PACKETS_MAX; i++)
		assert_true(net_poll(net, at_us(NET_CORE_DELAY_US), &arrival));
	assert_false(net_poll(net, at_us(NET_CORE_DELAY_US), &arrival));
	send(NET_CORE_DELAY_US, a, "192.0.2.2");
	assert_int_equal(net_in_flight(net), 1);
}

static void a_host_reaches_itself_over_no_network(void **state)
{
	(void)state;
	net_uplink(net, a)->loss = 1000;
	net_downlink(net, a)->cut = true;
	send(5, a, "192.0.2.1");
	(void)arrives(5, a);
}

static void addresses_move(void **state)
{
	struct endpoint e;

	(void)state;
	net_add_address(net, a, NET_INTERNET, "192.0.2.10");
	net_remove_address(net, a, "192.0.2.1");
	assert_true(net_address(net, a, 0, &e));
	assert_ip(&e, "192.0.2.10");
	assert_false(net_address(net, a, 1, &e));
	send(0, b, "192.0.2.1");
	assert_int_equal(net_count(net, FATE_NO_ROUTE), 1);
	net_add_address(net, b, NET_INTERNET, "192.0.2.1"); /* somebody else's now */
	send(0, a, "192.0.2.1");
	const struct net_datagram got = arrives(NET_CORE_DELAY_US, b);

	assert_ip(&got.remote, "192.0.2.10");
}

static void the_order_of_the_other_addresses_stays(void **state)
{
	struct endpoint e;

	(void)state;
	net_add_address(net, a, NET_INTERNET, "2001:db8::1");
	net_add_address(net, a, NET_INTERNET, "192.0.2.11");
	net_add_address(net, a, NET_INTERNET, "192.0.2.12");
	net_remove_address(net, a, "2001:db8::1");
	assert_true(net_address(net, a, 1, &e));
	assert_ip(&e, "192.0.2.11");
	assert_true(net_address(net, a, 2, &e));
	assert_ip(&e, "192.0.2.12");
	assert_false(net_address(net, a, 3, &e));
	send(0, b, "192.0.2.12");
	(void)arrives(NET_CORE_DELAY_US, a);
}

static void a_false_source_travels_but_gets_no_answer(void **state)
{
	const struct net_datagram datagram = { .local = ip("192.0.2.66"),
					       .remote = ip("192.0.2.2"),
					       .bytes = span_of("hi", 2) };

	(void)state;
	assert_int_equal(net_send(net, at_us(0), a, &datagram), 0);
	const struct net_datagram got = arrives(NET_CORE_DELAY_US, b);

	assert_ip(&got.remote, "192.0.2.66");
	send(0, b, "192.0.2.66");
	assert_int_equal(net_count(net, FATE_NO_ROUTE), 1);
}

/* -- NATs ---------------------------------------------------------------------------------- */

static void a_nat_translates_and_takes_a_hop(void **state)
{
	const uint32_t nat = net_add_nat(net, NET_INTERNET, "203.0.113.1", &natbox_port_restricted);
	const uint32_t inside = add_host(nat, "192.168.0.2");
	struct net_datagram got;

	(void)state;
	net_realm(net, nat)->delay_us = 300;
	send(0, inside, "192.0.2.1");
	got = arrives(NET_CORE_DELAY_US + 300, a);
	assert_ip(&got.remote, "203.0.113.1");
	assert_int_equal(got.remote.port, PORT);
	assert_int_equal(got.ttl, NET_TTL - NET_CORE_HOPS - 1);
	send(100000, a, "203.0.113.1");
	got = arrives(100000 + NET_CORE_DELAY_US + 300, inside);
	assert_ip(&got.local, "192.168.0.2");
	assert_ip(&got.remote, "192.0.2.1");
	send(200000, b, "203.0.113.1");
	nothing_arrives();
	assert_int_equal(net_count(net, FATE_NAT_FILTERED), 1);
	send(300000, a, "192.168.0.2"); /* means nothing out here */
	assert_int_equal(net_count(net, FATE_NO_ROUTE), 1);
	assert_int_equal(net_count(net, FATE_TRANSLATED), 2);
}

static void a_nats_links_are_on_its_outside(void **state)
{
	const uint32_t nat = net_add_nat(net, NET_INTERNET, "203.0.113.1", &natbox_full_cone);
	const uint32_t inside = add_host(nat, "192.168.0.2");

	(void)state;
	net_realm(net, nat)->delay_us = 5;
	*net_uplink(net, nat) = (struct leg){ .delay_us = 100, .hops = 1 };
	*net_downlink(net, nat) = (struct leg){ .delay_us = 3000, .hops = 2 };
	*net_uplink(net, inside) = (struct leg){ .delay_us = 20000, .hops = 3 };
	*net_downlink(net, inside) = (struct leg){ .delay_us = 700000, .hops = 4 };
	send(0, inside, "192.0.2.1");
	assert_int_equal(arrives(NET_CORE_DELAY_US + 20105, a).ttl,
			 NET_TTL - NET_CORE_HOPS - 1 - 4);
	send(1000000, a, "203.0.113.1");
	assert_int_equal(arrives(1000000 + NET_CORE_DELAY_US + 703005, inside).ttl,
			 NET_TTL - NET_CORE_HOPS - 1 - 6);
}

/* The way has 1 + NET_CORE_HOPS + 1 hops; a probe of any TTL below dies on it, and from 2 on it has
 * opened the sender's own NAT. */
static void low_ttl_probes_open_the_near_nat_only(void **state)
{
	const uint32_t near =
		net_add_nat(net, NET_INTERNET, "203.0.113.1", &natbox_port_restricted);
	const uint32_t far = net_add_nat(net, NET_INTERNET, "203.0.113.2", &natbox_linux_accept);
	const uint32_t sender = add_host(near, "192.168.0.2");

	(void)state;
	send_ttl(0, sender, "203.0.113.2", 1);
	nothing_arrives();
	assert_int_equal(net_count(net, FATE_TRANSLATED), 0);
	for (uint8_t ttl = 2; ttl <= NET_CORE_HOPS + 1; ttl++) {
		send_ttl(0, sender, "203.0.113.2", ttl);
		nothing_arrives();
	}
	assert_int_equal(net_count(net, FATE_TTL_EXPIRED), NET_CORE_HOPS + 1);
	assert_int_equal(net_count(net, FATE_NAT_UNMAPPED), 0);
	send_ttl(0, sender, "203.0.113.2", NET_CORE_HOPS + 2);
	nothing_arrives();
	assert_int_equal(net_count(net, FATE_NAT_UNMAPPED), 1);
	send_ttl(0, a, "203.0.113.1", 0);
	nothing_arrives();
	assert_int_equal(net_count(net, FATE_NAT_FILTERED), 1); /* mapped, but not for a */
	(void)far;
}

static void hosts_behind_one_nat_share_its_address(void **state)
{
	const uint32_t nat = net_add_nat(net, NET_INTERNET, "203.0.113.1", &natbox_port_restricted);
	const uint32_t first = add_host(nat, "192.168.0.2");
	const uint32_t second = add_host(nat, "192.168.0.3");
	struct net_datagram got;

	(void)state;
	net_realm(net, nat)->delay_us = 0;
	send(0, first, "192.0.2.1");
	assert_int_equal(arrives(NET_CORE_DELAY_US, a).remote.port, PORT);
	send(100000, second, "192.0.2.1");
	got = arrives(100000 + NET_CORE_DELAY_US, a);
	assert_ip(&got.remote, "203.0.113.1");
	assert_int_not_equal(got.remote.port, PORT);
	send(200000, first, "192.168.0.3"); /* next door, past the NAT */
	got = arrives(200000, second);
	assert_ip(&got.remote, "192.168.0.2");
	assert_int_equal(got.ttl, NET_TTL);
}

static void hairpin_shows_the_outside_address(void **state)
{
	struct natbox_kind kind = natbox_full_cone;
	const uint32_t nat = net_add_nat(net, NET_INTERNET, "203.0.113.1", &kind);
	const uint32_t first = add_host(nat, "192.168.0.2");
	const uint32_t second = add_host(nat, "192.168.0.3");
	struct net_datagram got;
	struct net_datagram datagram = { .local = { .port = PORT + 1 },
					 .remote = ip("203.0.113.1"),
					 .bytes = span_of("hi", 2) };

	(void)state;
	net_realm(net, nat)->delay_us = 0;
	send(0, first, "192.0.2.1");
	(void)arrives(NET_CORE_DELAY_US, a);
	assert_int_equal(net_send(net, at_us(100000), second, &datagram), 0);
	got = arrives(100000, first);
	assert_ip(&got.remote, "203.0.113.1");
	net_nat(net, nat)->kind.hairpin = false;
	assert_int_equal(net_send(net, at_us(200000), second, &datagram), 0);
	nothing_arrives();
	assert_int_equal(net_count(net, FATE_NAT_UNMAPPED), 1);
}

static void nats_stand_behind_nats(void **state)
{
	const uint32_t carrier = net_add_nat(net, NET_INTERNET, "203.0.113.1", &natbox_symmetric);
	const uint32_t home = net_add_nat(net, carrier, "100.64.0.2", &natbox_port_restricted);
	const uint32_t inside = add_host(home, "192.168.0.2");
	struct net_datagram got;
	struct net_datagram answer = { .bytes = span_of("hi", 2) };

	(void)state;
	net_realm(net, carrier)->delay_us = 20;
	net_realm(net, home)->delay_us = 3;
	send(0, inside, "192.0.2.1");
	got = arrives(NET_CORE_DELAY_US + 23, a);
	assert_ip(&got.remote, "203.0.113.1");
	assert_int_equal(got.ttl, NET_TTL - NET_CORE_HOPS - 2);
	answer.local.port = PORT;
	answer.remote = got.remote;
	assert_int_equal(net_send(net, at_us(100000), a, &answer), 0);
	got = arrives(100000 + NET_CORE_DELAY_US + 23, inside);
	assert_ip(&got.local, "192.168.0.2");
	assert_int_equal(got.local.port, PORT);
}

static void a_nat_carries_its_own_family_only(void **state)
{
	const uint32_t nat = net_add_nat(net, NET_INTERNET, "203.0.113.1", &natbox_full_cone);
	const uint32_t inside = add_host(nat, "fd00::2");

	(void)state;
	net_add_address(net, a, NET_INTERNET, "2001:db8::1");
	send(0, inside, "2001:db8::1");
	nothing_arrives();
	assert_int_equal(net_count(net, FATE_NO_ROUTE), 1);
}

static void a_host_has_a_foot_in_two_realms(void **state)
{
	const uint32_t nat = net_add_nat(net, NET_INTERNET, "203.0.113.1", &natbox_full_cone);
	const uint32_t host = add_host(nat, "192.168.0.2");
	struct net_datagram got;

	(void)state;
	net_realm(net, nat)->delay_us = 0;
	net_add_address(net, host, NET_INTERNET, "2001:db8::3");
	net_add_address(net, a, NET_INTERNET, "2001:db8::1");
	send(0, host, "192.0.2.1");
	got = arrives(NET_CORE_DELAY_US, a);
	assert_ip(&got.remote, "203.0.113.1");
	send(100000, host, "2001:db8::1");
	got = arrives(100000 + NET_CORE_DELAY_US, a);
	assert_ip(&got.remote, "2001:db8::3");
}

static void a_firewall_is_seen_through_from_inside(void **state)
{
	const uint32_t outer = net_add_nat(net, NET_INTERNET, NULL, &natbox_firewall);
	const uint32_t wall = net_add_nat(net, outer, NULL, &natbox_firewall);
	const uint32_t inside = add_host(wall, "198.51.100.2");
	struct net_datagram got;

	(void)state;
	net_realm(net, wall)->delay_us = 0;
	net_realm(net, outer)->delay_us = 0;
	send(0, a, "198.51.100.2");
	nothing_arrives();
	assert_int_equal(net_count(net, FATE_NAT_UNMAPPED), 1);
	send(100000, inside, "192.0.2.1");
	got = arrives(100000 + NET_CORE_DELAY_US, a);
	assert_ip(&got.remote, "198.51.100.2");
	send(200000, a, "198.51.100.2");
	(void)arrives(200000 + NET_CORE_DELAY_US, inside);
	send(300000, b, "198.51.100.2");
	nothing_arrives();
	assert_int_equal(net_count(net, FATE_NAT_FILTERED), 1);
	net_remove_address(net, inside, "198.51.100.2");
	send(400000, a, "198.51.100.2");
	assert_int_equal(net_count(net, FATE_NO_ROUTE), 1);
}

static void an_address_is_somebodys(void **state)
{
	const uint32_t nat = net_add_nat(net, NET_INTERNET, "203.0.113.1", &natbox_port_restricted);
	const uint32_t inner = add_host(nat, "10.0.0.2");
	const uint32_t beside = add_host(nat, "10.0.0.3");
	const struct endpoint private = ip("10.0.0.2"), outside = ip("203.0.113.1");
	const struct endpoint of_a = ip("192.0.2.1"), nobodys = ip("192.0.2.99");

	(void)state;
	assert_int_equal(net_holder(net, beside, &private), inner);
	assert_int_equal(net_holder(net, a, &private), 0); /* not seen from there */
	assert_int_equal(net_holder(net, a, &outside), nat);
	assert_int_equal(net_holder(net, inner, &outside), nat);
	assert_int_equal(net_holder(net, inner, &of_a), a);
	assert_int_equal(net_holder(net, a, &nobodys), 0);
	net_renumber_nat(net, nat, "203.0.113.9");
	assert_int_equal(net_holder(net, a, &outside), 0); /* any more */
}

static void a_renumbered_nat_is_elsewhere_and_forgets(void **state)
{
	const uint32_t nat = net_add_nat(net, NET_INTERNET, "203.0.113.1", &natbox_full_cone);
	const uint32_t inside = add_host(nat, "192.168.0.2");
	struct net_datagram got;

	(void)state;
	net_realm(net, nat)->delay_us = 0;
	send(0, inside, "192.0.2.1");
	(void)arrives(NET_CORE_DELAY_US, a);
	net_renumber_nat(net, nat, "203.0.113.9");
	send(100000, a, "203.0.113.1");
	assert_int_equal(net_count(net, FATE_NO_ROUTE), 1);
	send(100000, a, "203.0.113.9");
	nothing_arrives();
	assert_int_equal(net_count(net, FATE_NAT_UNMAPPED), 1);
	send(200000, inside, "192.0.2.1");
	got = arrives(200000 + NET_CORE_DELAY_US, a);
	assert_ip(&got.remote, "203.0.113.9");
}

/* -- the tap ------------------------------------------------------------------------------- */

/* Takes what the first host sends and puts something of its own in its place. */
static bool replace(void *context, struct mono at, uint32_t from,
		    const struct net_datagram *datagram)
{
	struct net_datagram mine = *datagram;

	(void)context;
	if (from != a)
		return true;
	mine.bytes = span_of("ho", 2);
	assert_int_equal(net_send(net, at, b, &mine), 0);
	return false;
}

static void a_tap_takes_and_replaces(void **state)
{
	const uint32_t victim = add_host(NET_INTERNET, "192.0.2.3");
	struct net_arrival arrival;

	(void)state;
	net_set_tap(net, (struct net_tap){ .pass = replace });
	send(0, a, "192.0.2.3");
	assert_int_equal(net_count(net, FATE_TAPPED), 1);
	assert_true(net_poll(net, at_us(NET_CORE_DELAY_US), &arrival));
	assert_int_equal(arrival.host, victim);
	assert_ip(&arrival.datagram.remote, "192.0.2.1"); /* or so it says */
	assert_memory_equal(arrival.datagram.bytes.data, "ho", 2);
	net_set_tap(net, (struct net_tap){ 0 });
	send(100000, a, "192.0.2.3");
	(void)arrives(100000 + NET_CORE_DELAY_US, victim);
	net_set_tap(net, (struct net_tap){ .pass = replace });
	send(200000, a, "192.0.2.99"); /* it sees what goes nowhere, too */
	assert_int_equal(net_count(net, FATE_TAPPED), 2);
	assert_int_equal(net_count(net, FATE_NO_ROUTE), 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(both_sides_see_both_addresses),
		TEST(a_sender_learns_only_what_its_own_host_knows),
		TEST(a_host_that_is_down_gets_nothing),
		TEST(the_ttl_counts_hops),
		TEST(three_legs_add_their_delays),
		TEST(distance_adds_to_the_core_but_not_to_a_path),
		TEST(mtu_counts_headers),
		TEST(partitions_cut_one_direction),
		TEST(a_duplicate_is_its_own_datagram),
		TEST(corruption_harms_one_copy_in_one_byte),
		TEST(an_empty_datagram_cannot_be_harmed),
		TEST(bytes_count_in_the_hash),
		TEST(datagrams_in_flight_are_bounded),
		TEST(a_host_reaches_itself_over_no_network),
		TEST(addresses_move),
		TEST(the_order_of_the_other_addresses_stays),
		TEST(a_false_source_travels_but_gets_no_answer),
		TEST(a_nat_translates_and_takes_a_hop),
		TEST(a_nats_links_are_on_its_outside),
		TEST(low_ttl_probes_open_the_near_nat_only),
		TEST(hosts_behind_one_nat_share_its_address),
		TEST(hairpin_shows_the_outside_address),
		TEST(nats_stand_behind_nats),
		TEST(a_nat_carries_its_own_family_only),
		TEST(a_host_has_a_foot_in_two_realms),
		TEST(a_firewall_is_seen_through_from_inside),
		TEST(an_address_is_somebodys),
		TEST(a_renumbered_nat_is_elsewhere_and_forgets),
		TEST(a_tap_takes_and_replaces),
	};
#undef TEST

	return cmocka_run_group_tests_name("net", tests, NULL, NULL);
}
