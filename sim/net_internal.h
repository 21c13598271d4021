/* net_internal.h - what net.c (what there is) and net_flight.c (what flies) know of each other. */
#ifndef SIM_NET_INTERNAL_H
#define SIM_NET_INTERNAL_H

#include "base/check.h"
#include "base/heap.h"
#include "base/map.h"
#include "base/pool.h"
#include "sim/net.h"

enum device_kind { DEVICE_INTERNET, DEVICE_HOST, DEVICE_NAT };

struct address {
	uint32_t realm;
	struct endpoint ip; /* port 0 */
};

struct device {
	enum device_kind kind;
	bool up; /* of a host */
	uint8_t side;
	uint8_t address_count;
	struct address addresses[NET_ADDRESSES_MAX]; /* of a NAT: the first is its outside */
	int32_t x_us, y_us;
	uint32_t site;
	uint32_t realm; /* of a NAT: on its outside */
	struct leg uplink, downlink;
	struct leg inside;  /* of the realm whose number is this device's */
	struct natbox *box; /* owned; of a NAT */
	struct rng rng;
};

struct path_key {
	uint32_t from, to;
};

struct address_key {
	uint32_t realm;
	uint8_t ip[ENDPOINT_IP_BYTES];
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
	const uint32_t *matrix_us; /* borrowed; NULL: distances on the map */
	uint32_t sites;
	uint32_t cuts[NET_SIDES_MAX]; /* by the side it comes from: a bit for each side cut off */
	bool calm;
	struct natbox_table *mappings; /* owned */
	struct net_tap tap;
	struct heap due;     /* item: index of packets */
	struct pool packets; /* struct packet, of net_flight.c */
	struct buffers buffers;
	struct buffer *lent; /* of the last arrival; NULL if none */
	uint64_t serials;
	uint64_t counts[FATES], bytes[FATES];
};

/* What flies: one stretch of a datagram's way. */
struct packet {
	struct buffer *buffer; /* one reference owned */
	struct endpoint source, destination;
	uint64_t serial;
	uint32_t from, to; /* of the crossing under way */
	uint32_t realm;    /* which is crossed */
	uint8_t ttl;
	bool arrived; /* false: at the door of `to`, whose downlink is still to cross */
};

static inline struct device *device_at(const struct net *net, uint32_t device)
{
	CHECK(device < net->device_count);
	return &net->devices[device];
}

static inline struct device *host_at(const struct net *net, uint32_t host)
{
	struct device *device = device_at(net, host);

	CHECK(device->kind == DEVICE_HOST);
	return device;
}

static inline struct address_key address_key(uint32_t realm, const struct endpoint *ip)
{
	struct address_key key = { .realm = realm };

	memcpy(key.ip, ip->ip, sizeof(key.ip));
	return key;
}

#endif
