/* net_flight.c - see net.h: what flies.
 *
 * A datagram in flight is one entry of the heap. For each realm that it crosses it stands there at
 * most twice: until it is at the receiver's door (uplink and realm behind it), and, if the downlink
 * does anything, until it has passed that. Rates are kept by arithmetic (leg.c), not by events.
 *
 *     net_send -> launch -> cross -> travel ... enter -> travel ... arrive
 *                   ^                                       |
 *                   `-------------- pass_nat <-------------'
 *
 * Draws are made from the stream of the device on whose account they are: of the sender for uplink
 * and realm, of the receiver for the downlink.
 */
#include "sim/net_internal.h"

#include "base/check.h"
#include "base/err.h"

#define LEGS_MAX 2
#define UDP_BYTES 8
#define IPV4_BYTES 20
#define IPV6_BYTES 40

/* The legs that a packet takes next, and on whose account. */
struct way {
	struct leg *legs[LEGS_MAX];
	unsigned leg_count;
	struct rng *rng; /* NULL: calm */
	uint64_t distance_us;
};

static uint32_t ip_bytes(const struct packet *packet)
{
	const uint32_t header = endpoint_is_v4(&packet->destination) ? IPV4_BYTES : IPV6_BYTES;

	return header + UDP_BYTES + packet->buffer->len;
}

static void note(struct net *net, struct mono at, enum fate fate, uint32_t device,
		 const struct packet *packet)
{
	const struct journal_datagram datagram = {
		.serial = packet->serial,
		.device = device,
		.source = packet->source,
		.destination = packet->destination,
		.ttl = packet->ttl,
		.bytes = buffer_span(packet->buffer),
	};

	net->counts[fate]++;
	net->bytes[fate] += ip_bytes(packet);
	journal_datagram(net->journal, at, fate, &datagram);
}

/* Ends a packet before it has arrived. */
static void drop(struct net *net, struct mono at, enum fate why, uint32_t device,
		 struct packet *packet)
{
	note(net, at, why, device, packet);
	buffers_drop(&net->buffers, packet->buffer);
}

/* Changes one byte, in a copy of its own. */
static void corrupt(struct net *net, struct rng *rng, struct packet *packet)
{
	struct buffer *harmed = buffers_copy(&net->buffers, buffer_span(packet->buffer));

	CHECK(harmed != NULL);
	const uint64_t at = rng_between(rng, 0, harmed->len - 1U);

	harmed->bytes[at] ^= (uint8_t)rng_between(rng, 1, 255);
	buffers_drop(&net->buffers, packet->buffer);
	packet->buffer = harmed;
}

/* Puts a packet that has met all of a passage into flight. */
static void fly(struct net *net, struct mono at, uint64_t delay_us, struct packet *packet)
{
	struct handle handle;

	if (pool_count(&net->packets) == net->config.packets_max) {
		drop(net, at, FATE_NET_FULL, packet->from, packet);
		return;
	}
	struct packet *slot = pool_take(&net->packets, &handle);

	CHECK(slot != NULL);
	*slot = *packet;
	/* As many entries as packets, so only memory can lack. */
	CHECK(heap_push(&net->due, mono_add_us(at, delay_us), handle.index) == 0);
}

/* One copy along the legs of the way; takes it over. */
static void travel_once(struct net *net, struct mono at, const struct way *way,
			struct packet *packet)
{
	const uint32_t account = packet->arrived ? packet->to : packet->from;
	struct passage passage = { .delay_us = way->distance_us };

	for (unsigned i = 0; i < way->leg_count; i++) {
		const enum fate fate =
			leg_cross(way->legs[i], way->rng, mono_add_us(at, passage.delay_us),
				  ip_bytes(packet), &passage);

		if (fate != FATE_ARRIVED) {
			drop(net, at, fate, account, packet);
			return;
		}
	}
	if (passage.reordered)
		note(net, at, FATE_REORDERED, account, packet);
	if (passage.corrupted && packet->buffer->len > 0) {
		corrupt(net, way->rng, packet);
		note(net, at, FATE_CORRUPTED, account, packet);
	}
	fly(net, at, passage.delay_us, packet);
}

/* All copies; takes the packet over. */
static void travel(struct net *net, struct mono at, const struct way *way, struct packet *packet)
{
	bool twice = false;

	for (unsigned i = 0; i < way->leg_count; i++)
		twice = leg_duplicates(way->legs[i], way->rng) || twice;
	if (twice) {
		struct packet copy = *packet;

		(void)buffer_share(copy.buffer);
		copy.serial = net->serials++;
		note(net, at, FATE_DUPLICATED, copy.from, &copy);
		travel_once(net, at, way, &copy);
	}
	travel_once(net, at, way, packet);
}

