/* net.c - see net.h: what there is. What flies is in net_flight.c. */
#include "sim/net_internal.h"

#include "base/check.h"
#include "base/err.h"
#include "sim/streams.h"

#include <stdlib.h>

#define LAN_DELAY_US 500

/* -- life ---------------------------------------------------------------------------------- */

struct net *net_new(const struct net_config *config, struct journal *journal)
{
	struct net *net = calloc(1, sizeof(*net));
	struct rng rng;

	if (net == NULL)
		return NULL;
	CHECK(config->devices_max > 0 && config->packets_max > 0 && config->paths_max > 0);
	CHECK(config->mappings_max > 0);
	net->config = *config;
	net->journal = journal;
	buffers_init(&net->buffers);
	heap_init(&net->due, config->packets_max);
	stream_init(&rng, config->seed, STREAM_TABLES, 0);
	net->devices = calloc((size_t)config->devices_max + 1, sizeof(net->devices[0]));
	net->paths = calloc(config->paths_max, sizeof(net->paths[0]));
	if (net->devices == NULL || net->paths == NULL) {
		net_free(net);
		return NULL;
	}
	map_init(&net->by_address, &rng, config->devices_max * NET_ADDRESSES_MAX,
		 sizeof(struct address_key));
	map_init(&net->by_pair, &rng, config->paths_max, sizeof(struct path_key));
	pool_init(&net->packets, config->packets_max, sizeof(struct packet));
	net->mappings = natbox_table_new(config->mappings_max, &rng);
	if (net->mappings == NULL) {
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
	for (uint32_t i = 0; net->devices != NULL && i < net->device_count; i++)
		free(net->devices[i].box);
	natbox_table_free(net->mappings);
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

static uint32_t add_device(struct net *net, enum device_kind kind)
{
	CHECK(net->device_count <= net->config.devices_max);
	const uint32_t number = net->device_count++;
	struct device *device = &net->devices[number];

	device->kind = kind;
	stream_init(&device->rng, net->config.seed, STREAM_DEVICE, number);
	return number;
}

uint32_t net_add_host(struct net *net)
{
	return add_device(net, DEVICE_HOST);
}

static struct endpoint ip_of(const char *text)
{
	struct endpoint ip;

	CHECK(endpoint_ip_from_text(text, &ip) == 0);
	return ip;
}

/* In the realm, datagrams to this address go to the device. */
static void claim(struct net *net, uint32_t device, uint32_t realm, const struct endpoint *ip)
{
	const struct address_key key = address_key(realm, ip);
	uint32_t other;

	CHECK(!map_get(&net->by_address, &key, &other));
	CHECK(map_put(&net->by_address, &key, device) == 0);
}

static void disclaim(struct net *net, uint32_t realm, const struct endpoint *ip)
{
	const struct address_key key = address_key(realm, ip);

	CHECK(map_remove(&net->by_address, &key));
}

static bool is_firewall(const struct device *device)
{
	return device->kind == DEVICE_NAT && device->box->kind.ports == NATBOX_KEEP;
}

void net_add_address(struct net *net, uint32_t host, uint32_t realm, const char *ip)
{
	struct device *device = host_at(net, host);
	struct address *address = &device->addresses[device->address_count];

	CHECK(device->address_count < NET_ADDRESSES_MAX);
	CHECK(device_at(net, realm)->kind != DEVICE_HOST);
	*address = (struct address){ .realm = realm, .ip = ip_of(ip) };
	claim(net, host, realm, &address->ip);
	for (; is_firewall(&net->devices[realm]); realm = net->devices[realm].realm)
		claim(net, realm, net->devices[realm].realm, &address->ip);
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
	uint32_t realm = device->addresses[i].realm;

	disclaim(net, realm, &gone);
	for (; is_firewall(&net->devices[realm]); realm = net->devices[realm].realm)
		disclaim(net, net->devices[realm].realm, &gone);
	device->address_count--;
	for (; i < device->address_count; i++) /* the order of the others stays */
		device->addresses[i] = device->addresses[i + 1];
}

uint32_t net_add_nat(struct net *net, uint32_t realm, const char *ip,
		     const struct natbox_kind *kind)
{
	const bool firewall = kind->ports == NATBOX_KEEP;
	struct endpoint outside = { 0 };
	const uint32_t nat = add_device(net, DEVICE_NAT);
	struct device *device = &net->devices[nat];

	CHECK(device_at(net, realm)->kind != DEVICE_HOST);
	if (!firewall)
		outside = ip_of(ip);
	device->box = calloc(1, sizeof(*device->box));
	CHECK(device->box != NULL);
	natbox_init(device->box, net->mappings, &device->rng, kind, &outside);
	device->realm = realm;
	device->inside = (struct leg){ .delay_us = LAN_DELAY_US };
	if (!firewall)
		claim(net, nat, realm, &outside);
	return nat;
}

struct natbox *net_nat(struct net *net, uint32_t nat)
{
	CHECK(device_at(net, nat)->kind == DEVICE_NAT);
	return device_at(net, nat)->box;
}

void net_renumber_nat(struct net *net, uint32_t nat, const char *ip)
{
	struct natbox *box = net_nat(net, nat);
	const uint32_t realm = device_at(net, nat)->realm;

	CHECK(box->kind.ports != NATBOX_KEEP);
	disclaim(net, realm, &box->outside);
	box->outside = ip_of(ip);
	claim(net, nat, realm, &box->outside);
	natbox_reboot(box);
}

bool net_address(const struct net *net, uint32_t host, unsigned n, struct endpoint *ret)
{
	const struct device *device = host_at(net, host);

	if (n >= device->address_count)
		return false;
	*ret = device->addresses[n].ip;
	return true;
}

uint32_t net_holder(const struct net *net, uint32_t host, const struct endpoint *ip)
{
	const struct device *device = host_at(net, host);

	while (device->kind != DEVICE_INTERNET) {
		const uint32_t realm = device->kind == DEVICE_HOST && device->address_count > 0
					       ? device->addresses[0].realm
					       : device->realm;
		const struct address_key key = address_key(realm, ip);
		uint32_t holder;

		if (map_get(&net->by_address, &key, &holder))
			return holder;
		device = device_at(net, realm);
	}
	return 0;
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

void net_set_matrix(struct net *net, const uint32_t *times_us, uint32_t sites)
{
	CHECK(times_us == NULL || sites > 0);
	net->matrix_us = times_us;
	net->sites = sites;
}

void net_set_site(struct net *net, uint32_t device, uint32_t site)
{
	device_at(net, device)->site = site;
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

void net_set_tap(struct net *net, struct net_tap tap)
{
	net->tap = tap;
}

uint64_t net_count(const struct net *net, enum fate fate)
{
	return net->counts[fate];
}

uint64_t net_bytes(const struct net *net, enum fate fate)
{
	return net->bytes[fate];
}

uint32_t net_in_flight(const struct net *net)
{
	return pool_count(&net->packets);
}
