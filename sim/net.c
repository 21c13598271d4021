/* net.c - see net.h.
 *
 * A datagram in flight is one entry of the heap. It stands there twice at most for each realm that
 * it crosses: until it has come to the receiver's door (uplink and realm behind it), and, if the
 * downlink takes time, until it has passed that. Rates are kept by arithmetic (leg.c), not by
 * events.
 *
 * Draws are made from the stream of the device on whose account they are: of the sender for uplink
 * and realm, of the receiver for the downlink.
 */
#include "sim/net.h"

#include "base/check.h"
#include "base/err.h"
#include "base/heap.h"
#include "base/map.h"
#include "base/pool.h"
#include "sim/buffers.h"
#include "sim/streams.h"

#include <stdlib.h>

#define LEGS_MAX 2
#define UDP_BYTES 8
#define IPV4_BYTES 20
#define IPV6_BYTES 40

enum device_kind { DEVICE_INTERNET, DEVICE_HOST };

struct address {
	uint32_t realm;
	struct endpoint ip; /* port 0 */
};

struct device {
	enum device_kind kind;
	bool up;
	uint8_t side;
	uint8_t address_count;
	struct address addresses[NET_ADDRESSES_MAX];
	int32_t x_us, y_us;
	struct leg uplink, downlink;
	struct leg inside; /* of the realm that this device is the door of */
	struct rng rng;
};

struct path_key {
	uint32_t from, to;
};

struct address_key {
	uint32_t realm;
	uint8_t ip[ENDPOINT_IP_BYTES];
};

struct packet {
	struct buffer *buffer; /* one reference owned */
	struct endpoint source, destination;
	uint64_t serial;
	uint32_t from, to; /* of the crossing under way */
	uint32_t realm;
	uint8_t ttl;
	bool arrived; /* false: at the door of `to`, with its downlink still to cross */
};

/* The legs that a packet takes next, and on whose account. */
struct way {
	struct leg *legs[LEGS_MAX];
	unsigned leg_count;
	struct rng *rng; /* NULL: calm */
	uint64_t distance_us;
};

struct net {
	struct net_config config;
	struct journal *journal; /* borrowed */
	struct device *devices;  /* owned; 0 is the open Internet */
	uint32_t device_count;
	struct map by_address; /* struct address_key -> device */
	struct map by_pair;    /* struct path_key -> index of paths */
	struct leg *paths;     /* owned */
	uint32_t path_count;
	uint32_t cuts[NET_SIDES_MAX]; /* by the side from which: bit n is set if the way to n is cut
				       */
	bool calm;
	struct heap due;     /* item: index of packets */
	struct pool packets; /* struct packet */
	struct buffers buffers;
	struct buffer *lent; /* of the last arrival; NULL if none */
	uint64_t serials;
	uint64_t counts[FATES];
};

/* -- life ---------------------------------------------------------------------------------- */

struct net *net_new(const struct net_config *config, struct journal *journal)
{
	struct net *net = calloc(1, sizeof(*net));
	struct rng rng;

	if (net == NULL)
		return NULL;
	CHECK(config->devices_max > 0 && config->packets_max > 0 && config->paths_max > 0);
	net->config = *config;
	net->journal = journal;
	buffers_init(&net->buffers);
	heap_init(&net->due, config->packets_max);
	stream_init(&rng, config->seed, STREAM_TABLES, 0);
	net->devices = calloc((size_t)config->devices_max + 1, sizeof(net->devices[0]));
	net->paths = calloc(config->paths_max, sizeof(net->paths[0]));
	if (net->devices == NULL || net->paths == NULL ||
	    map_init(&net->by_address, &rng, config->devices_max * NET_ADDRESSES_MAX,
		     sizeof(struct address_key)) != 0 ||
	    map_init(&net->by_pair, &rng, config->paths_max, sizeof(struct path_key)) != 0 ||
	    pool_init(&net->packets, config->packets_max, sizeof(struct packet)) != 0) {
		net_free(net);
		return NULL;
	}
	net->device_count = 1;
	net->devices[NET_INTERNET].kind = DEVICE_INTERNET;
	net->devices[NET_INTERNET].inside =
		(struct leg){ .delay_us = NET_CORE_DELAY_US, .hops = NET_CORE_HOPS };
	return net;
}

void net_free(struct net *net)
{
	if (net == NULL)
		return;
	pool_free(&net->packets);
	map_free(&net->by_pair);
	map_free(&net->by_address);
	free(net->paths);
	free(net->devices);
	heap_free(&net->due);
	buffers_free(&net->buffers);
	free(net);
}