static uint64_t square_root(uint64_t x)
{
	uint64_t root = 0;

	for (uint64_t bit = (uint64_t)1 << 31; bit > 0; bit >>= 1)
		if ((root | bit) * (root | bit) <= x)
			root |= bit;
	return root;
}

static uint64_t distance_us(const struct net *net, const struct device *a, const struct device *b)
{
	if (net->matrix_us != NULL) {
		CHECK(a->site < net->sites && b->site < net->sites);
		return net->matrix_us[(size_t)a->site * net->sites + b->site];
	}
	const int64_t x = (int64_t)a->x_us - b->x_us;
	const int64_t y = (int64_t)a->y_us - b->y_us;

	return square_root((uint64_t)(x * x) + (uint64_t)(y * y));
}

/* The leg between two devices of a realm, and the distance that is added to it. */
static struct leg *middle_leg(struct net *net, const struct packet *packet, uint64_t *ret_us)
{
	const struct path_key key = { .from = packet->from, .to = packet->to };
	uint32_t index;

	*ret_us = 0;
	if (net->path_count > 0 && map_get(&net->by_pair, &key, &index))
		return &net->paths[index];
	if (packet->realm == NET_INTERNET)
		*ret_us = distance_us(net, &net->devices[packet->from], &net->devices[packet->to]);
	return &net->devices[packet->realm].inside;
}

/* The device that stands in the open Internet for a host, and the time until there. */
static const struct device *outermost(const struct net *net, uint32_t host, uint64_t *ret_us)
{
	const struct device *device = host_at(net, host);
	uint32_t realm = device->address_count == 0 ? NET_INTERNET : device->addresses[0].realm;

	*ret_us = 0;
	while (realm != NET_INTERNET) {
		*ret_us += net->devices[realm].inside.delay_us;
		device = &net->devices[realm];
		realm = device->realm;
	}
	return device;
}

uint64_t net_delay_us(const struct net *net, uint32_t from, uint32_t to)
{
	uint64_t before_us;
	uint64_t behind_us;
	const struct device *a = outermost(net, from, &before_us);
	const struct device *b = outermost(net, to, &behind_us);

	if (a == b) /* one NAT, or one host */
		return before_us > behind_us ? before_us : behind_us;
	return before_us + a->uplink.delay_us + net->devices[NET_INTERNET].inside.delay_us +
	       distance_us(net, a, b) + b->downlink.delay_us + behind_us;
}

static bool is_cut(const struct net *net, const struct packet *packet)
{
	const unsigned from = net->devices[packet->from].side;
	const unsigned to = net->devices[packet->to].side;

	return !net->calm && (net->cuts[from] >> to & 1) != 0;
}

/* Finds the device in packet->realm to which the packet goes next: whose address it is, or else
 * the way out. False if there is none. */
static bool route(const struct net *net, struct packet *packet)
{
	const struct address_key key = address_key(packet->realm, &packet->destination);

	if (map_get(&net->by_address, &key, &packet->to))
		return true;
	packet->to = packet->realm;
	return packet->realm != NET_INTERNET && packet->from != packet->to;
}

/* Lets the realm's tap see the packet; false if it takes it. */
static bool pass_tap(const struct net *net, struct mono at, const struct packet *packet)
{
	const struct net_datagram datagram = { .local = packet->source,
					       .remote = packet->destination,
					       .ttl = packet->ttl,
					       .bytes = buffer_span(packet->buffer) };

	return packet->realm != net->tap.realm || net->tap.pass == NULL ||
	       net->tap.pass(net->tap.context, at, packet->from, &datagram);
}

/* A NAT's uplink and downlink are on its outside: on its inside there is the realm's leg alone. */
static struct leg *uplink(struct net *net, const struct packet *packet)
{
	return packet->from == packet->realm ? NULL : &net->devices[packet->from].uplink;
}

static struct leg *downlink(struct net *net, const struct packet *packet)
{
	return packet->to == packet->realm ? NULL : &net->devices[packet->to].downlink;
}

static unsigned hops(const struct leg *leg)
{
	return leg == NULL ? 0 : leg->hops;
}

