/* test_udp.c - datagrams leave by the egress and arrive with both addresses; what the host refuses
 * is counted and stops nobody. Two sockets on the loopback interface. */
#include "tests/lib/cmocka.h"

#include "base/err.h"
#include "io/udp.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#define OFFLOADS (UDP_OFFLOAD_SEND | UDP_OFFLOAD_RECEIVE)

static struct {
	struct udp a, b;
	struct egress *egress;
	struct forward_batch batch;
} net;

static const struct mono now = { .us = 1 };

static int set_up(void **state)
{
	struct rng rng;

	(void)state;
	rng_init_seed(&rng, 1);
	return udp_open(&net.a, 0, OFFLOADS) < 0 || udp_open(&net.b, 0, OFFLOADS) < 0 ||
			       egress_new(&rng, 256, &net.egress) < 0
		       ? -1
		       : 0;
}

static int tear_down(void **state)
{
	(void)state;
	egress_del(net.egress);
	udp_close(&net.a);
	udp_close(&net.b);
	return 0;
}

static struct endpoint loopback(enum udp_family family, uint8_t last, uint16_t port)
{
	const uint8_t v4[] = { 127, 0, 0, last };
	const uint8_t v6[16] = { [15] = last };

	return family == UDP_V4 ? endpoint_v4(v4, port) : endpoint_v6(v6, port);
}

static void queue(const struct endpoint *local, const struct endpoint *remote, const char *text,
		  size_t len)
{
	struct egress_datagram like = { .link = 1, .class = EGRESS_DATA, .remote = *remote };
	struct egress_datagram *slot;

	if (local != NULL)
		like.local = *local;
	slot = egress_reserve(net.egress, &like);
	assert_non_null(slot);
	memset(slot->data, 'x', len);
	memcpy(slot->data, text, strlen(text));
	egress_commit(net.egress, slot, len);
}

static void send_all(struct udp *udp)
{
	enum udp_family full;

	assert_false(udp_send(udp, net.egress, now, &full));
	assert_null(egress_next(net.egress, now));
}

/* Waits for datagrams and receives what is there. */
static size_t receive(struct udp *udp, enum udp_family family)
{
	struct pollfd wait = { .fd = udp->sockets[family], .events = POLLIN };

	assert_int_equal(poll(&wait, 1, 10000), 1);
	udp_receive(udp, family, &net.batch);
	return net.batch.count;
}

static void datagrams_arrive_with_both_addresses(void **state)
{
	(void)state;
	for (enum udp_family family = UDP_V4; family < UDP_FAMILIES; family++) {
		/* 127.0.0.2 is not what the host would choose by itself; ::1 is all there is */
		const uint8_t last = family == UDP_V4 ? 2 : 1;
		const struct endpoint from = loopback(family, last, net.a.port);
		const struct endpoint to = loopback(family, last == 2 ? 3 : 1, net.b.port);
		const struct forward_packet *packet = &net.batch.packets[0];

		if (net.a.sockets[family] < 0)
			continue; /* a host without this family */
		queue(&from, &to, "hello", 5);
		send_all(&net.a);
		assert_int_equal(receive(&net.b, family), 1);
		assert_int_equal(packet->len, 5);
		assert_memory_equal(packet->data, "hello", 5);
		assert_true(endpoint_equal(&packet->way.remote, &from));
		assert_true(endpoint_equal(&packet->way.local, &to));
		assert_int_equal(packet->verdict, FORWARD_PENDING);
	}
}

static void a_batch_keeps_its_order(void **state)
{
	const struct endpoint to = loopback(UDP_V4, 1, net.b.port);
	size_t got = 0;

	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		const char number[] = { (char)i, 0 };

		queue(NULL, &to, i == 0 ? "" : number, 1);
	}
	send_all(&net.a);
	assert_int_equal(net.a.counters.sent, 100);
	while (got < 100) {
		const size_t n = receive(&net.b, UDP_V4);

		for (size_t i = 0; i < n; i++, got++)
			assert_int_equal(net.batch.packets[i].data[0], got == 0 ? 'x' : got);
	}
	assert_int_equal(net.b.counters.received, 100);
}