/* -- devices and ways ---------------------------------------------------------------------- */

static struct device *device_at(const struct net *net, uint32_t device)
{
	CHECK(device < net->device_count);
	return &net->devices[device];
}

static struct device *host_at(const struct net *net, uint32_t host)
{
	struct device *device = device_at(net, host);

	CHECK(device->kind == DEVICE_HOST);
	return device;
}

uint32_t net_add_host(struct net *net)
{
	CHECK(net->device_count <= net->config.devices_max);
	const uint32_t number = net->device_count++;
	struct device *device = &net->devices[number];

	device->kind = DEVICE_HOST;
	stream_init(&device->rng, net->config.seed, STREAM_DEVICE, number);
	return number;
}

static struct endpoint ip_of(const char *text)
{
	struct endpoint ip;

	CHECK(endpoint_ip_from_text(text, &ip) == 0);
	return ip;
}

static struct address_key address_key(uint32_t realm, const struct endpoint *ip)
{
	struct address_key key = { .realm = realm };

	memcpy(key.ip, ip->ip, sizeof(key.ip));
	return key;
}

void net_add_address(struct net *net, uint32_t host, uint32_t realm, const char *ip)
{
	struct device *device = host_at(net, host);
	struct address *address = &device->addresses[device->address_count];
	uint32_t other;

	CHECK(device->address_count < NET_ADDRESSES_MAX);
	CHECK(realm == NET_INTERNET);
	*address = (struct address){ .realm = realm, .ip = ip_of(ip) };
	const struct address_key key = address_key(realm, &address->ip);

	CHECK(!map_get(&net->by_address, &key, &other));
	CHECK(map_put(&net->by_address, &key, host) == 0);
	device->address_count++;
}

void net_remove_address(struct net *net, uint32_t host, const char *ip)
{
	struct device *device = host_at(net, host);
	const struct endpoint gone = ip_of(ip);
	unsigned i = 0;

	while (i < device->address_count && !endpoint_ip_equal(&device->addresses[i].ip, &gone))
		i++;
	CHECK(i < device->address_count);
	const struct address_key key = address_key(device->addresses[i].realm, &gone);

	CHECK(map_remove(&net->by_address, &key));
	device->address_count--;
	for (; i < device->address_count; i++) /* the order of the others stays */
		device->addresses[i] = device->addresses[i + 1];
}

bool net_address(const struct net *net, uint32_t host, unsigned n, struct endpoint *ret)
{
	const struct device *device = host_at(net, host);

	if (n >= device->address_count)
		return false;
	*ret = device->addresses[n].ip;
	return true;
}

void net_set_up(struct net *net, uint32_t host, bool up)
{
	host_at(net, host)->up = up;
}

struct leg *net_uplink(struct net *net, uint32_t device)
{
	return &device_at(net, device)->uplink;
}

struct leg *net_downlink(struct net *net, uint32_t device)
{
	return &device_at(net, device)->downlink;
}

struct leg *net_realm(struct net *net, uint32_t realm)
{
	struct device *device = device_at(net, realm);

	CHECK(device->kind != DEVICE_HOST);
	return &device->inside;
}

struct leg *net_path(struct net *net, uint32_t from, uint32_t to)
{
	const struct path_key key = { .from = from, .to = to };
	uint32_t index;

	if (!map_get(&net->by_pair, &key, &index)) {
		CHECK(net->path_count < net->config.paths_max);
		index = net->path_count++;
		net->paths[index] = net->devices[NET_INTERNET].inside;
		CHECK(map_put(&net->by_pair, &key, index) == 0);
	}
	return &net->paths[index];
}

void net_place(struct net *net, uint32_t device, int32_t x_us, int32_t y_us)
{
	CHECK(x_us >= -NET_PLACE_MAX_US && x_us <= NET_PLACE_MAX_US);
	CHECK(y_us >= -NET_PLACE_MAX_US && y_us <= NET_PLACE_MAX_US);
	device_at(net, device)->x_us = x_us;
	device_at(net, device)->y_us = y_us;
}

void net_set_side(struct net *net, uint32_t device, unsigned side)
{
	CHECK(side < NET_SIDES_MAX);
	device_at(net, device)->side = (uint8_t)side;
}

void net_cut(struct net *net, unsigned from_side, unsigned to_side, bool cut)
{
	CHECK(from_side < NET_SIDES_MAX && to_side < NET_SIDES_MAX);
	const uint32_t bit = (uint32_t)1 << to_side;

	net->cuts[from_side] = cut ? net->cuts[from_side] | bit : net->cuts[from_side] & ~bit;
}