/* The packet crosses packet->realm from packet->from to packet->to; takes it over. */
static void cross(struct net *net, struct mono at, struct packet *packet)
{
	struct leg *up = uplink(net, packet);
	struct way way = { .rng = net->calm ? NULL : &net->devices[packet->from].rng };
	struct leg *middle = middle_leg(net, packet, &way.distance_us);
	const unsigned hop_count = hops(up) + hops(middle) + hops(downlink(net, packet));

	if (up != NULL)
		way.legs[way.leg_count++] = up;
	way.legs[way.leg_count++] = middle;
	if (is_cut(net, packet)) {
		drop(net, at, FATE_CUT, packet->from, packet);
	} else if (packet->ttl <= hop_count) {
		drop(net, at, FATE_TTL_EXPIRED, packet->from, packet);
	} else {
		packet->ttl = (uint8_t)(packet->ttl - hop_count);
		travel(net, at, &way, packet);
	}
}

/* From packet->from into packet->realm; takes the packet over. */
static void launch(struct net *net, struct mono at, struct packet *packet)
{
	const bool routed = route(net, packet);

	packet->arrived = routed && packet->to == packet->from;
	if (packet->arrived) /* to itself: over no network */
		fly(net, at, 0, packet);
	else if (!pass_tap(net, at, packet))
		drop(net, at, FATE_TAPPED, packet->from, packet);
	else if (!routed)
		drop(net, at, FATE_NO_ROUTE, packet->from, packet);
	else
		cross(net, at, packet);
}

static const struct address *address_for(const struct device *device, const struct endpoint *remote)
{
	for (unsigned i = 0; i < device->address_count; i++)
		if (endpoint_is_v4(&device->addresses[i].ip) == endpoint_is_v4(remote))
			return &device->addresses[i];
	return NULL;
}

/* The realm into which a host sends from this address, or that of the first of its family. */
static uint32_t realm_for(const struct device *device, const struct endpoint *local,
			  const struct address *first)
{
	for (unsigned i = 0; i < device->address_count; i++)
		if (endpoint_ip_equal(&device->addresses[i].ip, local))
			return device->addresses[i].realm;
	return first->realm;
}

static bool is_group(const struct endpoint *remote)
{
	return endpoint_is_v4(remote) ? (remote->ip[12] & 0xf0) == 0xe0 : remote->ip[0] == 0xff;
}

static bool is_in(const struct device *device, uint32_t realm)
{
	for (unsigned i = 0; i < device->address_count; i++)
		if (device->kind == DEVICE_HOST && device->addresses[i].realm == realm)
			return true;
	return false;
}

/* To all hosts of the sender's network, but that nobody is on one with the whole Internet; takes
 * the packet over. */
static void launch_to_group(struct net *net, struct mono at, struct packet *packet)
{
	for (uint32_t to = 1; to < net->device_count && packet->realm != NET_INTERNET; to++) {
		struct packet copy = *packet;

		if (to == packet->from || !is_in(&net->devices[to], packet->realm))
			continue;
		(void)buffer_share(copy.buffer);
		copy.serial = net->serials++;
		copy.to = to;
		cross(net, at, &copy);
	}
	buffers_drop(&net->buffers, packet->buffer);
}

int net_send(struct net *net, struct mono now, uint32_t host, const struct net_datagram *datagram)
{
	const struct device *device = host_at(net, host);
	const struct address *first = address_for(device, &datagram->remote);

	if (datagram->bytes.len > BUFFER_BYTES_MAX)
		return ERR_TOO_LONG;
	if (first == NULL)
		return ERR_NOT_FOUND;
	struct packet packet = {
		.buffer = buffers_copy(&net->buffers, datagram->bytes),
		.source = datagram->local,
		.destination = datagram->remote,
		.serial = net->serials++,
		.from = host,
		.ttl = datagram->ttl == 0 ? NET_TTL : datagram->ttl,
	};

	if (packet.buffer == NULL)
		return ERR_NOMEM;
	if (endpoint_ip_is_zero(&packet.source))
		memcpy(packet.source.ip, first->ip.ip, sizeof(packet.source.ip));
	packet.realm = realm_for(device, &packet.source, first);
	note(net, now, FATE_SENT, host, &packet);
	if (is_group(&datagram->remote))
		launch_to_group(net, now, &packet);
	else
		launch(net, now, &packet);
	return 0;
}

/* Takes the packet that is due first out of flight. */
static struct packet land(struct net *net)
{
	struct handle handle;
	const uint32_t index = (uint32_t)heap_pop(&net->due).item;
	const struct packet *slot = pool_slot(&net->packets, index, &handle);

	CHECK(slot != NULL);
	const struct packet packet = *slot;

	pool_give(&net->packets, handle);
	return packet;
}

/* Lets a packet from the door of its receiver in. True if nothing was in the way; else it is taken
 * over, to cross the downlink first. */
