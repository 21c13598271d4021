/* host.c - see host.h. */
#include "prog/ipopd/host.h"

#include "base/err.h"
#include "forward/forward.h"
#include "io/file.h"
#include "io/process.h"
#include "io/tun.h"
#include "io/uevent.h"
#include "prog/ipopd/ipopd.h"
#include "prog/ipopd/log.h"
#include "prog/needs.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PID_BYTES 16
#define ADDRESSES_LOOKED_AT 128

static_assert(NETWORK_NAME_MAX <= TUN_NAME_MAX, "the interface is called like the network");

static void close_if_open(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd); /* nothing is waiting in it */
	*fd = -1;
}

/* --- one daemon for each network --- */

static int make_run_directory(const struct host *host, struct complaint *complaint)
{
	return store_make_directory_for(
		host->store, STORE_RUN,
		host->group == UNIX_GROUP_NONE ? FILE_GROUP_KEEP : host->group, complaint);
}

static int complain_running(const char *path, const struct store *store,
			    struct complaint *complaint)
{
	struct file_bytes pid = { 0 };

	(void)file_read(path, PID_BYTES, &pid); /* a lock without its number still counts */
	complain(complaint, ERR_EXISTS, "%s is up already%s%.*s%s; `ipop down %s` ends it",
		 store->network, pid.len > 1 ? " (process " : "",
		 pid.len > 1 ? (int)pid.len - 1 : 0, pid.len > 1 ? (const char *)pid.data : "",
		 pid.len > 1 ? ")" : "", store->network);
	file_free(&pid);
	return ERR_EXISTS;
}

static int lock(struct host *host, struct complaint *complaint)
{
	struct file_path path;
	char pid[PID_BYTES];
	int err = store_path(host->store, STORE_PID, &path);
	int len;

	if (err < 0)
		return complain(complaint, err, "the path of the root is too long");
	err = file_lock(path.text, &host->lock);
	if (err == ERR_EXISTS)
		return complain_running(path.text, host->store, complaint);
	if (err < 0)
		return store_complain(complaint, err, path.text);
	len = snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());
	if (ftruncate(host->lock, 0) < 0 || pwrite(host->lock, pid, (size_t)len, 0) != len)
		return store_complain(complaint, ERR_IO, path.text);
	return 0;
}

/* --- the interface --- */

static int open_tun(struct host *host, struct complaint *complaint)
{
	const char *name = host->store->network;
	const int err = tun_open(name, host->queues, host->tun);

	if (err < 0)
		return needs_complain_tun(complaint, err, name);
	host->has_tun = true;
	return netlink_find(name, &host->index) == 0
		       ? 0
		       : complain(complaint, ERR_IO, "the interface %s vanished", name);
}

static int check_overlap(struct host *host, const struct netlink_prefix *prefix,
			 struct complaint *complaint)
{
	struct complaint wider;
	const struct needs_routes routes = { host->netlink, host->store->network, host->index };
	const int err = needs_no_overlap(&routes, prefix, &wider, complaint);

	if (err == 0 && wider.text[0] != '\0')
		log_info("takes its addresses out of a wider route: %s", wider.text);
	return err == ERR_EXISTS ? err : 0; /* what cannot be read is looked at later */
}

static int open_interface(struct host *host, const struct claims *claims,
			  struct complaint *complaint)
{
	const struct netlink_prefix v4 = { ip_v4(claims->ipv4.ip), claims->ipv4.len };
	const struct netlink_prefix v6 = { claims_ipv6(claims), ADDRESS_IPV6_PREFIX_LEN };
	int err = netlink_open(&host->netlink);

	if (err == 0)
		err = netlink_watch(&host->watch);
	if (err < 0)
		return complain(complaint, err, "cannot talk to the kernel about interfaces: %s",
				err_text(err));
	if (uevent_open(&host->uevents) < 0)
		log_debug("cannot hear the kernel's uevents");
	err = open_tun(host, complaint);
	if (err == 0)
		err = check_overlap(host, &v4, complaint);
	return err < 0 ? err : check_overlap(host, &v6, complaint);
}