void net_set_calm(struct net *net, bool calm)
{
	net->calm = calm;
}

/* -- a datagram's way -------------------------------------------------------------------------- */

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
	journal_datagram(net->journal, at, fate, &datagram);
}

/* Ends a packet before it has arrived. */
static void drop(struct net *net, struct mono at, enum fate why, uint32_t device,
		 struct packet *packet)
{
	note(net, at, why, device, packet);
	buffers_drop(&net->buffers, packet->buffer);
}

static uint32_t ip_bytes(const struct packet *packet)
{
	const uint32_t header = endpoint_is_v4(&packet->destination) ? IPV4_BYTES : IPV6_BYTES;

	return header + UDP_BYTES + packet->buffer->len;
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
	struct packet *slot = pool_take(&net->packets, &handle);

	if (slot == NULL) {
		drop(net, at, FATE_NET_FULL, packet->from, packet);
		return;
	}
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

static uint64_t distance_us(const struct device *a, const struct device *b)
{
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
		*ret_us = distance_us(&net->devices[packet->from], &net->devices[packet->to]);
	return &net->devices[packet->realm].inside;
}

static bool is_cut(const struct net *net, const struct packet *packet)
{
	const unsigned from = net->devices[packet->from].side;
	const unsigned to = net->devices[packet->to].side;

	return !net->calm && (net->cuts[from] >> to & 1) != 0;
}

/* Finds the device in packet->realm to which the packet goes next; false if there is none. */
static bool route(const struct net *net, struct packet *packet)
{
	const struct address_key key = address_key(packet->realm, &packet->destination);

	return map_get(&net->by_address, &key, &packet->to);
}

/* From packet->from into packet->realm; takes the packet over. */
static void launch(struct net *net, struct mono at, struct packet *packet)
{
	struct device *from = &net->devices[packet->from];
	struct way way = { .leg_count = 2, .rng = net->calm ? NULL : &from->rng };

	packet->arrived = false;
	if (!route(net, packet)) {
		drop(net, at, FATE_NO_ROUTE, packet->from, packet);
		return;
	}
	if (packet->to == packet->from) { /* to itself: over no network */
		packet->arrived = true;
		fly(net, at, 0, packet);
		return;
	}
	way.legs[0] = &from->uplink;
	way.legs[1] = middle_leg(net, packet, &way.distance_us);
	const unsigned hops =
		0U + way.legs[0]->hops + way.legs[1]->hops + net->devices[packet->to].downlink.hops;

	if (is_cut(net, packet)) {
		drop(net, at, FATE_CUT, packet->from, packet);
	} else if (packet->ttl <= hops) {
		drop(net, at, FATE_TTL_EXPIRED, packet->from, packet);
	} else {
		packet->ttl = (uint8_t)(packet->ttl - hops);
		travel(net, at, &way, packet);
	}
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

/* Sends a packet from the door of its receiver over the downlink; takes it over. */
static void enter(struct net *net, struct mono at, struct packet *packet)
{
	struct device *to = &net->devices[packet->to];
	const struct way way = { .legs = { &to->downlink },
				 .leg_count = 1,
				 .rng = net->calm ? NULL : &to->rng };

	packet->arrived = true;
	travel(net, at, &way, packet);
}

bool net_poll(struct net *net, struct mono now, struct net_arrival *ret)
{
	if (net->lent != NULL)
		buffers_drop(&net->buffers, net->lent);
	net->lent = NULL;
	while (mono_reached(now, net_deadline(net))) {
		const struct mono at = heap_first(&net->due)->at;
		struct packet packet = land(net);

		if (!packet.arrived && !leg_is_plain(net_downlink(net, packet.to))) {
			enter(net, at, &packet);
			continue;
		}
		if (!net->devices[packet.to].up) {
			drop(net, at, FATE_HOST_DOWN, packet.to, &packet);
			continue;
		}
		note(net, at, FATE_ARRIVED, packet.to, &packet);
		net->lent = packet.buffer;
		*ret = (struct net_arrival){
			.host = packet.to,
			.datagram = { .local = packet.destination,
				      .remote = packet.source,
				      .ttl = packet.ttl,
				      .bytes = buffer_span(packet.buffer) },
		};
		return true;
	}
	return false;
}

struct mono net_deadline(const struct net *net)
{
	const struct heap_entry *first = heap_first(&net->due);

	return first == NULL ? MONO_NEVER : first->at;
}

uint64_t net_count(const struct net *net, enum fate fate)
{
	return net->counts[fate];
}

uint32_t net_in_flight(const struct net *net)
{
	return pool_count(&net->packets);
}
