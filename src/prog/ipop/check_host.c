/* check_host.c - see check_host.h. */
#include "prog/ipop/check_host.h"

#include "base/err.h"
#include "io/process.h"
#include "io/tun.h"
#include "io/udp.h"
#include "prog/ipop/host.h"
#include "prog/ipop/launch.h"
#include "prog/ipop/spawn.h"
#include "prog/ipopd/ipopd.h"
#include "prog/needs.h"
#include "vnet/address.h"

#include <unistd.h>

/* As whom the daemon would run, and whether `ipop up` gives it key and bundle first (launch.c). */
static bool find_user(const struct store *store, uint32_t *ret_uid, uint32_t *ret_gid)
{
	struct file_path member;

	if (!spawn_has_systemd(store) || process_find_user(IPOPD_USER, ret_uid, ret_gid) < 0) {
		*ret_uid = geteuid();
		*ret_gid = getegid();
	}
	return geteuid() == 0 && store->root[0] == '\0' &&
	       store_directory_path(store, STORE_MEMBER, &member) == 0 &&
	       !file_is_of(member.text, *ret_uid);
}

int check_host_files(const struct store *store, struct complaint *complaint)
{
	uint32_t uid;
	uint32_t gid;
	const bool is_given = find_user(store, &uid, &gid);
	int err = store_check_reader(store, STORE_CONFIG, uid, gid, complaint);

	if (err == 0 && !is_given)
		err = store_check_reader(store, STORE_KEY, uid, gid, complaint);
	if (err == 0 && !is_given)
		err = store_check_reader(store, STORE_BUNDLE, uid, gid, complaint);
	return err;
}

int check_host_port(const struct store *store, const struct config *config,
		    struct complaint *complaint)
{
	const uint16_t port = (uint16_t)config->port;
	struct file_path path = { "" };
	struct udp udp;
	int err;

	complaint->text[0] = '\0';
	if (port == 0 || launch_is_running(store))
		return 0;
	(void)store_path(store, STORE_CONFIG, &path); /* it was read */
	if (port < host_first_port())
		err = ERR_PERMISSION; /* the daemon's node never is root, which we may be */
	else
		err = udp_open(&udp, port, 0);
	if (err == 0) {
		udp_close(&udp);
		return 0;
	}
	if (err == ERR_EXISTS && !config->is_set[CONFIG_PORT]) {
		(void)complain(complaint, 0, "UDP port %u is in use; another one will do.", port);
		return 0;
	}
	return needs_complain_port(complaint, err, port, path.text);
}

int check_host_tun(const struct store *store, struct complaint *complaint)
{
	int err;

	if (launch_is_running(store))
		return 0;
	err = tun_check();
	if (err == ERR_PERMISSION && geteuid() != 0)
		err = 0; /* the daemon is somebody else */
	if (err == 0 && host_has_interface(store->network))
		err = ERR_EXISTS;
	return err == 0 ? 0 : needs_complain_tun(complaint, err, store->network);
}

static int check_routes(struct netlink *netlink, const struct store *store,
			const struct netlink_prefix *prefix, struct complaint *complaint)
{
	struct complaint wider;
	unsigned own = 0;

	if (launch_is_running(store))
		(void)netlink_find(store->network, &own); /* or it is none of ours */
	return needs_no_overlap(&(struct needs_routes){ netlink, store->network, own }, prefix,
				&wider, complaint);
}

int check_host_routes(const struct store *store, const struct bundle *bundle,
		      struct complaint *complaint)
{
	const struct id zero = { 0 };
	const struct netlink_prefix v4 = { ip_v4(bundle->ipv4_prefix.ip), bundle->ipv4_prefix.len };
	const struct netlink_prefix v6 = { address_ipv6(&bundle->network_id, &zero),
					   ADDRESS_IPV6_PREFIX_LEN };
	struct netlink *netlink;
	int err;

	if (netlink_open(&netlink) < 0)
		return 0; /* nothing speaks against it */
	err = check_routes(netlink, store, &v4, complaint);
	if (err == 0)
		err = check_routes(netlink, store, &v6, complaint);
	netlink_close(netlink);
	return err;
}
