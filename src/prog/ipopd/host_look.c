/* host_look.c - whether the host lets programs use the network; see host.h. */
#include "prog/ipopd/host.h"

#include "base/err.h"
#include "prog/needs.h"

#include <string.h>

#define IPV6_MTU_MIN 1280 /* RFC 8200, 5: below it the kernel takes IPv6 from an interface */

/* Whatever has changed: on a router something always does. */
static struct mono next_look_at_routes(const struct host *host, struct mono wanted)
{
	return mono_max(wanted, mono_add_ms(host->routes_looked, HOST_LOOK_MS));
}

void host_look_soon(struct host *host, struct mono now)
{
	host->look_at = now;
	host->routes_at = next_look_at_routes(host, now);
}

bool host_has_changed(struct host *host, struct mono now)
{
	const enum netlink_change change = netlink_changed(host->watch);
	const struct mono settled = mono_add_ms(now, HOST_SETTLE_MS);

	if (change == NETLINK_NO_CHANGE)
		return false;
	host->routes_at = mono_min(host->routes_at, next_look_at_routes(host, settled));
	host->look_at = mono_min(host->look_at, host->routes_at);
	if (change == NETLINK_ROUTES_CHANGED)
		return false;
	host->look_at = mono_min(host->look_at, settled);
	/* Somebody else may want them gone as much as we want them there. */
	host->mend_at =
		mono_min(host->mend_at, mono_max(settled, mono_add_ms(host->mended, HOST_MEND_MS)));
	return true;
}

/* 0 if nothing overlaps, and what is for the network goes to the interface; ERR_EXISTS with a
 * sentence; or ERR_AGAIN or ERR_IO. */
static int judge_routes(const struct host *host, const struct claims *claims, struct complaint *ret)
{
	const struct netlink_prefix v4 = { ip_v4(claims->ipv4.ip), claims->ipv4.len };
	const struct netlink_prefix v6 = { claims_ipv6(claims), ADDRESS_IPV6_PREFIX_LEN };
	const struct needs_routes routes = { host->netlink, host->store->network, host->index };
	struct complaint wider;
	int err = needs_no_overlap(&routes, &v4, &wider, ret);

	if (err == 0)
		err = needs_no_overlap(&routes, &v6, &wider, ret);
	if (err == 0 && host->has_given && host->given.has_ipv4)
		err = needs_way(&routes, &v4, ret);
	if (err == 0 && host->has_given && host->has_ipv6)
		err = needs_way(&routes, &v6, ret);
	return err;
}

static void look_at_routes(struct host *host, const struct claims *claims, struct mono now)
{
	struct complaint found = { .text = "" };
	const int err = judge_routes(host, claims, &found);

	host->routes_looked = now;
	host->routes_at = MONO_NEVER;
	if (err == 0 || err == ERR_EXISTS)
		host->of_routes = found;
	else
		host->routes_at = mono_add_ms(now, HOST_LOOK_MS);
}

static struct complaint judge_mtu(const struct host *host, const struct netlink_link *link)
{
	struct complaint said = { .text = "" };

	if (host->has_given && link->mtu != 0 && link->mtu != host->given.mtu)
		(void)complain(&said, 0,
			       "the interface %s has an MTU of %u instead of %u%s: ip link set dev "
			       "%s mtu %u",
			       link->name, link->mtu, host->given.mtu,
			       link->mtu < IPV6_MTU_MIN ? ", too little for IPv6" : "", link->name,
			       host->given.mtu);
	return said;
}

/* What is wrong with the interface itself, so that routes need not be looked at, or an empty
 * text. */
static struct complaint judge_link(const struct host *host, const struct netlink_link *link)
{
	const char *const name = host->store->network;
	struct complaint said = { .text = "" };

	if (strcmp(link->name, name) != 0)
		(void)complain(&said, 0,
			       "the interface %s is called %s now: ip link set dev %s down && ip "
			       "link set dev %s name %s up",
			       name, link->name, link->name, link->name, name);
	else if (!link->is_up)
		(void)complain(&said, 0, "the interface %s is down: ip link set dev %s up", name,
			       name);
	else if (link->mtu < IPV6_MTU_MIN)
		said = judge_mtu(host, link);
	return said;
}

int host_look(struct host *host, const struct claims *claims, struct mono now,
	      struct complaint *ret)
{
	struct netlink_link link;
	const int err = netlink_look(host->netlink, host->index, &link);

	host->look_at = host->routes_at;
	if (err == ERR_NOT_FOUND && tun_is_attached(host->tun[0]))
		return err; /* else the node notices that it is deleted */
	*ret = host->said;
	if (err < 0) {
		host->look_at = mono_add_ms(now, HOST_LOOK_MS);
		return 0;
	}
	*ret = judge_link(host, &link);
	if (ret->text[0] == '\0') {
		if (host->mend_at.us != MONO_NEVER.us) /* without addresses there are none */
			host->routes_at = mono_max(host->routes_at, host->mend_at);
		if (mono_reached(now, host->routes_at))
			look_at_routes(host, claims, now);
		*ret = host->of_routes;
		if (ret->text[0] == '\0')
			*ret = judge_mtu(host, &link);
	} else { /* it has no routes, maybe; when it is another one they are looked at */
		host->of_routes.text[0] = '\0';
		host->routes_at = MONO_NEVER;
	}
	host->look_at = host->routes_at;
	host->said = *ret;
	return 0;
}
