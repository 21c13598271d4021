/* needs.c - see needs.h. */
#include "prog/needs.h"

#include "base/err.h"
#include "wire/endpoint.h"

#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#define PREFIX_CHARS (ENDPOINT_TEXT_CHARS + 8)
#define PLACE_CHARS (IF_NAMESIZE + 64)

int needs_complain_tun(struct complaint *complaint, int err, const char *network)
{
	if (err == ERR_UNSUPPORTED)
		return complain(complaint, err,
				"there is no /dev/net/tun: load the module (`modprobe tun`), or "
				"give this container the device");
	if (err == ERR_MALFORMED)
		return complain(complaint, err,
				"/dev/net/tun is another device: remove it and make the right one "
				"(`mknod /dev/net/tun c 10 200`)");
	if (err == ERR_PERMISSION)
		return complain(complaint, err,
				"cannot make the interface %s: start it as root, or as a user who "
				"may open /dev/net/tun and has CAP_NET_ADMIN",
				network);
	if (err == ERR_EXISTS)
		return complain(complaint, err,
				"an interface called %s is there already: end the program that it "
				"belongs to, or remove it (`ip link delete %s`)",
				network, network);
	return complain(complaint, err, "cannot make the interface %s: %s", network, err_text(err));
}

int needs_complain_port(struct complaint *complaint, int err, unsigned port, const char *config)
{
	if (err == ERR_EXISTS)
		return complain(
			complaint, err,
			"UDP port %u is in use: end the program that has it, or set another "
			"`port =` in %s",
			port, config);
	if (err == ERR_PERMISSION)
		return complain(complaint, err,
				"UDP port %u is only for root: set `port =` in %s to one from 1024 "
				"on",
				port, config);
	return complain(complaint, err, "cannot open UDP port %u: %s", port, err_text(err));
}

void needs_prefix_text(const struct netlink_prefix *prefix, char *ret, size_t room)
{
	struct endpoint address = { 0 };
	char text[ENDPOINT_TEXT_CHARS + 1];

	memcpy(address.ip, prefix->address.bytes, sizeof(address.ip));
	endpoint_ip_to_text(&address, text);
	(void)snprintf(ret, room, "%s/%u", text, prefix->len);
}

/* "on interface eth0 in table 100"; the tables that every host has are not named. */
static void place_text(const struct netlink_route *route, char ret[PLACE_CHARS])
{
	char table[32] = "";

	if (route->table != RT_TABLE_MAIN && route->table != RT_TABLE_LOCAL)
		(void)snprintf(table, sizeof(table), " in table %u", route->table);
	if (route->kind == NETLINK_ROUTE_REFUSES)
		(void)snprintf(ret, PLACE_CHARS, "to nowhere%s", table);
	else if (route->interface[0] == '\0')
		(void)snprintf(ret, PLACE_CHARS, "on several interfaces%s", table);
	else
		(void)snprintf(ret, PLACE_CHARS, "on interface %s%s", route->interface, table);
}

int needs_no_overlap(const struct needs_routes *routes, const struct netlink_prefix *prefix,
		     struct complaint *ret_wider, struct complaint *complaint)
{
	struct netlink_route route;
	char ours[PREFIX_CHARS];
	char theirs[PREFIX_CHARS];
	char place[PLACE_CHARS];

	const int err = netlink_find_overlap(routes->netlink, prefix, routes->except, &route);

	ret_wider->text[0] = '\0';
	if (err == ERR_NOT_FOUND || err == ERR_UNSUPPORTED)
		return 0;
	if (err < 0)
		return complain(complaint, err, "the routes of this host cannot be read: %s",
				err_text(err));
	needs_prefix_text(prefix, ours, sizeof(ours));
	needs_prefix_text(&route.prefix, theirs, sizeof(theirs));
	place_text(&route, place);
	if (route.kind != NETLINK_ROUTE_LOCAL && route.prefix.len < prefix->len &&
	    (route.has_gateway || route.kind == NETLINK_ROUTE_REFUSES)) {
		(void)complain(ret_wider, 0, "%s %s", theirs, place);
		return 0;
	}
	if (route.kind == NETLINK_ROUTE_LOCAL) /* "10.151.0.7/32": the address alone */
		theirs[strcspn(theirs, "/")] = '\0';
	return complain(complaint, ERR_EXISTS,
			"the addresses of %s, %s, overlap with the %s %s %s: one of them has to go",
			routes->network, ours,
			route.kind == NETLINK_ROUTE_LOCAL ? "address" : "route", theirs, place);
}

/* An address of it that is not this host's own, and the way there. 0, or an error. */
static int ask_way(const struct needs_routes *routes, const struct netlink_prefix *prefix,
		   struct ip_address *ret_asked, struct netlink_way *ret)
{
	int err = 0;

	for (uint8_t number = 1; number <= 2; number++) {
		*ret_asked = prefix->address;
		ret_asked->bytes[sizeof(ret_asked->bytes) - 1] |= number;
		err = netlink_find_way(routes->netlink, ret_asked, ret);
		if (err < 0 || ret->kind != NETLINK_ROUTE_LOCAL)
			break; /* else it is our own */
	}
	return err;
}

/* Our own route would have been found before that one. */
static bool is_after(const struct netlink_way *way, const struct netlink_prefix *prefix)
{
	return way->table == RT_TABLE_DEFAULT ||
	       (way->table == RT_TABLE_MAIN && way->len < prefix->len);
}

int needs_way(const struct needs_routes *routes, const struct netlink_prefix *prefix,
	      struct complaint *complaint)
{
	char ours[PREFIX_CHARS];
	char asked[PREFIX_CHARS];
	char interface[IF_NAMESIZE] = "?";
	struct netlink_prefix one = { .len = 0 };
	struct netlink_way way = { .index = 0 };
	const int err = ask_way(routes, prefix, &one.address, &way);

	needs_prefix_text(prefix, ours, sizeof(ours));
	needs_prefix_text(&one, asked, sizeof(asked));
	asked[strcspn(asked, "/")] = '\0';
	if (err == ERR_NOT_FOUND || err == ERR_UNSUPPORTED || (err == 0 && is_after(&way, prefix)))
		return complain(complaint, ERR_EXISTS,
				"no route of this host leads to %s by %s: ip route replace %s dev "
				"%s makes one, if no rule (ip rule) forbids it",
				ours, routes->network, ours, routes->network);
	if (err < 0)
		return complain(complaint, err, "the routes of this host cannot be read: %s",
				err_text(err));
	if (way.index == routes->except)
		return 0;
	if (way.kind == NETLINK_ROUTE_REFUSES)
		return complain(complaint, ERR_EXISTS,
				"this host refuses to send anything to %s: one of its rules (ip "
				"rule) or routes (ip route) forbids it, and has to go",
				ours);
	(void)if_indextoname(way.index, interface); /* it may be gone since */
	return complain(complaint, ERR_EXISTS,
			"this host sends what is for %s to the interface %s, and not to %s: ip "
			"rule and ip route get %s show why; that rule or route has to go",
			ours, interface, routes->network, asked);
}