/* The host has lost an address that a session still uses: it sends from another one. */
static void a_lost_address_is_replaced(void **state)
{
	const uint8_t lost[] = { 192, 0, 2, 1 };
	const struct endpoint from = endpoint_v4(lost, net.a.port);
	const struct endpoint replaced = loopback(UDP_V4, 1, net.a.port);
	const struct endpoint to = loopback(UDP_V4, 1, net.b.port);

	(void)state;
	queue(&from, &to, "hello", 5);
	send_all(&net.a);
	assert_int_equal(receive(&net.b, UDP_V4), 1);
	assert_true(endpoint_equal(&net.batch.packets[0].way.remote, &replaced));
	assert_int_equal(net.a.counters.unreachable, 0);
}

/* Whatever is refused is dropped, and the next one leaves. */
static void what_is_refused_stops_nobody(void **state)
{
	const uint8_t broadcast[] = { 255, 255, 255, 255 }; /* EACCES without SO_BROADCAST */
	const struct endpoint nowhere = endpoint_v4(broadcast, 9);
	const struct endpoint to = loopback(UDP_V4, 1, net.b.port);

	(void)state;
	queue(NULL, &nowhere, "lost", 4);
	queue(NULL, &to, "one", 3);
	queue(NULL, &nowhere, "lost", 4);
	queue(NULL, &to, "two", 3);
	send_all(&net.a);
	assert_int_equal(net.a.counters.sent, 2);
	assert_int_equal(net.a.counters.unreachable, 2);
	assert_int_equal(egress_counters(net.egress).sent, 2);
	assert_int_equal(egress_counters(net.egress).dropped, 2);
	assert_int_equal(receive(&net.b, UDP_V4), 2);
	assert_memory_equal(net.batch.packets[1].data, "two", 3);
}

static void without_a_family_its_datagrams_are_dropped(void **state)
{
	const struct endpoint to = loopback(UDP_V6, 1, net.b.port);
	const int kept = net.a.sockets[UDP_V6];

	(void)state;
	net.a.sockets[UDP_V6] = -1;
	queue(NULL, &to, "lost", 4);
	send_all(&net.a);
	net.a.sockets[UDP_V6] = kept;
	assert_int_equal(net.a.counters.unreachable, 1);
}