static bool enter(struct net *net, struct mono at, struct packet *packet)
{
	struct leg *down = downlink(net, packet);

	packet->arrived = true;
	if (down == NULL || leg_is_plain(down))
		return true;
	const struct way way = { .legs = { down },
				 .leg_count = 1,
				 .rng = net->calm ? NULL : &net->devices[packet->to].rng };

	travel(net, at, &way, packet);
	return false;
}

/* -- at a NAT ------------------------------------------------------------------------------ */

static void relaunch(struct net *net, struct mono at, uint32_t realm, struct packet *packet)
{
	packet->ttl--;
	packet->from = packet->to;
	packet->realm = realm;
	note(net, at, FATE_TRANSLATED, packet->from, packet);
	launch(net, at, packet);
}

/* Gives the packet the source that the outside sees: FATE_TRANSLATED, or why it is dropped. */
static enum fate translate_out(struct natbox *box, struct mono at, struct packet *packet)
{
	const bool family_fits = box->kind.ports == NATBOX_KEEP ||
				 endpoint_is_v4(&box->outside) == endpoint_is_v4(&packet->source);

	if (!family_fits)
		return FATE_NO_ROUTE;
	if (packet->ttl <= 1) /* a router drops it before it looks at ports */
		return FATE_TTL_EXPIRED;
	if (natbox_outbound(box, at, &packet->source, &packet->destination, &packet->source) != 0)
		return FATE_NAT_FULL;
	return FATE_TRANSLATED;
}

/* The same with its destination inside. A TTL that ends here has opened or kept what the box
 * keeps of it: it looks at ports first, and counts when it forwards. */
static enum fate translate_in(struct natbox *box, struct mono at, struct packet *packet)
{
	const int err = natbox_inbound(box, at, &packet->destination, &packet->source,
				       &packet->destination);

	if (err != 0)
		return err == ERR_DENIED ? FATE_NAT_FILTERED : FATE_NAT_UNMAPPED;
	return packet->ttl <= 1 ? FATE_TTL_EXPIRED : FATE_TRANSLATED;
}

/* A packet has come to a NAT, from inside if it crossed the realm of that number; takes it over. */
static void pass_nat(struct net *net, struct mono at, struct packet *packet)
{
	const struct device *nat = &net->devices[packet->to];
	const bool from_inside = packet->realm == packet->to;
	const bool hairpin =
		from_inside && endpoint_ip_equal(&packet->destination, &nat->box->outside);
	enum fate fate = FATE_TRANSLATED;

	if (hairpin && !nat->box->kind.hairpin)
		fate = FATE_NAT_UNMAPPED;
	if (fate == FATE_TRANSLATED && from_inside)
		fate = translate_out(nat->box, at, packet);
	if (fate == FATE_TRANSLATED && (hairpin || !from_inside))
		fate = translate_in(nat->box, at, packet);
	if (fate != FATE_TRANSLATED)
		drop(net, at, fate, packet->to, packet);
	else
		relaunch(net, at, hairpin || !from_inside ? packet->to : nat->realm, packet);
}

/* -- time ---------------------------------------------------------------------------------- */

/* Hands the packet to the host; takes it over. */
static void arrive(struct net *net, struct mono at, struct packet *packet, struct net_arrival *ret)
{
	note(net, at, FATE_ARRIVED, packet->to, packet);
	net->lent = packet->buffer;
	*ret = (struct net_arrival){ .host = packet->to,
				     .datagram = { .local = packet->destination,
						   .remote = packet->source,
						   .ttl = packet->ttl,
						   .bytes = buffer_span(packet->buffer) } };
}

bool net_poll(struct net *net, struct mono now, struct net_arrival *ret)
{
	if (net->lent != NULL)
		buffers_drop(&net->buffers, net->lent);
	net->lent = NULL;
	while (mono_reached(now, net_deadline(net))) {
		const struct mono at = heap_first(&net->due)->at;
		struct packet packet = land(net);
		const struct device *to = &net->devices[packet.to];

		if (!packet.arrived && !enter(net, at, &packet))
			continue;
		if (to->kind == DEVICE_NAT) {
			pass_nat(net, at, &packet);
		} else if (to->up) {
			arrive(net, at, &packet, ret);
			return true;
		} else {
			drop(net, at, FATE_HOST_DOWN, packet.to, &packet);
		}
	}
	return false;
}

struct mono net_deadline(const struct net *net)
{
	const struct heap_entry *first = heap_first(&net->due);

	return first == NULL ? MONO_NEVER : first->at;
}