/* --- the control socket --- */

static int listen_for_users(struct host *host, struct complaint *complaint)
{
	struct file_path path;
	int err = store_path(host->store, STORE_CONTROL, &path);

	if (err == 0)
		err = unix_listen(path.text, host->group, &host->listener);
	return err < 0 ? store_complain(complaint, err, path.text) : 0;
}

/* --- all of it --- */

int host_open(struct host *host, const struct store *store, const struct claims *claims,
	      uint32_t workers, struct complaint *complaint)
{
	int err;

	*host = (struct host){ .store = store,
			       .workers = workers,
			       .queues = workers == 0 ? 1 : workers,
			       .lock = -1,
			       .listener = -1,
			       .watch = -1,
			       .uevents = -1,
			       .group = UNIX_GROUP_NONE,
			       .mend_at = MONO_NEVER,
			       .look_at = MONO_NEVER,
			       .routes_at = MONO_NEVER };
	/* Who is neither root nor of that group cannot give it anything. */
	if (process_find_group(IPOPD_GROUP, &host->group) < 0 ||
	    (geteuid() != 0 && getegid() != host->group))
		host->group = UNIX_GROUP_NONE;
	err = make_run_directory(host, complaint);
	if (err == 0)
		err = lock(host, complaint);
	if (err == 0)
		err = open_interface(host, claims, complaint);
	return err < 0 ? err : listen_for_users(host, complaint);
}

static void close_tun(struct host *host)
{
	for (uint32_t i = 0; host->has_tun && i < host->queues; i++)
		(void)close(host->tun[i]); /* nothing of what is written waits in it */
	host->has_tun = false;
}

void host_close(struct host *host)
{
	struct file_path path;

	close_tun(host); /* its last descriptors: the interface is gone after this */
	close_if_open(&host->watch);
	close_if_open(&host->uevents);
	netlink_close(host->netlink);
	host->netlink = NULL;
	/* `ipop down` waits until nobody listens. */
	if (host->listener >= 0 && store_path(host->store, STORE_CONTROL, &path) == 0)
		(void)unlink(path.text); /* the next start would replace it */
	close_if_open(&host->listener);
	/* Last, and before the lock goes: whoever gets it next finds nothing of ours. */
	if (host->lock >= 0 && store_path(host->store, STORE_PID, &path) == 0)
		(void)unlink(path.text); /* a stale one is no lock */
	close_if_open(&host->lock);
}

static int add_address(struct host *host, const struct ip_address *address, uint8_t len,
		       struct complaint *complaint)
{
	const struct netlink_prefix prefix = { *address, len };
	const int err = netlink_add_address(host->netlink, host->index, &prefix);
	char text[ENDPOINT_TEXT_CHARS + 8];

	if (err == 0)
		return 0;
	needs_prefix_text(&prefix, text, sizeof(text));
	if (err == ERR_PERMISSION && !ip_is_v4(address))
		return complain(complaint, err,
				"cannot give %s to %s: IPv6 is switched off there (sysctl "
				"net.ipv6.conf.default.disable_ipv6=0 switches it on)",
				text, host->store->network);
	return complain(complaint, err, "cannot give %s to the interface %s: %s", text,
			host->store->network, err_text(err));
}

int host_configure(struct host *host, const struct node_addresses *addresses,
		   struct complaint *complaint)
{
	const struct ip_address v4 = ip_v4(addresses->ipv4);
	int err = netlink_up(host->netlink, host->index, addresses->mtu, FORWARD_SUPER_BYTES);

	if (err < 0)
		return complain(complaint, err, "cannot bring the interface %s up: %s",
				host->store->network, err_text(err));
	err = add_address(host, &addresses->ipv6, addresses->ipv6_prefix_len, complaint);
	host->has_ipv6 = err == 0;
	/* A host without IPv6 can still be a member by IPv4. */
	if (err < 0 && addresses->has_ipv4) {
		log_warning("%s", complaint->text);
		err = 0;
	}
	if (err == 0 && addresses->has_ipv4)
		err = add_address(host, &v4, addresses->ipv4_prefix_len, complaint);
	host->has_given = err == 0;
	host->given = *addresses;
	return err;
}

