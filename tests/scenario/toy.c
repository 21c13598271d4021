/* toy.c - see toy.h. */
#include "tests/scenario/toy.h"

#include "base/check.h"
#include "base/reader.h"
#include "base/writer.h"

static void send_number(struct toy *toy, const struct endpoint *remote, uint64_t number)
{
	uint8_t bytes[BUFFER_BYTES_MAX];
	struct writer w = writer_of(bytes, sizeof(bytes));

	writer_u64(&w, number);
	writer_u64(&w, ~number);
	writer_zero(&w, toy->bytes - TOY_BYTES_MIN);
	const struct net_datagram datagram = {
		.local = toy->local, .remote = *remote, .ttl = toy->ttl, .bytes = writer_span(&w)
	};

	CHECK(world_send(toy->world, toy->host, &datagram) == 0);
}

static void toy_datagram(void *machine, struct now now, const struct net_datagram *datagram)
{
	struct toy *toy = machine;
	struct reader r = reader_of(datagram->bytes);
	uint64_t number;
	uint64_t complement;

	toy->got++;
	toy->from = datagram->remote;
	toy->at = datagram->local;
	toy->got_ttl = datagram->ttl;
	toy->got_last = now.mono;
	if (toy->got == 1)
		toy->got_first = now.mono;
	if (!reader_u64(&r, &number) || !reader_u64(&r, &complement) || number != ~complement ||
	    number >= TOY_NUMBERS_MAX || !span_is_zero(r.rest)) {
		toy->harmed++;
		return;
	}
	if (toy->seen[number]++ > 0)
		toy->doubled++;
	else
		toy->distinct++;
	if (number < toy->highest)
		toy->late++;
	else
		toy->highest = number;
	if (toy->answers) {
		toy->local = datagram->local;
		send_number(toy, &datagram->remote, number);
	}
}

static void toy_run(void *machine, struct now now)
{
	struct toy *toy = machine;

	while (toy->left > 0 && mono_reached(now.mono, toy->next)) {
		toy->left--;
		toy->next = mono_add_us(toy->next, toy->period_us);
		send_number(toy, &toy->target, toy->number++);
	}
}

static struct mono toy_deadline(const void *machine)
{
	const struct toy *toy = machine;

	return toy->left == 0 ? MONO_NEVER : toy->next;
}

static const struct host_ops toy_ops = {
	.datagram = toy_datagram,
	.run = toy_run,
	.deadline = toy_deadline,
};

void toy_attach(struct toy *toy, struct world *world, uint32_t host)
{
	*toy = (struct toy){ .world = world, .host = host, .bytes = TOY_BYTES_MIN };
	toy->local.port = TOY_PORT;
	world_attach(world, host, &toy_ops, toy);
}

void toy_start(struct toy *toy, struct world *world, const char *ip)
{
	const uint32_t host = net_add_host(world_net(world));

	net_add_address(world_net(world), host, NET_INTERNET, ip);
	toy_attach(toy, world, host);
}

struct endpoint toy_endpoint(const struct toy *toy, unsigned n)
{
	struct endpoint e;

	CHECK(net_address(world_net(toy->world), toy->host, n, &e));
	e.port = TOY_PORT;
	return e;
}

void toy_send_to(struct toy *toy, const struct endpoint *target, uint64_t count, uint64_t period_us)
{
	toy->target = *target;
	toy->left = count;
	toy->period_us = period_us;
	toy->next = world_now(toy->world, toy->host).mono;
	world_wake(toy->world, toy->host);
}

void toy_send(struct toy *toy, const struct toy *target, uint64_t count, uint64_t period_us)
{
	const struct endpoint e = toy_endpoint(target, 0);

	toy_send_to(toy, &e, count, period_us);
}
