/* netlink.c - see netlink.h. */
#include "io/netlink.h"

#include "base/check.h"
#include "base/err.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define REQUEST_BYTES 256 /* the largest of ours takes 100 */
#define DUMP_TRIES 3      /* of a table that changes while it is read */
#define V4_AT 12          /* where IPv4 stands in an address (wire/ip.h) */
#define V4_BYTES 4
#define V4_BITS 32
#define V6_BITS 128
#define TABLES_MAX 64                                   /* of routes, which rules name */
#define GROUP_IPV6_RULE (1U << (RTNLGRP_IPV6_RULE - 1)) /* has no RTMGRP_ of its own */

struct netlink {
	struct mnl_socket *socket; /* owned */
	uint32_t sequence;
	uint8_t answer[1 << 13]; /* what the kernel fills at most for who reads with 8 KiB */
};

union request {
	struct nlmsghdr header;
	uint8_t bytes[REQUEST_BYTES];
};

static void close_socket(struct netlink *netlink)
{
	if (netlink->socket != NULL)
		(void)mnl_socket_close(netlink->socket); /* nothing is held back */
	netlink->socket = NULL;
}

static int open_socket(struct netlink *netlink)
{
	netlink->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (netlink->socket == NULL)
		return ERR_IO;
	return mnl_socket_bind(netlink->socket, 0, MNL_SOCKET_AUTOPID) < 0 ? ERR_IO : 0;
}

int netlink_open(struct netlink **ret)
{
	struct netlink *netlink = calloc(1, sizeof(*netlink));

	if (netlink == NULL)
		return ERR_NOMEM;
	if (open_socket(netlink) < 0) {
		netlink_close(netlink);
		return ERR_IO;
	}
	*ret = netlink;
	return 0;
}

void netlink_close(struct netlink *netlink)
{
	if (netlink == NULL)
		return;
	close_socket(netlink);
	free(netlink);
}

int netlink_find(const char *name, unsigned *ret_index)
{
	const unsigned index = if_nametoindex(name);

	if (index == 0)
		return ERR_NOT_FOUND;
	*ret_index = index;
	return 0;
}

static int err_of(int error)
{
	switch (error) {
	case EPERM:
	case EACCES:
		return ERR_PERMISSION;
	case ENODEV:
	case EADDRNOTAVAIL:
		return ERR_NOT_FOUND;
	case EAFNOSUPPORT:
	case EOPNOTSUPP:
		return ERR_UNSUPPORTED;
	case EINTR: /* of a dump: the table has changed meanwhile (NLM_F_DUMP_INTR) */
		return ERR_AGAIN;
	default:
		return ERR_IO;
	}
}

/* Sends a request and goes through its answers to the last, an acknowledgement or the end of the
 * dump. */
static int ask(struct netlink *netlink, union request *request, mnl_cb_t each, void *argument)
{
	const unsigned port = mnl_socket_get_portid(netlink->socket);
	int more = MNL_CB_OK;

	request->header.nlmsg_seq = ++netlink->sequence;
	if (mnl_socket_sendto(netlink->socket, request->bytes, request->header.nlmsg_len) < 0)
		return err_of(errno);
	while (more > MNL_CB_STOP) {
		const ssize_t len = mnl_socket_recvfrom(netlink->socket, netlink->answer,
							sizeof(netlink->answer));

		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0)
			return err_of(errno);
		more = mnl_cb_run(netlink->answer, (size_t)len, netlink->sequence, port, each,
				  argument);
	}
	return more < 0 ? err_of(errno) : 0;
}

/* Dumps a table that may change meanwhile. */
static int dump_whole(struct netlink *netlink, int (*dump)(struct netlink *, void *),
		      void *argument)
{
	int err = dump(netlink, argument);

	for (int i = 1; i < DUMP_TRIES && err == ERR_AGAIN; i++) {
		close_socket(netlink); /* what is left of the old dump waits in it */
		err = open_socket(netlink);
		if (err == 0)
			err = dump(netlink, argument);
	}
	return err;
}

