/* worker.c - see worker.h. */
#include "io/worker.h"

#include "base/check.h"
#include "base/err.h"
#include "io/clock.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define STACK_BYTES (256U << 10)
#define COUNTER_WORDS (sizeof(struct pump_counters) / sizeof(uint64_t))

enum worker_event { EVENT_TUN, EVENT_UDP, EVENT_END };

struct worker {
	/* The worker's alone. */
	struct loop loop;
	struct pump pump;
	struct now now; /* of this turn */
	struct publisher *publisher;
	uint32_t number;
	bool handed_over; /* in this turn: the bell is to be rung */
	bool has_ended;

	/* Of both. */
	pthread_t thread;
	int bell, end; /* owned; eventfd(2): to the control thread, and from it */
	struct handover *handover;
	atomic_bool interface_is_gone;
	_Atomic uint64_t lost;
	_Atomic uint64_t counters[COUNTER_WORDS];
};

/* --- to the control thread --- */

static void hand_over(struct worker *w, const struct forward_packet *packet)
{
	if (!handover_packet(w->handover, packet))
		atomic_fetch_add_explicit(&w->lost, 1, memory_order_relaxed);
	w->handed_over = true;
}

/* A packet of this host's, as a wire would carry it. */
static void hand_over_cut(struct worker *w, const struct forward_packet *packet)
{
	uint8_t bytes[FORWARD_PACKET_BYTES_MAX];
	struct forward_packet piece = {
		.data = bytes, .verdict = packet->verdict, .link = packet->link, .mtu = packet->mtu
	};
	struct cutter cutter;

	if (forward_cut(packet, &cutter) < 0)
		return;
	while ((piece.len = cutter_next(&cutter, bytes)) > 0)
		hand_over(w, &piece);
}

static void hand_over_reports(struct worker *w)
{
	struct forward_report report;

	while (forward_report(&w->pump.thread, &report)) {
		/* The node could do nothing about it, and strangers make these. */
		if (report.kind == FORWARD_REPORT_UNKNOWN)
			continue;
		if (!handover_report(w->handover, &report))
			atomic_fetch_add_explicit(&w->lost, 1, memory_order_relaxed);
		w->handed_over = true;
	}
}

static void share_counters(struct worker *w)
{
	const struct pump_counters counters = pump_counters(&w->pump);
	uint64_t words[COUNTER_WORDS];

	static_assert(sizeof(words) == sizeof(counters), "numbers of 64 bits, and nothing else");
	memcpy(words, &counters, sizeof(words));
	for (size_t i = 0; i < COUNTER_WORDS; i++)
		atomic_store_explicit(&w->counters[i], words[i], memory_order_relaxed);
}

/* --- a turn --- */

static void dispatch(struct worker *w, size_t at)
{
	struct forward_packet *packet = &w->pump.batch.packets[at];

	switch (packet->verdict) {
	case FORWARD_DELIVER:
		pump_write(&w->pump, at);
		break;
	case FORWARD_NO_ENTRY:
	case FORWARD_TOO_BIG:
		hand_over_cut(w, packet);
		break;
	case FORWARD_PENDING:
	case FORWARD_FRAME:
	case FORWARD_HANDSHAKE:
		hand_over(w, packet);
		break;
	case FORWARD_JOIN: /* written with the one that it joins */
	case FORWARD_SENT:
	case FORWARD_DROP:
		break;
	}
}

static void dispatch_batch(struct worker *w)
{
	for (size_t i = 0; i < w->pump.batch.count; i++)
		dispatch(w, i);
	hand_over_reports(w);
}

/* The table for the next batch: what came of the last is not looked at any more. */
static const struct forward_table *next_table(struct worker *w)
{
	w->pump.thread.node_is_behind = handover_is_behind(w->handover);
	return publisher_read(w->publisher, w->number);
}

static void read_udp(struct worker *w, enum udp_family family)
{
	bool more = true;

	while (more) {
		more = pump_read_udp(&w->pump, family, next_table(w), w->now);
		dispatch_batch(w);
	}
}

static void read_tun(struct worker *w)
{
	const int err = pump_read_tun(&w->pump, next_table(w), w->now);

	dispatch_batch(w);
	if (err < 0) {
		atomic_store(&w->interface_is_gone, true);
		w->handed_over = true;
		w->has_ended = true;
	}
}

static void handle_event(struct worker *w, const struct loop_event *event)
{
	switch ((enum worker_event)event->kind) {
	case EVENT_TUN:
		read_tun(w);
		break;
	case EVENT_UDP:
		if (event->writable)
			pump_writable(&w->pump, (enum udp_family)event->handle.index);
		if (event->readable)
			read_udp(w, (enum udp_family)event->handle.index);
		break;
	case EVENT_END:
		w->has_ended = true;
		break;
	}
}