/* --- what others are told --- */

bool host_was_copied(const struct host *host)
{
	return uevent_is_new_generation(host->uevents);
}

/* A network's interface is called like the network, and one that runs has its socket. */
static bool is_tunnel(const struct host *host, const char *interface)
{
	struct store other = { .root = host->store->root };
	struct complaint unused;
	struct file_path path;

	if (network_check_name(interface, &unused) < 0)
		return false;
	memcpy(other.network, interface, strlen(interface));
	return store_path(&other, STORE_CONTROL, &path) == 0 && access(path.text, F_OK) == 0;
}

/* Whatever the interface is called by now; and who else has an address of the network, on an
 * interface of his own, is reached by it through the tunnel, if at all. */
static bool is_ours(const struct host *host, const struct netlink_address *it)
{
	const struct node_addresses *given = &host->given;
	const struct netlink_prefix v4 = { ip_v4(given->ipv4), given->ipv4_prefix_len };
	const struct netlink_prefix v6 = { given->ipv6, given->ipv6_prefix_len };

	return it->index == host->index ||
	       (host->has_given && (netlink_prefix_has(&v6, &it->address) ||
				    (given->has_ipv4 && netlink_prefix_has(&v4, &it->address))));
}

int host_addresses(const struct host *host, struct addresses *ret)
{
	struct netlink_address list[ADDRESSES_LOOKED_AT];
	size_t count;
	const int err = netlink_list_addresses(host->netlink, list, ADDRESSES_LOOKED_AT, &count);

	if (err < 0)
		return err;
	*ret = (struct addresses){ .count = 0 };
	for (size_t i = 0; i < count; i++) {
		const struct host_address address = { list[i].address, list[i].index };

		if (!is_ours(host, &list[i]) && !is_tunnel(host, list[i].interface))
			addresses_add(ret, &address);
	}
	return 0;
}

/* --- repair --- */

int host_restore(struct host *host, struct complaint *complaint)
{
	struct netlink_link unused;

	if (host->has_tun && tun_is_attached(host->tun[0]) &&
	    netlink_look(host->netlink, host->index, &unused) != ERR_NOT_FOUND)
		return 0;
	log_warning("somebody deleted the interface, or moved it; making it again");
	close_tun(host);
	host->has_given = false;
	return open_tun(host, complaint);
}

/* True if it was missing, and is there again. */
static bool give_back(struct host *host, const struct ip_address *address, uint8_t len)
{
	struct complaint complaint;
	int err;

	if (netlink_find_address(host->netlink, host->index, address) != ERR_NOT_FOUND)
		return false;
	err = add_address(host, address, len, &complaint);
	if (err == ERR_PERMISSION && !ip_is_v4(address) && host->has_ipv6) {
		/* Somebody has switched IPv6 off: that is told once, and routes are not asked for.
		 */
		host->has_ipv6 = false;
		log_warning("%s", complaint.text);
	} else if (err < 0) {
		log_debug("%s", complaint.text);
	} else if (!ip_is_v4(address)) {
		host->has_ipv6 = true;
	}
	return err == 0;
}

void host_mend(struct host *host, struct mono now)
{
	const struct node_addresses *given = &host->given;
	const struct ip_address v4 = ip_v4(given->ipv4);
	struct netlink_link link;
	bool mended;

	if (!mono_reached(now, host->mend_at))
		return;
	host->mend_at = MONO_NEVER;
	if (!host->has_given || netlink_look(host->netlink, host->index, &link) < 0 || !link.is_up)
		return;
	mended = give_back(host, &given->ipv6, given->ipv6_prefix_len);
	if (given->has_ipv4 && give_back(host, &v4, given->ipv4_prefix_len))
		mended = true;
	if (!mended)
		return;
	host->mended = now;
	log_warning("somebody took addresses from the interface; gives them back");
}

struct mono host_deadline(const struct host *host)
{
	return host->mend_at;
}
