/* pump.c - see pump.h. */
#include "io/pump.h"

#include "base/check.h"
#include "base/err.h"

#include <assert.h>
#include <string.h>

#define EGRESS_SLOTS 512 /* 5 ms of 1 Gbit/s */
#define TUN_ROOM_MIN 64  /* less is not worth a turn */

int pump_open(struct pump *pump, const struct pump_config *config, const struct pump_watch *watch,
	      struct rng *rng)
{
	*pump = (struct pump){ .tun = config->tun,
			       .udp = config->udp,
			       .watch = *watch,
			       .may_read_tun = config->reads_tun,
			       .reads_tun = config->reads_tun };
	if (egress_new(rng, EGRESS_SLOTS, &pump->egress) < 0)
		return ERR_NOMEM;
	forward_thread_init(&pump->thread, pump->egress);
	pump->thread.takes_partial = config->takes_partial;
	pump->thread.joins_udp = pump->tun.takes_udp;
	if (config->reads_tun &&
	    loop_add(watch->loop, pump->tun.fd, LOOP_READ, watch->tun_kind, HANDLE_NONE) < 0)
		return ERR_IO;
	for (uint32_t family = UDP_V4; family < UDP_FAMILIES; family++) {
		if (pump->udp.sockets[family] >= 0 &&
		    loop_add(watch->loop, pump->udp.sockets[family], LOOP_READ, watch->udp_kind,
			     (struct handle){ .index = family }) < 0)
			return ERR_IO;
	}
	return 0;
}

void pump_close(struct pump *pump)
{
	egress_del(pump->egress);
	pump->egress = NULL;
	udp_close(&pump->udp);
	tun_detach(&pump->tun);
}

/* --- in --- */

int pump_read_tun(struct pump *pump, const struct forward_table *table, struct now now)
{
	int err = 0;

	pump->batch.count = 0;
	if (!pump->reads_tun)
		return 0;
	/* What is not read waits in the kernel. */
	err = tun_read(&pump->tun, egress_room(pump->egress), &pump->batch);
	if (pump->batch.count > 0)
		(void)forward_from_tun(&pump->thread, table, now, &pump->batch);
	return err;
}

/* A datagram that was sent to one of our addresses inside the network came through the tunnel, or
 * pretends so. */
static void drop_looped(struct pump *pump, const struct forward_table *table)
{
	for (size_t i = 0; i < pump->batch.count; i++) {
		struct forward_packet *packet = &pump->batch.packets[i];
		struct ip_address local;

		static_assert(sizeof(local.bytes) == ENDPOINT_IP_BYTES, "one form of both");
		memcpy(local.bytes, packet->way.local.ip, sizeof(local.bytes));
		if (!table_is_own(table, &local))
			continue;
		packet->verdict = FORWARD_DROP;
		pump->looped++;
	}
}

bool pump_read_udp(struct pump *pump, enum udp_family family, const struct forward_table *table,
		   struct now now)
{
	const bool more = udp_receive(&pump->udp, family, &pump->batch);

	pump->batch.pending = 0;
	if (pump->batch.count == 0)
		return more;
	if (table != NULL)
		drop_looped(pump, table);
	(void)forward_from_wire(&pump->thread, table, now, &pump->batch);
	return more;
}

void pump_again(struct pump *pump, const struct forward_table *table, struct now now)
{
	(void)forward_from_wire(&pump->thread, table, now, &pump->batch);
}

/* --- out --- */

void pump_write(struct pump *pump, size_t at)
{
	tun_write(&pump->tun, &pump->batch.packets[at], pump->batch.count - at);
	pump->thread.joins_udp = pump->tun.takes_udp;
}

static void watch_sending(struct pump *pump)
{
	const unsigned wants = pump->blocked ? LOOP_READ | LOOP_WRITE : LOOP_READ;

	loop_change(pump->watch.loop, pump->udp.sockets[pump->full], wants, pump->watch.udp_kind,
		    (struct handle){ .index = pump->full });
}

void pump_writable(struct pump *pump, enum udp_family family)
{
	if (!pump->blocked || pump->full != family)
		return;
	pump->blocked = false;
	watch_sending(pump);
}

void pump_send(struct pump *pump, struct mono now)
{
	if (pump->blocked)
		return;
	pump->blocked = udp_send(&pump->udp, pump->egress, now, &pump->full);
	if (pump->blocked)
		watch_sending(pump);
}

/* While a socket is full the TUN is read all the same: the queue that grows shall be ours, where
 * what waits too long is seen and thinned out. */
void pump_mind_tun(struct pump *pump)
{
	const bool reads = pump->may_read_tun && egress_room(pump->egress) >= TUN_ROOM_MIN;

	if (reads != pump->reads_tun)
		loop_change(pump->watch.loop, pump->tun.fd, reads ? LOOP_READ : 0,
			    pump->watch.tun_kind, HANDLE_NONE);
	pump->reads_tun = reads;
}

bool pump_is_empty(const struct pump *pump)
{
	return egress_room(pump->egress) == EGRESS_SLOTS;
}

struct mono pump_deadline(const struct pump *pump)
{
	return pump->blocked ? MONO_NEVER : egress_deadline(pump->egress);
}

/* --- counters --- */

struct pump_counters pump_counters(const struct pump *pump)
{
	return (struct pump_counters){ .forward = pump->thread.counters,
				       .egress = egress_counters(pump->egress),
				       .udp = pump->udp.counters,
				       .tun = pump->tun.counters,
				       .looped = pump->looped };
}

void pump_counters_add(struct pump_counters *sum, const struct pump_counters *more)
{
	uint64_t a[sizeof(*sum) / sizeof(uint64_t)];
	uint64_t b[sizeof(*sum) / sizeof(uint64_t)];

	static_assert(sizeof(a) == sizeof(*sum), "numbers of 64 bits, and nothing else");
	memcpy(a, sum, sizeof(a));
	memcpy(b, more, sizeof(b));
	for (size_t i = 0; i < sizeof(a) / sizeof(a[0]); i++)
		a[i] += b[i];
	memcpy(sum, a, sizeof(a));
}
