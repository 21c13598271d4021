/* vnet.c - see vnet.h.
 *
 * Each destination that waits has a queue of its own:
 *
 *     WANTED --connect handed out--> ASKED --peer up--> READY --empty--> gone
 *       ^  ^--------- later ---------' `--failed--> FAILED (answered) --empty--> gone
 *       `-- peer down -- READY, HELD          READY --hold--> HELD --peer up--> READY
 *
 * In WANTED and ASKED a packet that has waited VNET_QUEUE_MS is answered like one that failed, in
 * HELD it is dropped.
 */
#include "vnet/vnet.h"

#include "base/check.h"
#include "base/err.h"
#include "base/queue.h"
#include "vnet/address.h"
#include "vnet/icmp.h"

#include <assert.h>
#include <stdlib.h>

#define ANSWERS_MAX 8     /* ICMP messages that wait to be polled; power of two */
#define IPV6_MTU_MIN 1280 /* RFC 8200, 5 */

static_assert((VNET_QUEUE_PACKETS * VNET_PACKET_BYTES_MAX) <= VNET_QUEUE_BYTES,
	      "a queue full of the largest packets stays within its bytes");

enum waiting_state {
	WAITING_FREE,
	WAITING_WANTED,
	WAITING_ASKED,
	WAITING_READY,
	WAITING_HELD,
	WAITING_FAILED
};

struct stored_packet {
	struct mono expiry;
	bool was_held;
	uint16_t len;
	uint8_t bytes[VNET_PACKET_BYTES_MAX];
};

struct waiting {
	enum waiting_state state;
	struct ip_address destination;
	struct mono ask; /* WANTED: not before */
	struct id peer;  /* READY, HELD */
	struct queue queue;
	struct stored_packet *packets; /* owned: VNET_QUEUE_PACKETS, taken with the first packet */
};

struct answer {
	size_t len;
	uint8_t bytes[ICMP_V6_BYTES_MAX];
};

struct vnet {
	struct vnet_config config;
	struct ip_address ipv6;
	struct waiting waiting[VNET_WAITING_MAX];
	struct answer answers[ANSWERS_MAX];
	struct queue answer_queue;
	struct icmp_limit limit;
	struct vnet_counters counters;
};

int vnet_new(const struct vnet_config *config, struct vnet **ret)
{
	struct vnet *vnet = calloc(1, sizeof(*vnet));

	if (vnet == NULL)
		return ERR_NOMEM;
	vnet->config = *config;
	vnet->ipv6 = address_ipv6(&config->network, &config->self);
	vnet->answer_queue = queue_of(ANSWERS_MAX);
	*ret = vnet;
	return 0;
}

void vnet_del(struct vnet *vnet)
{
	if (vnet == NULL)
		return;
	for (size_t i = 0; i < VNET_WAITING_MAX; i++)
		free(vnet->waiting[i].packets);
	free(vnet);
}

/* May another member have this address? The kernel keeps what is addressed to us, so a packet that
 * comes here all the same goes nowhere. */
static bool is_member_address(const struct vnet *vnet, const struct ip_address *address)
{
	struct address_prefix_v4 host = { .len = 32 };

	if (ip_equal(address, &vnet->ipv6))
		return false;
	if (!ip_is_v4(address))
		return address_is_in(address, &vnet->config.network);
	memcpy(host.bytes, address->bytes + IP_ADDRESS_BYTES - sizeof(host.bytes),
	       sizeof(host.bytes));
	return vnet->config.has_ipv4 && address_prefixes_overlap(&vnet->config.ipv4_prefix, &host);
}

/* Tells the packet's sender about an error, in the name of the address that it tried: what seemed
 * to come from an address of ours the kernel would drop. */
static void answer(struct vnet *vnet, struct mono now, struct span packet, enum icmp_kind kind,
		   uint16_t mtu)
{
	struct icmp_error error = { .kind = kind,
				    .mtu = mtu,
				    .v4_prefix_len = vnet->config.ipv4_prefix.len };
	struct ip_packet ip;
	struct answer *slot = &vnet->answers[vnet->answer_queue.tail & (ANSWERS_MAX - 1)];

	if (ip_decode(packet, &ip) == 0 && !queue_is_full(&vnet->answer_queue)) {
		error.source = ip.destination;
		if (icmp_build(&error, packet, slot->bytes, &slot->len) == 0 &&
		    icmp_limit_allows(&vnet->limit, now)) {
			(void)queue_push(&vnet->answer_queue);
			return;
		}
	}
	vnet->counters.unanswered++;
}

static struct waiting *find_waiting(struct vnet *vnet, const struct ip_address *destination)
{
	struct waiting *free_slot = NULL;

