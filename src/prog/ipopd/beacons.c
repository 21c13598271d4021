/* beacons.c - see beacons.h. */
#include "prog/ipopd/beacons.h"

#include "prog/ipopd/log.h"

#include <string.h>

static struct multicast_place place_of(const struct host_address *address)
{
	struct multicast_place place = { .interface = address->interface };

	memcpy(place.ip.ip, address->ip.bytes, sizeof(place.ip.ip));
	return place;
}

static bool is_possible(const struct beacons *beacons, const struct multicast_place *place)
{
	return beacons->multicast.sockets[endpoint_is_v4(&place->ip) ? UDP_V4 : UDP_V6] >= 0;
}

void beacons_open(struct beacons *beacons, struct loop *loop, uint8_t kind)
{
	const struct endpoint groups[UDP_FAMILIES] = {
		[UDP_V4] = beacon_group(true), [UDP_V6] = beacon_group(false)
	};

	if (multicast_open(&beacons->multicast, groups) < 0) {
		log_warning("cannot look for members on the host's own networks: UDP port %u "
			    "cannot be opened",
			    BEACON_PORT);
		return;
	}
	beacons->is_open = true;
	for (uint32_t family = UDP_V4; family < UDP_FAMILIES; family++)
		if (beacons->multicast.sockets[family] >= 0)
			(void)loop_add(loop, beacons->multicast.sockets[family], LOOP_READ, kind,
				       (struct handle){ .index = family }); /* or we hear none */
}

void beacons_close(struct beacons *beacons)
{
	if (beacons->is_open)
		multicast_close(&beacons->multicast);
	beacons->is_open = false;
}

void beacons_host(struct beacons *beacons, const struct addresses *host)
{
	beacons->host = *host;
	for (uint32_t i = 0; beacons->is_open && i < host->count; i++) {
		const struct multicast_place place = place_of(&host->list[i]);

		if (is_possible(beacons, &place) && !multicast_join(&beacons->multicast, &place))
			log_debug("interface %u takes no multicast", place.interface);
	}
}

void beacons_send(struct beacons *beacons, struct span beacon)
{
	for (uint32_t i = 0; beacons->is_open && i < beacons->host.count; i++) {
		const struct multicast_place place = place_of(&beacons->host.list[i]);

		if (is_possible(beacons, &place))
			(void)multicast_send(&beacons->multicast, &place,
					     beacon); /* one as any may be lost */
	}
}

int beacons_receive(struct beacons *beacons, enum udp_family family, struct node_event *ret)
{
	struct multicast_datagram datagram;
	const int err = multicast_receive(&beacons->multicast, family, beacons->bytes,
					  sizeof(beacons->bytes), &datagram);

	if (err == 0)
		*ret = (struct node_event){ .kind = NODE_HEARD,
					    .beacon = { .remote = datagram.from,
							.bytes = datagram.bytes } };
	return err;
}