/* A datagram longer than any of ours is left out; those around it are whole. */
static void what_is_too_long_is_left_out(void **state)
{
	static const uint8_t bytes[EGRESS_SLOT_BYTES + 1];
	const struct endpoint to = loopback(UDP_V4, 1, net.b.port);
	const struct sockaddr_in address = { .sin_family = AF_INET,
					     .sin_port = htons(net.b.port),
					     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	(void)state;
	queue(NULL, &to, "one", 3);
	send_all(&net.a);
	assert_int_equal(sendto(net.a.sockets[UDP_V4], bytes, sizeof(bytes), 0,
				(const struct sockaddr *)&address, sizeof(address)),
			 sizeof(bytes));
	queue(NULL, &to, "max", EGRESS_SLOT_BYTES);
	send_all(&net.a);
	assert_int_equal(receive(&net.b, UDP_V4), 2);
	assert_memory_equal(net.batch.packets[0].data, "one", 3);
	assert_memory_equal(net.batch.packets[1].data, "max", 3);
	assert_int_equal(net.batch.packets[1].len, EGRESS_SLOT_BYTES);
	assert_int_equal(net.b.counters.truncated, 1);
}

static void ports_are_taken_once(void **state)
{
	struct udp other;

	(void)state;
	assert_int_not_equal(net.a.port, net.b.port);
	assert_int_equal(udp_open(&other, net.a.port, OFFLOADS), ERR_EXISTS);
	assert_int_equal(other.sockets[UDP_V4], -1);
	assert_int_equal(other.sockets[UDP_V6], -1);
}

/* Three threads on one port: what has one receiver index comes to one of them, and never to the
 * first, which the node has. Who does not share the port does not get it. */
static void datagrams_find_the_thread_of_their_session(void **state)
{
	struct udp more[3];
	struct udp other;

	(void)state;
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(udp_open_more(&net.b, &more[i]), 0);
	assert_int_equal(udp_open(&other, net.b.port, OFFLOADS), ERR_EXISTS);
	assert_true(udp_steer(&net.b, 3));
	for (enum udp_family family = UDP_V4; family < UDP_FAMILIES; family++) {
		const struct endpoint to = loopback(family, 1, net.b.port);

		if (net.a.sockets[family] < 0)
			continue;        /* a host without this family */
		queue(NULL, &to, "", 1); /* without an index: the first of the three */
		send_all(&net.a);
		assert_int_equal(receive(&more[0], family), 1);
		for (uint8_t index = 0; index < 6; index++) {
			const char datagram[] = { 6, 1, 1, 1, 1, 1, 1, (char)(index + 1), 0 };
			const uint32_t number = 0x01010100U + index + 1;

			queue(NULL, &to, datagram, 32);
			send_all(&net.a);
			assert_int_equal(receive(&more[number % 3], family), 1);
			assert_memory_equal(net.batch.packets[0].data, datagram, 8);
		}
	}
	for (size_t i = 0; i < 3; i++)
		udp_close(&more[i]);
}

/* Queues `count` datagrams of `len` bytes, each with its number in it. */
static void queue_many(const struct endpoint *to, unsigned count, size_t len)
{
	for (unsigned i = 0; i < count; i++) {
		const char number[] = { (char)(i + 1), 0 };

		queue(NULL, to, number, len);
	}
}

/* Receives until `count` datagrams came, and checks their numbers and length. */
static void expect_many(unsigned count, size_t len)
{
	unsigned got = 0;

	while (got < count) {
		const size_t n = receive(&net.b, UDP_V4);

		for (size_t i = 0; i < n; i++, got++) {
			assert_int_equal(net.batch.packets[i].data[0], (uint8_t)(got + 1));
			assert_int_equal(net.batch.packets[i].len, len);
		}
	}
	assert_int_equal(got, count);
}

/* Equal ones leave as one message, and come as fewer than they are. */
static void equal_datagrams_are_one_message(void **state)
{
	const struct endpoint to = loopback(UDP_V4, 1, net.b.port);

	(void)state;
	if ((net.a.offloads & net.b.offloads) != OFFLOADS)
		skip(); /* a kernel without */
	queue_many(&to, 100, 1400);
	send_all(&net.a);
	assert_int_equal(net.a.counters.sent, 100);
	assert_int_equal(net.a.counters.messages_sent, 3); /* 46 of them are 65,000 bytes */
	expect_many(100, 1400);
	assert_int_equal(net.b.counters.received, 100);
	assert_in_range(net.b.counters.messages_received, 1, 99);
}

/* A shorter one ends a message, a longer one begins another; so does another place or mark. */
static void unequal_datagrams_are_not(void **state)
{
	static const size_t lens[] = { 100, 100, 50, 50, 100, 101 };
	const struct endpoint to = loopback(UDP_V4, 1, net.b.port);
	const struct endpoint other = loopback(UDP_V4, 2, net.b.port);
	size_t got = 0;

	(void)state;
	if ((net.a.offloads & net.b.offloads) != OFFLOADS)
		skip();
	for (size_t i = 0; i < 6; i++)
		queue(NULL, &to, "", lens[i]);
	queue(NULL, &other, "", 101);
	send_all(&net.a);
	assert_int_equal(net.a.counters.messages_sent, 5); /* 100 100 50, 50, 100, 101, other */
	while (got < 7) {
		const size_t n = receive(&net.b, UDP_V4);

		for (size_t i = 0; i < n; i++, got++)
			assert_int_equal(net.batch.packets[i].len, got < 6 ? lens[got] : 101);
	}
}

static void marks_are_carried(void **state)
{
	(void)state;
	for (enum udp_family family = UDP_V4; family < UDP_FAMILIES; family++) {
		const struct endpoint to = loopback(family, 1, net.b.port);

		if (net.a.sockets[family] < 0)
			continue;
		for (uint8_t ecn = 0; ecn < 4; ecn++) {
			const struct egress_datagram like = {
				.link = 1, .class = EGRESS_DATA, .remote = to, .ecn = ecn
			};
			struct egress_datagram *slot = egress_reserve(net.egress, &like);

			assert_non_null(slot);
			memset(slot->data, ecn, 10);
			egress_commit(net.egress, slot, 10);
		}
		send_all(&net.a);
		for (size_t got = 0; got < 4;) {
			const size_t n = receive(&net.b, family);

			for (size_t i = 0; i < n; i++, got++)
				assert_int_equal(net.batch.packets[i].ecn,
						 net.batch.packets[i].data[0]);
		}
	}
}

/* What sendmmsg() says of messages of several datagrams; 0: it works. */
static int refusal;
static unsigned refused;

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): the linker's names */
int __real_sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags);
int __wrap_sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags);