	for (size_t i = 0; i < VNET_WAITING_MAX; i++) {
		struct waiting *w = &vnet->waiting[i];

		if (w->state == WAITING_FREE)
			free_slot = free_slot == NULL ? w : free_slot;
		else if (ip_equal(&w->destination, destination))
			return w;
	}
	return free_slot;
}

static void forget(struct vnet *vnet, struct waiting *w)
{
	CHECK(queue_is_empty(&w->queue));
	free(w->packets);
	*w = (struct waiting){ .state = WAITING_FREE };
	vnet->counters.waiting--;
}

/* 0, or ERR_FULL. */
static int store(struct vnet *vnet, struct mono now, const struct ip_address *destination,
		 struct span packet)
{
	struct waiting *w = find_waiting(vnet, destination);

	if (w == NULL || (w->state != WAITING_FREE && queue_is_full(&w->queue)))
		return ERR_FULL;
	if (w->state == WAITING_FREE) {
		struct stored_packet *packets = calloc(VNET_QUEUE_PACKETS, sizeof(packets[0]));

		if (packets == NULL)
			return ERR_FULL;
		*w = (struct waiting){ .state = WAITING_WANTED,
				       .destination = *destination,
				       .queue = queue_of(VNET_QUEUE_PACKETS),
				       .packets = packets };
		vnet->counters.waiting++;
	}
	struct stored_packet *slot = &w->packets[queue_push(&w->queue)];

	slot->expiry = mono_add_ms(now, VNET_QUEUE_MS);
	slot->was_held = w->state == WAITING_HELD;
	slot->len = (uint16_t)packet.len;
	memcpy(slot->bytes, packet.data, packet.len);
	vnet->counters.queued++;
	vnet->counters.held += slot->was_held;
	return 0;
}

int vnet_packet(struct vnet *vnet, struct now now, struct span packet)
{
	struct ip_packet ip;

	if (packet.len > VNET_PACKET_BYTES_MAX || ip_decode(packet, &ip) != 0) {
		vnet->counters.malformed++;
		return ERR_MALFORMED;
	}
	if (!is_member_address(vnet, &ip.destination)) {
		vnet->counters.foreign++;
		answer(vnet, now.mono, packet, ICMP_UNREACHABLE, 0);
		return ERR_NOT_FOUND;
	}
	const int err = store(vnet, now.mono, &ip.destination, packet);

	vnet->counters.queue_full += err != 0;
	return err;
}

int vnet_too_big(struct vnet *vnet, struct now now, struct span packet, uint16_t mtu)
{
	struct ip_packet ip;
	bool must_pass, wants_answer;

	if (ip_decode(packet, &ip) != 0) {
		vnet->counters.malformed++;
		return ERR_MALFORMED;
	}
	must_pass = ip.v6 ? packet.len <= IPV6_MTU_MIN
			  : !ip.dont_fragment && packet.len <= VNET_PACKET_BYTES_MAX;
	/* No IPv6 host makes its packets smaller than that. */
	wants_answer = packet.len > mtu && (!ip.v6 || packet.len > IPV6_MTU_MIN);
	if (wants_answer) {
		vnet->counters.too_big++;
		answer(vnet, now.mono, packet, ICMP_TOO_BIG,
		       ip.v6 && mtu < IPV6_MTU_MIN ? IPV6_MTU_MIN : mtu);
	}
	return must_pass || !wants_answer ? vnet_packet(vnet, now, packet) : 0;
}

void vnet_peer_up(struct vnet *vnet, const struct id *id, const uint8_t *ipv4)
{
	const struct ip_address v6 = address_ipv6(&vnet->config.network, id);

	for (size_t i = 0; i < VNET_WAITING_MAX; i++) {
		struct waiting *w = &vnet->waiting[i];
		bool theirs;

		if (w->state == WAITING_FREE)
			continue;
		theirs = ip_equal(&w->destination, &v6);
		if (!theirs && ipv4 != NULL) {
			const struct ip_address v4 = ip_v4(ipv4);

			theirs = ip_equal(&w->destination, &v4);
		}
		if (theirs) {
			w->state = WAITING_READY;
			w->peer = *id;
		}
	}
}

void vnet_peer_down(struct vnet *vnet, const struct id *id)
{
	for (size_t i = 0; i < VNET_WAITING_MAX; i++) {
		struct waiting *w = &vnet->waiting[i];

		if ((w->state == WAITING_READY || w->state == WAITING_HELD) &&
		    id_equal(&w->peer, id))
			w->state = WAITING_WANTED;
	}
}

void vnet_connect_failed(struct vnet *vnet, const struct ip_address *destination)
{
	struct waiting *w = find_waiting(vnet, destination);

	if (w != NULL && (w->state == WAITING_WANTED || w->state == WAITING_ASKED))
		w->state = WAITING_FAILED;
}

