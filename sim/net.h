/* net.h - a small Internet: hosts, addresses and the ways between them.
 *
 * A *realm* is an address space whose members reach each other directly: the open Internet, which
 * is realm NET_INTERNET, and the network behind each NAT, which has the NAT's number. Devices are
 * hosts and NATs, numbered from 1 in the order in which they are added. A host has addresses in one
 * or more realms; what no member of the realm has is sent to its NAT. A datagram crosses a realm on
 * three legs:
 *
 *     sender's uplink -> the realm's leg, or the path set for this pair -> receiver's downlink
 *
 * Sans-I/O: no clock, one seed. Every device draws from a stream of its own, so one draw more in
 * one place shifts nothing elsewhere. Memory follows use, within the limits of the configuration.
 * That a scenario stays within them, and that the process gets memory, is CHECKed: a simulation
 * that went on without would prove nothing.
 */
#ifndef SIM_NET_H
#define SIM_NET_H

#include "sim/buffers.h"
#include "sim/journal.h"
#include "sim/leg.h"
#include "sim/natbox.h"

#define NET_INTERNET 0
#define NET_ADDRESSES_MAX 4 /* of one host */
#define NET_SIDES_MAX 32    /* of partitions */
#define NET_TTL 64          /* where a sender states none */
#define NET_CORE_HOPS 8     /* routers between any two access links of the open Internet */
#define NET_CORE_DELAY_US 20000
#define NET_PLACE_MAX_US 1000000000 /* the map's edge, from (0, 0) on each axis */

struct net_config {
	uint64_t seed;
	uint32_t devices_max;  /* hosts and NATs */
	uint32_t packets_max;  /* in flight; further ones are dropped and counted */
	uint32_t paths_max;    /* pairs with a leg of their own */
	uint32_t mappings_max; /* and permits, of all NATs together */
};

/* On the way out, `local` is the sender; on arrival, the receiver. */
struct net_datagram {
	struct endpoint local, remote;
	uint8_t ttl; /* on the way out, 0 stands for NET_TTL; on arrival, what is left */
	struct span bytes;
};

struct net; /* the owner of all below */

/* The journal is borrowed and outlives the net. NULL without memory. */
struct net *net_new(const struct net_config *config, struct journal *journal);
void net_free(struct net *net);

/* -- what there is ------------------------------------------------------------------------- */

/* A host without addresses, down. */
uint32_t net_add_host(struct net *net);

/* Gives a host one more address ("192.0.2.1", "2001:db8::1"); nobody else in the realm has it. */
void net_add_address(struct net *net, uint32_t host, uint32_t realm, const char *ip);
void net_remove_address(struct net *net, uint32_t host, const char *ip);

/* A NAT with this outside address in this realm, where it may stand behind another one. Its number
 * is also that of the realm behind it. A firewall (NATBOX_KEEP) has no address of its own (NULL):
 * it stands in `realm` for all addresses behind it. */
uint32_t net_add_nat(struct net *net, uint32_t realm, const char *ip,
		     const struct natbox_kind *kind);

/* To change its kind or reboot it. */
struct natbox *net_nat(struct net *net, uint32_t nat);

/* The NAT gets another address and loses its mappings, as when a line is dialled again. */
void net_renumber_nat(struct net *net, uint32_t nat, const char *ip);

/* The host's n-th address, with port 0; false if it has fewer. */
bool net_address(const struct net *net, uint32_t host, unsigned n, struct endpoint *ret);

/* Whose address this is, as seen from the host: another host in its realm, or the device that
 * stands there for whoever is behind it. 0: nobody's, or nobody's any more. */
uint32_t net_holder(const struct net *net, uint32_t host, const struct endpoint *ip);

/* Datagrams to a host that is down are dropped on arrival. */
void net_set_up(struct net *net, uint32_t host, bool up);

/* -- the ways; legs may be changed at any time, and live as long as the net -------------------- */

/* Of a host, or of a NAT on its outside. */
struct leg *net_uplink(struct net *net, uint32_t device);
struct leg *net_downlink(struct net *net, uint32_t device);

/* Between any two devices of the realm: of the open Internet with NET_CORE_DELAY_US and
 * NET_CORE_HOPS, behind a NAT with half a millisecond and none. A rate here is shared by all. */
struct leg *net_realm(struct net *net, uint32_t realm);

/* From one device to another, instead of the realm's leg; starts as a copy of the open Internet's.
 */
struct leg *net_path(struct net *net, uint32_t from, uint32_t to);

/* Where on the map a device stands. In the open Internet the distance of two devices, in
 * microseconds, is added to the realm's delay (not to a path's). All start at (0, 0). */
void net_place(struct net *net, uint32_t device, int32_t x_us, int32_t y_us);

/* Instead of the map: measured one-way times between sites, row by row, in microseconds, borrowed.
 * Every device stands on a site, 0 at first; they are added to the realm's delay as distances are.
 * NULL: the map again. */
void net_set_matrix(struct net *net, const uint32_t *times_us, uint32_t sites);
void net_set_site(struct net *net, uint32_t device, uint32_t site);

/* How long a datagram between two hosts takes at the least: by all delays on its way, through the
 * open Internet unless both stand behind one NAT. */
uint64_t net_delay_us(const struct net *net, uint32_t from, uint32_t to);

/* Partitions: devices stand on a side, 0 at first, below NET_SIDES_MAX. What crosses from one side
 * to another whose way is cut is dropped; each direction is cut by itself. */
void net_set_side(struct net *net, uint32_t device, unsigned side);
void net_cut(struct net *net, unsigned from_side, unsigned to_side, bool cut);

/* In a calm net nothing is lost, cut, late, doubled or harmed; delays, rates, MTUs and NATs stay.
 */
void net_set_calm(struct net *net, bool calm);

/* -- datagrams --------------------------------------------------------------------------------- */

/* Sends from a host. An unspecified `local` address is replaced by the host's first of the family
 * of `remote`. A `local` that the host does not have is sent as it is (somebody spoofs) into the
 * realm of the host's first address of that family. 0; ERR_TOO_LONG above BUFFER_BYTES_MAX;
 * ERR_NOT_FOUND if the host has no address of the family. What the network does later, no sender
 * learns. */
int net_send(struct net *net, struct mono now, uint32_t host, const struct net_datagram *datagram);

struct net_arrival {
	uint32_t host;
	struct net_datagram datagram; /* bytes: borrowed until the next net_poll() */
};

/* Lets time pass; true for each datagram that has reached a host which is up. */
bool net_poll(struct net *net, struct mono now, struct net_arrival *ret);

/* When the next datagram is somewhere; MONO_NEVER if none is in flight. */
struct mono net_deadline(const struct net *net);

/* Who sits in the middle of the open Internet, or of another realm. pass() sees each datagram that
 * enters it, but those to a group, `local` being the source as NATs have made it; false takes it
 * out. It may net_send(), also with a false source; what it sends is shown to it too. */
struct net_tap {
	uint32_t realm;
	bool (*pass)(void *context, struct mono at, uint32_t from,
		     const struct net_datagram *datagram);
	void *context;
};

/* One tap; { 0 } removes it. */
void net_set_tap(struct net *net, struct net_tap tap);

/* How many datagrams have met this fate, and how many are in flight. */
uint64_t net_count(const struct net *net, enum fate fate);
uint32_t net_in_flight(const struct net *net);

/* The sum of the IP packets' lengths of those datagrams. */
uint64_t net_bytes(const struct net *net, enum fate fate);

#endif
