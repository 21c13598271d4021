/* check_host.c - see check_host.h. */
#include "prog/ipop/check_host.h"

#include "base/err.h"
#include "io/clock.h"
#include "io/process.h"
#include "io/tun.h"
#include "io/udp.h"
#include "prog/ipop/check_places.h"
#include "prog/ipop/control.h"
#include "prog/ipop/host.h"
#include "prog/ipop/launch.h"
#include "prog/ipop/report.h"
#include "prog/ipop/spawn.h"
#include "prog/ipopd/ipopd.h"
#include "prog/needs.h"
#include "vnet/address.h"

#include <linux/capability.h>
#include <unistd.h>

#define PATIENCE_MS 2000 /* with a daemon that may stand still */

/* As whom the daemon would run. */
static void find_user(const struct store *store, uint32_t *ret_uid, uint32_t *ret_gid)
{
	if (spawn_has_systemd(store) && process_find_user(IPOPD_USER, ret_uid, ret_gid) == 0)
		return;
	*ret_uid = geteuid();
	*ret_gid = getegid();
}

/* Whether `ipop up` gives key and bundle to that user first (launch.c). */
static bool gives_files_to(const struct store *store, uint32_t uid)
{
	struct file_path member;

	return geteuid() == 0 && store->root[0] == '\0' &&
	       store_directory_path(store, STORE_MEMBER, &member) == 0 &&
	       !file_is_of(member.text, uid);
}

/* Whether somebody asks who is not the one whose files these are: what he may read says nothing of
 * the daemon, and that he may not was said. */
static bool asks_for_others(const struct store *store)
{
	struct file_path member;
	uint32_t owner;

	return geteuid() != 0 && store_directory_path(store, STORE_MEMBER, &member) == 0 &&
	       file_is_foreign(member.text, geteuid(), &owner);
}

int check_host_files(const struct store *store, struct complaint *complaint)
{
	uint32_t uid;
	uint32_t gid;
	int err;

	if (asks_for_others(store))
		return 0;
	find_user(store, &uid, &gid);
	err = store_check_reader(store, STORE_CONFIG, uid, gid, complaint);
	if (err != 0 || gives_files_to(store, uid))
		return err;
	err = store_check_reader(store, STORE_KEY, uid, gid, complaint);
	if (err == 0)
		err = store_check_reader(store, STORE_BUNDLE, uid, gid, complaint);
	return err;
}

int check_host_places(const struct store *store, struct complaint *complaint)
{
	uint32_t uid;
	uint32_t gid;

	(void)find_user(store, &uid, &gid);
	return launch_is_running(store) || asks_for_others(store)
		       ? 0
		       : check_places_run(store, uid, complaint);
}

void check_host_remark(const struct store *store)
{
	uint32_t uid;
	uint32_t gid;

	(void)find_user(store, &uid, &gid);
	check_places_remark(store, uid);
	if (!spawn_has_systemd(store) && !launch_is_running(store) &&
	    !process_has_capability(CAP_NET_ADMIN))
		report_note("It takes more rights than yours to bring %s up: root's, or "
			    "CAP_NET_ADMIN and an open /dev/net/tun.",
			    store->network);
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
	return err == ERR_EXISTS ? err : 0; /* or nothing speaks against it */
}

int check_host_trouble(const struct store *store, struct complaint *complaint)
{
	const struct control_request request = { .verb = "status" };
	const struct mono until = mono_add_ms(clock_now().mono, PATIENCE_MS);
	const char *said = NULL;
	struct complaint unused;
	struct control control;
	json_t *answer = NULL;
	int err = 0;

	if (control_open_until(store, until, &control, &unused) != EXIT_OK)
		return 0; /* or somebody else may ask */
	if (control_ask(&control, &request, &answer, &unused) == EXIT_OK)
		said = json_string_value(json_object_get(answer, "trouble"));
	if (said != NULL)
		err = complain(complaint, ERR_EXISTS, "%s", said);
	json_decref(answer);
	control_close(&control);
	return err;
}