void vnet_connect_later(struct vnet *vnet, struct now now, const struct ip_address *destination)
{
	struct waiting *w = find_waiting(vnet, destination);

	if (w == NULL || w->state != WAITING_ASKED)
		return;
	w->state = WAITING_WANTED;
	w->ask = mono_add_ms(now.mono, VNET_AGAIN_MS);
}

static void put_connect(const struct waiting *w, struct vnet_output *ret)
{
	*ret = (struct vnet_output){ .kind = VNET_CONNECT,
				     .destination = w->destination,
				     .has_prefix = !ip_is_v4(&w->destination) };
	if (ret->has_prefix)
		ret->id = address_node_prefix(&w->destination);
}

static void put_packet(const struct waiting *w, const struct stored_packet *packet,
		       struct vnet_output *ret)
{
	*ret = (struct vnet_output){ .kind = VNET_PACKET,
				     .id = w->peer,
				     .destination = w->destination,
				     .packet = span_of(packet->bytes, packet->len) };
}

/* The oldest packet of those that do not leave for a peer. */
static void give_up(struct vnet *vnet, struct mono now, struct waiting *w)
{
	const struct stored_packet *packet = &w->packets[queue_pop(&w->queue)];

	if (w->state == WAITING_FAILED)
		vnet->counters.unreachable++;
	else
		vnet->counters.timed_out++;
	if (w->state != WAITING_HELD)
		answer(vnet, now, span_of(packet->bytes, packet->len), ICMP_UNREACHABLE, 0);
}

/* Hands out what one destination has to say; false if it has nothing to say now. */
static bool poll_waiting(struct vnet *vnet, struct mono now, struct waiting *w,
			 struct vnet_output *ret)
{
	while (w->state != WAITING_FREE) {
		const struct stored_packet *first;

		if (queue_is_empty(&w->queue)) {
			forget(vnet, w);
			return false;
		}
		first = &w->packets[queue_first(&w->queue)];
		if (w->state == WAITING_WANTED && mono_reached(now, w->ask)) {
			w->state = WAITING_ASKED;
			put_connect(w, ret);
			return true;
		}
		if (w->state == WAITING_READY) {
			put_packet(w, first, ret);
			return true;
		}
		if (w->state != WAITING_FAILED && !mono_reached(now, first->expiry))
			return false;
		give_up(vnet, now, w);
	}
	return false;
}

/* Of the packet that the last poll handed out. */
static struct waiting *waiting_of(struct vnet *vnet, const struct vnet_output *packet)
{
	struct waiting *w = find_waiting(vnet, &packet->destination);

	CHECK(packet->kind == VNET_PACKET && w != NULL && w->state == WAITING_READY);
	return w;
}

void vnet_sent(struct vnet *vnet, const struct vnet_output *packet)
{
	struct waiting *w = waiting_of(vnet, packet);

	(void)queue_pop(&w->queue);
	vnet->counters.released++;
}

void vnet_hold(struct vnet *vnet, const struct vnet_output *packet)
{
	struct waiting *w = waiting_of(vnet, packet);

	w->state = WAITING_HELD;
	for (uint32_t at = w->queue.head; at != w->queue.tail; at++) {
		struct stored_packet *waits = &w->packets[at & (VNET_QUEUE_PACKETS - 1)];

		vnet->counters.held += !waits->was_held;
		waits->was_held = true;
	}
}

bool vnet_poll(struct vnet *vnet, struct now now, struct vnet_output *ret)
{
	for (size_t i = 0; i < VNET_WAITING_MAX; i++)
		if (poll_waiting(vnet, now.mono, &vnet->waiting[i], ret))
			return true;
	if (queue_is_empty(&vnet->answer_queue))
		return false;

	const struct answer *answer = &vnet->answers[queue_pop(&vnet->answer_queue)];

	*ret = (struct vnet_output){ .kind = VNET_ANSWER,
				     .packet = span_of(answer->bytes, answer->len) };
	return true;
}

struct mono vnet_deadline(const struct vnet *vnet)
{
	struct mono deadline = MONO_NEVER;

	if (!queue_is_empty(&vnet->answer_queue))
		return (struct mono){ 0 };
	for (size_t i = 0; i < VNET_WAITING_MAX; i++) {
		const struct waiting *w = &vnet->waiting[i];

		if (w->state == WAITING_FREE)
			continue;
		if (w->state == WAITING_READY || w->state == WAITING_FAILED ||
		    queue_is_empty(&w->queue))
			return (struct mono){ 0 };
		deadline = mono_min(deadline, w->packets[queue_first(&w->queue)].expiry);
		if (w->state == WAITING_WANTED)
			deadline = mono_min(deadline, w->ask);
	}
	return deadline;
}

struct ip_address vnet_ipv6(const struct vnet *vnet)
{
	return vnet->ipv6;
}

struct vnet_counters vnet_counters(const struct vnet *vnet)
{
	return vnet->counters;
}