int __wrap_sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags)
{
	for (unsigned i = 0; refusal != 0 && i < count; i++) {
		if (messages[i].msg_hdr.msg_iovlen < 2)
			continue;
		if (i > 0)
			return __real_sendmmsg(fd, messages, i, flags);
		refused++;
		errno = refusal;
		return -1;
	}
	return __real_sendmmsg(fd, messages, count, flags);
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

/* A device without checksums says EIO, a kernel that does not know it EINVAL: nothing is lost, and
 * nobody tries again. A message that is too long says nothing of the next one. */
static void what_is_refused_together_leaves_singly(void **state)
{
	static const int errors[] = { EIO, EINVAL, EMSGSIZE };
	const struct endpoint to = loopback(UDP_V4, 1, net.b.port);

	(void)state;
	if ((net.a.offloads & UDP_OFFLOAD_SEND) == 0)
		skip();
	for (size_t i = 0; i < 3; i++) {
		net.a.offloads = UDP_OFFLOAD_SEND;
		net.a.counters = (struct udp_counters){ 0 };
		refusal = errors[i];
		refused = 0;
		queue(NULL, &to, "\1", 900); /* one alone before them */
		queue_many(&to, 99, 1000);
		send_all(&net.a);
		refusal = 0;
		assert_int_equal(net.a.counters.sent, 100);
		assert_int_equal(net.a.counters.messages_sent, 100);
		assert_int_equal(net.a.counters.too_long + net.a.counters.unreachable, 0);
		assert_int_equal(net.a.counters.separated, refused);
		assert_int_equal(refused, errors[i] == EMSGSIZE ? 2 : 1);
		assert_int_equal(net.a.offloads, errors[i] == EMSGSIZE ? UDP_OFFLOAD_SEND : 0);
		for (size_t got = 0; got < 100;)
			got += receive(&net.b, UDP_V4);
	}
}

#define WITH_SOCKETS(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SOCKETS(datagrams_arrive_with_both_addresses),
		WITH_SOCKETS(a_batch_keeps_its_order),
		WITH_SOCKETS(a_lost_address_is_replaced),
		WITH_SOCKETS(what_is_refused_stops_nobody),
		WITH_SOCKETS(without_a_family_its_datagrams_are_dropped),
		WITH_SOCKETS(what_is_too_long_is_left_out),
		WITH_SOCKETS(equal_datagrams_are_one_message),
		WITH_SOCKETS(unequal_datagrams_are_not),
		WITH_SOCKETS(marks_are_carried),
		WITH_SOCKETS(what_is_refused_together_leaves_singly),
		WITH_SOCKETS(ports_are_taken_once),
		WITH_SOCKETS(datagrams_find_the_thread_of_their_session),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