/* What a message says of an address in one of its attributes; other lengths leave it as it was. */
static void read_ip(const struct nlattr *attribute, struct ip_address *ret)
{
	const uint16_t len = mnl_attr_get_payload_len(attribute);
	const void *value = mnl_attr_get_payload(attribute);
	uint8_t v4[V4_BYTES];

	if (len == sizeof(v4)) {
		memcpy(v4, value, len);
		*ret = ip_v4(v4);
	} else if (len == sizeof(ret->bytes)) {
		memcpy(ret->bytes, value, len);
	}
}

/* --- the link --- */

static struct ifinfomsg *put_link(struct nlmsghdr *request, unsigned index)
{
	struct ifinfomsg *link;

	request->nlmsg_type = RTM_NEWLINK;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	link = mnl_nlmsg_put_extra_header(request, sizeof(*link));
	link->ifi_index = (int)index;
	return link;
}

/* Without this the kernel makes a link-local address and sends router solicitations and multicast
 * reports into the network, to nobody. */
static int stay_silent(struct netlink *netlink, unsigned index)
{
	union request request;
	struct nlmsghdr *header = mnl_nlmsg_put_header(request.bytes);
	struct nlattr *families;
	struct nlattr *inet6;

	(void)put_link(header, index); /* no flag changes */
	families = mnl_attr_nest_start(header, IFLA_AF_SPEC);
	inet6 = mnl_attr_nest_start(header, AF_INET6);
	mnl_attr_put_u8(header, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
	mnl_attr_nest_end(header, inet6);
	mnl_attr_nest_end(header, families);
	return ask(netlink, &request, NULL, NULL);
}

int netlink_up(struct netlink *netlink, unsigned index, uint32_t mtu, uint32_t super_bytes)
{
	union request request;
	struct nlmsghdr *header;
	struct ifinfomsg *link;
	const int err = stay_silent(netlink, index);

	if (err == ERR_PERMISSION || err == ERR_NOT_FOUND)
		return err; /* anything else means that there is no IPv6 here to be silenced */
	header = mnl_nlmsg_put_header(request.bytes);
	link = put_link(header, index);
	link->ifi_flags = IFF_UP;
	link->ifi_change = IFF_UP;
	mnl_attr_put_u32(header, IFLA_MTU, mtu);
	mnl_attr_put_u32(header, IFLA_GSO_MAX_SIZE, super_bytes);
	return ask(netlink, &request, NULL, NULL);
}

static int read_link_attribute(const struct nlattr *attribute, void *argument)
{
	struct netlink_link *ret = argument;
	const uint16_t len = mnl_attr_get_payload_len(attribute);

	if (mnl_attr_get_type(attribute) == IFLA_IFNAME && len > 0 && len <= sizeof(ret->name)) {
		memcpy(ret->name, mnl_attr_get_payload(attribute), len);
		ret->name[len - 1] = '\0';
	}
	if (mnl_attr_get_type(attribute) == IFLA_MTU && len == sizeof(ret->mtu))
		ret->mtu = mnl_attr_get_u32(attribute);
	return MNL_CB_OK;
}

static int look_at_link(const struct nlmsghdr *answer, void *argument)
{
	const struct ifinfomsg *link = mnl_nlmsg_get_payload(answer);
	struct netlink_link *ret = argument;

	ret->is_up = (link->ifi_flags & IFF_UP) != 0;
	return mnl_attr_parse(answer, sizeof(*link), read_link_attribute, ret);
}

int netlink_look(struct netlink *netlink, unsigned index, struct netlink_link *ret)
{
	union request request;
	struct nlmsghdr *header = mnl_nlmsg_put_header(request.bytes);
	struct netlink_link link = { .name = "" };
	int err;

	(void)put_link(header, index); /* no flag changes: it only asks */
	header->nlmsg_type = RTM_GETLINK;
	err = ask(netlink, &request, look_at_link, &link);
	if (err == 0)
		*ret = link;
	return err == 0 || err == ERR_NOT_FOUND ? err : ERR_IO;
}

/* --- addresses --- */

static void put_ip(struct nlmsghdr *request, uint16_t type, const struct ip_address *address)
{
	if (ip_is_v4(address))
		mnl_attr_put(request, type, V4_BYTES, address->bytes + V4_AT);
	else
		mnl_attr_put(request, type, sizeof(address->bytes), address->bytes);
}

int netlink_add_address(struct netlink *netlink, unsigned index,
			const struct netlink_prefix *address)
{
	const bool v4 = ip_is_v4(&address->address);
	union request request;
	struct nlmsghdr *header = mnl_nlmsg_put_header(request.bytes);
	struct ifaddrmsg *message;

	CHECK(address->len <= (v4 ? V4_BITS : V6_BITS));
	header->nlmsg_type = RTM_NEWADDR;
	header->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE;
	message = mnl_nlmsg_put_extra_header(header, sizeof(*message));
	message->ifa_family = v4 ? AF_INET : AF_INET6;
	message->ifa_prefixlen = address->len;
	message->ifa_index = index;
	message->ifa_scope = RT_SCOPE_UNIVERSE;
	put_ip(header, IFA_LOCAL, &address->address);
	put_ip(header, IFA_ADDRESS, &address->address);
	/* Nobody else can have it: the address is made of the key. And nobody would answer. */
	if (!v4)
		mnl_attr_put_u32(header, IFA_FLAGS, IFA_F_NODAD);
	return ask(netlink, &request, NULL, NULL);
}

/* --- the host's addresses --- */

struct address_list {
	struct netlink_address *addresses;
	size_t max, count;
};

/* At the other end of a point-to-point link stands IFA_ADDRESS, and ours is IFA_LOCAL; IPv6 has the
 * latter only there. */
struct kernel_address {
	struct ip_address address, local;
	bool has_address, has_local;
};

static int read_address_attribute(const struct nlattr *attribute, void *argument)
{
	struct kernel_address *ret = argument;

	switch (mnl_attr_get_type(attribute)) {
	case IFA_ADDRESS:
		read_ip(attribute, &ret->address);
		ret->has_address = true;
		break;
	case IFA_LOCAL:
		read_ip(attribute, &ret->local);
		ret->has_local = true;
		break;
	default:
		break;
	}
	return MNL_CB_OK;
}

static int look_at_address(const struct nlmsghdr *answer, void *argument)
{
	static const unsigned not_now = IFA_F_TENTATIVE | IFA_F_DADFAILED | IFA_F_DEPRECATED;
	const struct ifaddrmsg *message = mnl_nlmsg_get_payload(answer);
	struct kernel_address it = { .has_address = false };
	struct address_list *list = argument;
	struct netlink_address *next;

	if (message->ifa_scope >= RT_SCOPE_LINK || (message->ifa_flags & not_now) != 0 ||
	    list->count == list->max ||
	    mnl_attr_parse(answer, sizeof(*message), read_address_attribute, &it) < 0 ||
	    (!it.has_local && !it.has_address))
		return MNL_CB_OK;
	next = &list->addresses[list->count];
	next->address = it.has_local ? it.local : it.address;
	next->index = message->ifa_index;
	if (if_indextoname(message->ifa_index, next->interface) != NULL)
		list->count++; /* else it is gone since */
	return MNL_CB_OK;
}

/* For all addresses of all interfaces. */
static void put_address_dump(union request *request)
{
	struct nlmsghdr *header = mnl_nlmsg_put_header(request->bytes);
	struct ifaddrmsg *message;

	header->nlmsg_type = RTM_GETADDR;
	header->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	message = mnl_nlmsg_put_extra_header(header, sizeof(*message));
	message->ifa_family = AF_UNSPEC;
}

static int dump_addresses(struct netlink *netlink, void *argument)
{
	struct address_list *list = argument;
	union request request;

	list->count = 0;
	put_address_dump(&request);
	return ask(netlink, &request, look_at_address, list);
}

int netlink_list_addresses(struct netlink *netlink, struct netlink_address *ret, size_t max,
			   size_t *ret_count)
{
	struct address_list list = { .addresses = ret, .max = max };
	const int err = dump_whole(netlink, dump_addresses, &list);

	if (err == 0)
		*ret_count = list.count;
	return err;
}

/* Whether one interface has one address. */
struct address_search {
	const struct ip_address *address;
	unsigned index;
	bool found;
};

static int compare_address(const struct nlmsghdr *answer, void *argument)
{
	const struct ifaddrmsg *message = mnl_nlmsg_get_payload(answer);
	struct kernel_address it = { .has_address = false };
	struct address_search *search = argument;

	if (message->ifa_index == search->index &&
	    mnl_attr_parse(answer, sizeof(*message), read_address_attribute, &it) >= 0 &&
	    memcmp((it.has_local ? it.local : it.address).bytes, search->address->bytes,
		   sizeof(it.local.bytes)) == 0)
		search->found = true;
	return MNL_CB_OK;
}

static int dump_to_search(struct netlink *netlink, void *argument)
{
	struct address_search *search = argument;
	union request request;

	search->found = false;
	put_address_dump(&request);
	return ask(netlink, &request, compare_address, search);
}

int netlink_find_address(struct netlink *netlink, unsigned index, const struct ip_address *address)
{
	struct address_search search = { .address = address, .index = index };
	const int err = dump_whole(netlink, dump_to_search, &search);

	return err < 0 || search.found ? err : ERR_NOT_FOUND;
}

int netlink_watch(int *ret_fd)
{
	const struct sockaddr_nl groups = { .nl_family = AF_NETLINK,
					    .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR |
							 RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE |
							 RTMGRP_IPV6_ROUTE | RTMGRP_IPV4_RULE |
							 GROUP_IPV6_RULE };
	const int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

	if (fd < 0)
		return ERR_IO;
	if (bind(fd, (const struct sockaddr *)&groups, sizeof(groups)) < 0) {
		(void)close(fd); /* nothing was read */
		return ERR_IO;
	}
	*ret_fd = fd;
	return 0;
}

static bool is_of_routes(uint16_t type)
{
	return type == RTM_NEWROUTE || type == RTM_DELROUTE || type == RTM_NEWRULE ||
	       type == RTM_DELRULE;
}

enum netlink_change netlink_changed(int fd)
{
	enum netlink_change change = NETLINK_NO_CHANGE;
	struct nlmsghdr
		message; /* the rest of it, and what comes in one datagram with it, is lost */

	for (;;) {
		const ssize_t n = recv(fd, &message, sizeof(message), 0);
		const bool is_route =
			n == (ssize_t)sizeof(message) && is_of_routes(message.nlmsg_type);

		if (n < 0 && errno != EINTR && errno != ENOBUFS)
			return change;
		/* ENOBUFS: more than the socket could hold (netlink(7)). */
		if (!is_route)
			change = NETLINK_ADDRESSES_CHANGED;
		else if (change == NETLINK_NO_CHANGE)
			change = NETLINK_ROUTES_CHANGED;
	}
}

/* --- routes --- */

/* The tables that rules name, and routes that overlap in one of these. */
struct overlap {
	const struct netlink_prefix *prefix;
	unsigned except;
	uint32_t tables[TABLES_MAX];
	size_t table_count; /* more than fit, or 0: all are looked at */
	bool found;
	struct netlink_route route;
	unsigned index; /* of its interface; 0: none, or several */
};

/* True if the first `len` bits are the same. */
static bool same_bits(const uint8_t *a, const uint8_t *b, unsigned len)
{
	const unsigned whole = len / 8;
	const uint8_t mask = (uint8_t)(0xff00U >> len % 8);

	return memcmp(a, b, whole) == 0 && (mask == 0 || ((a[whole] ^ b[whole]) & mask) == 0);
}

static bool prefixes_overlap(const struct netlink_prefix *a, const struct netlink_prefix *b)
{
	const bool v4 = ip_is_v4(&a->address);
	const unsigned at = v4 ? V4_AT : 0;
	const unsigned len = a->len < b->len ? a->len : b->len;

	return v4 == ip_is_v4(&b->address) &&
	       same_bits(a->address.bytes + at, b->address.bytes + at, len);
}

static int read_rule_attribute(const struct nlattr *attribute, void *argument)
{
	uint32_t *table = argument;

	if (mnl_attr_get_type(attribute) == FRA_TABLE &&
	    mnl_attr_get_payload_len(attribute) == sizeof(*table))
		*table = mnl_attr_get_u32(attribute);
	return MNL_CB_OK;
}

static int look_at_rule(const struct nlmsghdr *answer, void *argument)
{
	const struct fib_rule_hdr *message = mnl_nlmsg_get_payload(answer);
	struct overlap *overlap = argument;
	uint32_t table = message->table;

	if (message->action != FR_ACT_TO_TBL ||
	    mnl_attr_parse(answer, sizeof(*message), read_rule_attribute, &table) < 0)
		return MNL_CB_OK;
	if (overlap->table_count < TABLES_MAX)
		overlap->tables[overlap->table_count] = table;
	overlap->table_count++;
	return MNL_CB_OK;
}

static int dump_rules(struct netlink *netlink, void *argument)
{
	struct overlap *overlap = argument;
	union request request;
	struct nlmsghdr *header = mnl_nlmsg_put_header(request.bytes);
	struct fib_rule_hdr *message;

	overlap->table_count = 0;
	header->nlmsg_type = RTM_GETRULE;
	header->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	message = mnl_nlmsg_put_extra_header(header, sizeof(*message));
	message->family = ip_is_v4(&overlap->prefix->address) ? AF_INET : AF_INET6;
	return ask(netlink, &request, look_at_rule, overlap);
}

/* Without rules, in a kernel that has none, there are the tables that every kernel has. */
static bool is_looked_at(const struct overlap *overlap, uint32_t table)
{
	if (overlap->table_count == 0 || overlap->table_count > TABLES_MAX)
		return true;
	for (size_t i = 0; i < overlap->table_count; i++)
		if (overlap->tables[i] == table)
			return true;
	return false;
}

bool netlink_prefix_has(const struct netlink_prefix *prefix, const struct ip_address *address)
{
	const struct netlink_prefix one = { *address, ip_is_v4(address) ? V4_BITS : V6_BITS };

	return prefixes_overlap(prefix, &one);
}

/* A route as the kernel describes it. */
struct kernel_route {
	struct netlink_route route;
	unsigned index; /* of its interface; 0: it has none, or several */
	bool has_destination;
};

static int read_route_attribute(const struct nlattr *attribute, void *argument)
{
	struct kernel_route *ret = argument;

	switch (mnl_attr_get_type(attribute)) {
	case RTA_DST:
		ret->has_destination = true;
		read_ip(attribute, &ret->route.prefix.address);
		break;
	case RTA_OIF:
		if (mnl_attr_get_payload_len(attribute) == sizeof(ret->index))
			ret->index = mnl_attr_get_u32(attribute);
		break;
	case RTA_TABLE:
		if (mnl_attr_get_payload_len(attribute) == sizeof(ret->route.table))
			ret->route.table = mnl_attr_get_u32(attribute);
		break;
	case RTA_GATEWAY:
	case RTA_VIA:
	case RTA_MULTIPATH:
	case RTA_NH_ID: /* whose next hops stand elsewhere */
		ret->route.has_gateway = true;
		break;
	default:
		break;
	}
	return MNL_CB_OK;
}

/* False for what no packet of an application goes by: broadcasts, multicast. */
static bool kind_of(uint8_t type, enum netlink_route_kind *ret)
{
	switch (type) {
	case RTN_UNICAST:
		*ret = NETLINK_ROUTE_UNICAST;
		return true;
	case RTN_LOCAL:
		*ret = NETLINK_ROUTE_LOCAL;
		return true;
	case RTN_BLACKHOLE:
	case RTN_UNREACHABLE:
	case RTN_PROHIBIT:
		*ret = NETLINK_ROUTE_REFUSES;
		return true;
	default:
		return false;
	}
}

static int look_at_route(const struct nlmsghdr *answer, void *argument)
{
	const struct rtmsg *message = mnl_nlmsg_get_payload(answer);
	struct kernel_route it = { .route = { .prefix.len = message->rtm_dst_len,
					      .table = message->rtm_table } };
	struct overlap *best = argument;

	if (!kind_of(message->rtm_type, &it.route.kind) || message->rtm_dst_len == 0 ||
	    (message->rtm_flags & RTM_F_CLONED) != 0 ||
	    mnl_attr_parse(answer, sizeof(*message), read_route_attribute, &it) < 0)
		return MNL_CB_OK;
	if (it.has_destination && (it.index == 0 || it.index != best->except) &&
	    is_looked_at(best, it.route.table) &&
	    prefixes_overlap(&it.route.prefix, best->prefix) &&
	    (!best->found || it.route.prefix.len > best->route.prefix.len)) {
		best->found = true;
		best->route = it.route;
		best->index = it.index;
	}
	return MNL_CB_OK;
}

static int dump_routes(struct netlink *netlink, void *argument)
{
	struct overlap *overlap = argument;
	union request request;
	struct nlmsghdr *header = mnl_nlmsg_put_header(request.bytes);
	struct rtmsg *message;

	overlap->found = false;
	header->nlmsg_type = RTM_GETROUTE;
	header->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	message = mnl_nlmsg_put_extra_header(header, sizeof(*message));
	message->rtm_family = ip_is_v4(&overlap->prefix->address) ? AF_INET : AF_INET6;
	return ask(netlink, &request, look_at_route, overlap);
}

int netlink_find_overlap(struct netlink *netlink, const struct netlink_prefix *prefix,
			 unsigned except, struct netlink_route *ret)
{
	struct overlap overlap = { .prefix = prefix, .except = except };
	int err = dump_whole(netlink, dump_rules, &overlap);

	if (err < 0)
		overlap.table_count = 0; /* as in a kernel without */
	err = dump_whole(netlink, dump_routes, &overlap);
	if (err < 0)
		return err;
	if (!overlap.found)
		return ERR_NOT_FOUND;
	if (overlap.index != 0 && if_indextoname(overlap.index, overlap.route.interface) == NULL)
		memcpy(overlap.route.interface, "?", sizeof("?")); /* gone since */
	*ret = overlap.route;
	return 0;
}

static int look_at_way(const struct nlmsghdr *answer, void *argument)
{
	const struct rtmsg *message = mnl_nlmsg_get_payload(answer);
	struct kernel_route it = { .route.table = message->rtm_table };
	struct netlink_way *ret = argument;

	if (!kind_of(message->rtm_type, &ret->kind))
		ret->kind = NETLINK_ROUTE_REFUSES; /* what is broadcast there is for nobody of us */
	if (mnl_attr_parse(answer, sizeof(*message), read_route_attribute, &it) >= 0)
		ret->index = it.index;
	ret->table = it.route.table;
	ret->len = message->rtm_dst_len;
	return MNL_CB_OK;
}

int netlink_find_way(struct netlink *netlink, const struct ip_address *to, struct netlink_way *ret)
{
	const bool v4 = ip_is_v4(to);
	struct netlink_way way = { .kind = NETLINK_ROUTE_REFUSES };
	union request request;
	struct nlmsghdr *header = mnl_nlmsg_put_header(request.bytes);
	struct rtmsg *message;
	int err;

	header->nlmsg_type = RTM_GETROUTE;
	header->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	message = mnl_nlmsg_put_extra_header(header, sizeof(*message));
	message->rtm_family = v4 ? AF_INET : AF_INET6;
	message->rtm_dst_len = v4 ? V4_BITS : V6_BITS;
	/* The route and its table, and not what is made of it. */
	message->rtm_flags = RTM_F_FIB_MATCH | RTM_F_LOOKUP_TABLE;
	put_ip(header, RTA_DST, to);
	err = ask(netlink, &request, look_at_way, &way);
	if (err < 0 && errno == ENETUNREACH)
		return ERR_NOT_FOUND;
	/* Prohibit, unreachable, blackhole. */
	if (err < 0 && errno != EACCES && errno != EHOSTUNREACH && errno != EINVAL)
		return err == ERR_UNSUPPORTED ? err : ERR_IO;
	*ret = way;
	return 0;
}