static void turn(struct worker *w)
{
	struct loop_event events[LOOP_EVENTS_MAX];
	size_t count;

	publisher_rest(w->publisher, w->number);
	count = loop_wait(&w->loop, w->now.mono, pump_deadline(&w->pump), events);
	w->now = clock_now();
	for (size_t i = 0; i < count; i++)
		handle_event(w, &events[i]);
	pump_send(&w->pump, w->now.mono);
	pump_mind_tun(&w->pump);
	share_counters(w);
	if (w->handed_over)
		worker_ring_bell(w);
	w->handed_over = false;
}

static void *run(void *argument)
{
	struct worker *w = argument;

	while (!w->has_ended)
		turn(w);
	publisher_rest(w->publisher, w->number);
	return NULL;
}

/* --- begin and end --- */

static void free_worker(struct worker *w)
{
	pump_close(&w->pump);
	handover_del(w->handover);
	loop_free(&w->loop);
	if (w->bell >= 0)
		(void)close(w->bell); /* nothing is kept in it */
	if (w->end >= 0)
		(void)close(w->end);
	free(w);
}

static int open_worker(struct worker *w, const struct worker_config *config)
{
	const struct pump_watch watch = { .loop = &w->loop,
					  .tun_kind = EVENT_TUN,
					  .udp_kind = EVENT_UDP };
	struct pump_config pump = config->pump;
	int err = loop_init(&w->loop);

	pump.reads_tun = true;
	w->bell = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	w->end = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (err == 0)
		err = handover_new(&w->handover);
	if (err == 0)
		err = pump_open(&w->pump, &pump, &watch, config->rng);
	if (err == 0 && (w->bell < 0 || w->end < 0))
		err = ERR_IO;
	return err < 0 ? err : loop_add(&w->loop, w->end, LOOP_READ, EVENT_END, HANDLE_NONE);
}

/* Signals are the control thread's. */
static int start_thread(struct worker *w)
{
	pthread_attr_t attributes;
	sigset_t all, before;
	int failed;

	(void)sigfillset(&all);
	if (pthread_attr_init(&attributes) != 0)
		return ERR_NOMEM;
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	failed = pthread_attr_setstacksize(&attributes, STACK_BYTES);
	if (failed == 0)
		failed = pthread_create(&w->thread, &attributes, run, w);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	(void)pthread_attr_destroy(&attributes);
	return failed == 0 ? 0 : ERR_NOMEM;
}

int worker_start(const struct worker_config *config, struct worker **ret)
{
	struct worker *w = calloc(1, sizeof(*w));
	struct pump left = { .udp = config->pump.udp, .tun = config->pump.tun };
	int err;

	if (w == NULL) {
		pump_close(&left);
		return ERR_NOMEM;
	}
	w->bell = w->end = -1;
	w->loop = (struct loop){ .epoll = -1, .timer = -1 };
	w->pump = left;
	w->publisher = config->publisher;
	w->number = config->number;
	w->now = clock_now();
	err = open_worker(w, config);
	if (err == 0)
		err = start_thread(w);
	if (err < 0)
		free_worker(w);
	else
		*ret = w;
	return err;
}

void worker_stop(struct worker *worker)
{
	const uint64_t one = 1;

	if (worker == NULL)
		return;
	CHECK(write(worker->end, &one, sizeof(one)) == sizeof(one));
	CHECK(pthread_join(worker->thread, NULL) == 0);
	free_worker(worker);
}

/* --- for the control thread --- */

int worker_bell(const struct worker *worker)
{
	return worker->bell;
}

bool worker_answer_bell(struct worker *worker)
{
	uint64_t times;

	(void)!read(worker->bell, &times, sizeof(times)); /* nothing there: it was answered */
	return !atomic_load(&worker->interface_is_gone);
}

void worker_ring_bell(struct worker *worker)
{
	const uint64_t one = 1;

	(void)!write(worker->bell, &one, sizeof(one)); /* full: it rings anyway */
}

struct handover *worker_handover(struct worker *worker)
{
	return worker->handover;
}

struct pump_counters worker_counters(const struct worker *worker)
{
	struct pump_counters counters;
	uint64_t words[COUNTER_WORDS];

	for (size_t i = 0; i < COUNTER_WORDS; i++)
		words[i] = atomic_load_explicit(&worker->counters[i], memory_order_relaxed);
	memcpy(&counters, words, sizeof(counters));
	return counters;
}

uint64_t worker_lost(const struct worker *worker)
{
	return atomic_load_explicit(&worker->lost, memory_order_relaxed);
}
