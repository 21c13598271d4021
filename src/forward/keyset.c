/* keyset.c - see keyset.h.
 *
 * Order of memory. A lane (a sender's cipher context) and the receiving half are each handed from
 * thread to thread by their flag: acquired when taken, released when given back. All other shared
 * words stand for themselves (a counter, an instant, a bit), so relaxed order is enough; that the
 * counter's addition is atomic is what makes every nonce unique.
 */
#include "forward/keyset.h"

#include "base/check.h"
#include "base/err.h"
#include "base/seccheck.h"
#include "session/replay.h"

#include <stdatomic.h>
#include <stdlib.h>

/* What one sender needs. Only who holds `busy` touches the rest; the figures are read by all. */
struct lane {
	atomic_flag busy;
	struct aead aead;
	_Atomic uint64_t packets, bytes, last_us;
};

/* What receivers share. Only who holds `busy` touches the rest; the figures are read by all. */
struct receiving {
	atomic_flag busy;
	struct aead aead;
	struct replay replay;
	_Atomic uint64_t packets, bytes, expected, replayed, forged, last_us;
};

struct keyset {
	uint32_t references; /* control thread only */
	uint32_t local_index, remote_index;
	struct mono stop;
	uint64_t packets_max, failures_max;
	_Atomic uint64_t first_ip_us; /* MONO_NEVER: none yet */
	_Atomic uint64_t next_counter;
	_Atomic uint64_t ip_us, ip_sent_us, ip_received_us; /* the newest: any, and by direction */
	atomic_uint milestones;
	struct receiving receiving;
	uint32_t lane_count;
	struct lane lanes[];
};

static uint64_t load(const _Atomic uint64_t *word)
{
	return atomic_load_explicit(word, memory_order_relaxed);
}

/* For words with one writer at a time. */
static void store(_Atomic uint64_t *word, uint64_t value)
{
	atomic_store_explicit(word, value, memory_order_relaxed);
}

static bool take(atomic_flag *busy)
{
	return !atomic_flag_test_and_set_explicit(busy, memory_order_acquire);
}

static void give(atomic_flag *busy)
{
	atomic_flag_clear_explicit(busy, memory_order_release);
}

/* Between two attempts to take what another thread has: lets its hyperthread work. */
static void pause_a_moment(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

static uint64_t limit(uint64_t wanted, uint64_t most)
{
	return wanted == 0 || wanted > most ? most : wanted;
}

int keyset_new(const struct keyset_config *config, struct keyset **ret)
{
	const uint32_t senders = config->senders == 0 ? 1 : config->senders;
	struct keyset *keyset;
	int err;

	CHECK(senders <= KEYSET_SENDERS_MAX);
	keyset = calloc(1, sizeof(*keyset) + senders * sizeof(keyset->lanes[0]));
	if (keyset == NULL)
		return ERR_NOMEM;
	keyset->references = 1;
	keyset->local_index = config->local_index;
	keyset->remote_index = config->remote_index;
	keyset->stop = config->stop;
	keyset->packets_max = limit(config->packets_max, KEYSET_PACKETS_MAX);
	keyset->failures_max = limit(config->failures_max, KEYSET_FAILURES_MAX);
	atomic_init(&keyset->first_ip_us, MONO_NEVER.us);
	replay_init(&keyset->receiving.replay);
	give(&keyset->receiving.busy);
	err = aead_init(&keyset->receiving.aead, config->suite->packets, config->receive_key);
	for (; err == 0 && keyset->lane_count < senders; keyset->lane_count++) {
		struct lane *lane = &keyset->lanes[keyset->lane_count];

		give(&lane->busy);
		err = aead_init(&lane->aead, config->suite->packets, config->send_key);
	}
	if (err != 0) {
		keyset_unref(keyset);
		return err;
	}
	*ret = keyset;
	return 0;
}

struct keyset *keyset_ref(struct keyset *keyset)
{
	CHECK(keyset->references > 0 && keyset->references < UINT32_MAX);
	keyset->references++;
	return keyset;
}

void keyset_unref(struct keyset *keyset)
{
	if (keyset == NULL || --keyset->references > 0)
		return;
	for (uint32_t i = 0; i < keyset->lane_count; i++)
		aead_free(&keyset->lanes[i].aead); /* the keys are there alone, and it wipes them */
	aead_free(&keyset->receiving.aead);
	free(keyset);
}

uint32_t keyset_local_index(const struct keyset *keyset)
{
	return keyset->local_index;
}

static bool is_stopped(const struct keyset *keyset, struct mono now)
{
	const struct mono first_ip = { .us = load(&keyset->first_ip_us) };

	return mono_reached(now, keyset->stop) ||
	       mono_reached(now, mono_add_ms(first_ip, KEYSET_STOP_AFTER_IP_MS));
}

static void pass_milestone(struct keyset *keyset, enum keyset_milestone milestone)
{
	(void)atomic_fetch_or_explicit(&keyset->milestones, milestone, memory_order_relaxed);
}

unsigned keyset_take_milestones(struct keyset *keyset)
{
	/* Nearly always there are none, and then no thread writes the shared word. */
	if (atomic_load_explicit(&keyset->milestones, memory_order_relaxed) == 0)
		return 0;
	return atomic_exchange_explicit(&keyset->milestones, 0, memory_order_relaxed);
}

/* Its instant, in `direction` too. The packets of a batch have one instant, and only the first of
 * them writes. Of threads that come together, one sees the quiet before. */
static void note_ip(struct keyset *keyset, struct mono now, _Atomic uint64_t *direction)
{
	uint64_t none = MONO_NEVER.us;
	struct mono before;

	if (load(direction) != now.us)
		store(direction, now.us);
	if (load(&keyset->ip_us) != now.us) {
		before.us = atomic_exchange_explicit(&keyset->ip_us, now.us, memory_order_relaxed);
		if (before.us == 0 || mono_reached(now, mono_add_ms(before, KEYSET_QUIET_MS)))
			pass_milestone(keyset, KEYSET_ACTIVE);
	}
	if (load(&keyset->first_ip_us) == none &&
	    atomic_compare_exchange_strong_explicit(&keyset->first_ip_us, &none, now.us,
						    memory_order_relaxed, memory_order_relaxed))
		pass_milestone(keyset, KEYSET_IP);
}

/* Counters that nobody else has: the first of `count`. Who comes at the limit adds nothing, so
 * however often it is asked the word passes the limit by one run a thread at most, and never wraps.
 */
static bool take_counters(struct keyset *keyset, uint32_t count, uint64_t *ret)
{
	if (load(&keyset->next_counter) + count > keyset->packets_max)
		return false;
	*ret = atomic_fetch_add_explicit(&keyset->next_counter, count, memory_order_relaxed);
	return *ret + count <= keyset->packets_max;
}

/* A lane that nobody else has; the first that is free, so one thread always has the same. Ends at
 * the first round as long as there are no more threads than lanes. */
static struct lane *take_lane(struct keyset *keyset)
{
	for (uint32_t i = 0;; i = (i + 1) % keyset->lane_count)
		if (take(&keyset->lanes[i].busy))
			return &keyset->lanes[i];
}

int keyset_run_begin(struct keyset *keyset, struct mono now, uint32_t count, struct keyset_run *ret)
{
	uint64_t first = 0;

	CHECK(count > 0);
	if (!SECCHECK(SEC_SEAL_NOT_STOPPED, !is_stopped(keyset, now)))
		return ERR_EXPIRED;
	if (!SECCHECK(SEC_SEAL_COUNTER, take_counters(keyset, count, &first)))
		return ERR_EXHAUSTED;
	*ret = (struct keyset_run){ .keyset = keyset,
				    .lane = take_lane(keyset),
				    .now = now,
				    .first = first,
				    .next = first,
				    .end = first + count };
	return 0;
}

int keyset_run_seal(struct keyset_run *run, const struct frame_header *frame, struct span payload,
		    uint8_t *ret)
{
	const struct datagram_header header = { .receiver = run->keyset->remote_index,
						.counter = run->next };
	struct frame_header filled = *frame;
	const size_t len = payload.len + frame->padding;
	uint8_t *plain = ret + DATAGRAM_HEADER_BYTES;
	uint8_t nonce[AEAD_NONCE_BYTES];
	int err;

	CHECK(run->next < run->end);
	run->next++;
	if (len > KEYSET_PAYLOAD_BYTES_MAX)
		return ERR_TOO_LONG;
	if (frame->kind == FRAME_IP)
		note_ip(run->keyset, run->now, &run->keyset->ip_sent_us);
	filled.payload_len = (uint16_t)payload.len;
	datagram_header_encode(&header, ret);
	frame_header_encode(&filled, plain);
	if (payload.data != plain + FRAME_HEADER_BYTES && payload.len > 0)
		memcpy(plain + FRAME_HEADER_BYTES, payload.data, payload.len);
	if (frame->padding > 0)
		memset(plain + FRAME_HEADER_BYTES + payload.len, 0, frame->padding);
	aead_counter_nonce(header.counter, nonce);
	err = aead_seal(&run->lane->aead, nonce, span_of(ret, DATAGRAM_HEADER_BYTES),
			span_of(plain, FRAME_HEADER_BYTES + len), plain);
	if (err == 0) {
		run->packets++;
		run->bytes += len + KEYSET_OVERHEAD;
	}
	return err;
}

void keyset_run_end(struct keyset_run *run)
{
	struct lane *lane = run->lane;

	if (run->packets > 0) {
		store(&lane->packets, load(&lane->packets) + run->packets);
		store(&lane->bytes, load(&lane->bytes) + run->bytes);
		store(&lane->last_us, run->now.us);
	}
	give(&lane->busy);
	if (run->end / KEYSET_SENT_STEP != run->first / KEYSET_SENT_STEP)
		pass_milestone(run->keyset, KEYSET_SENT);
}

int keyset_seal(struct keyset *keyset, struct mono now, const struct frame_header *frame,
		struct span payload, uint8_t *ret)
{
	struct keyset_run run;
	int err;

	if (payload.len + frame->padding > KEYSET_PAYLOAD_BYTES_MAX)
		return ERR_TOO_LONG;
	err = keyset_run_begin(keyset, now, 1, &run);
	if (err != 0)
		return err;
	err = keyset_run_seal(&run, frame, payload, ret);
	keyset_run_end(&run);
	return err;
}

/* A datagram that is being opened. */
struct arrival {
	struct mono now;
	uint8_t *datagram;
	size_t len;
	uint64_t counter;
	bool newest; /* set when it was opened */
};

/* The part for which receivers take turns. */
static int open_in_turn(struct keyset *keyset, struct arrival *arrival)
{
	struct receiving *receiving = &keyset->receiving;
	uint8_t *sealed = arrival->datagram + DATAGRAM_HEADER_BYTES;
	const uint64_t next = receiving->replay.next;
	uint8_t nonce[AEAD_NONCE_BYTES];
	int err;

	if (!SECCHECK(SEC_OPEN_FAILURES, load(&receiving->forged) < keyset->failures_max))
		return ERR_EXHAUSTED;
	if (!SECCHECK(SEC_OPEN_WINDOW, replay_check(&receiving->replay, arrival->counter))) {
		store(&receiving->replayed, load(&receiving->replayed) + 1);
		return ERR_REPLAY;
	}
	aead_counter_nonce(arrival->counter, nonce);
	err = aead_open(&receiving->aead, nonce, span_of(arrival->datagram, DATAGRAM_HEADER_BYTES),
			span_of(sealed, arrival->len - DATAGRAM_HEADER_BYTES), sealed);
	if (!SECCHECK(SEC_OPEN_AUTHENTIC, err == 0)) {
		store(&receiving->forged, load(&receiving->forged) + 1);
		return ERR_AUTH;
	}
	/* Cannot fail behind the check above while the turn is ours; it stays the judge. */
	if (!SECCHECK(SEC_OPEN_FRESH, replay_update(&receiving->replay, arrival->counter)))
		return ERR_REPLAY;
	arrival->newest = arrival->counter >= next;
	if (load(&receiving->packets) == 0)
		pass_milestone(keyset, KEYSET_OPENED);
	store(&receiving->expected, receiving->replay.next);
	store(&receiving->packets, load(&receiving->packets) + 1);
	store(&receiving->bytes, load(&receiving->bytes) + arrival->len);
	store(&receiving->last_us, arrival->now.us);
	return 0;
}

int keyset_open(struct keyset *keyset, struct mono now, uint8_t *datagram, size_t len,
		struct keyset_opened *ret)
{
	struct arrival arrival = { .now = now, .datagram = datagram, .len = len };
	struct datagram_header header;
	struct frame_header frame;
	struct span payload;
	int err;

	if (len < DATAGRAM_HEADER_BYTES + AEAD_TAG_BYTES ||
	    datagram_header_decode(span_of(datagram, len), &header) < 0)
		return ERR_MALFORMED;
	if (!SECCHECK(SEC_OPEN_NOT_STOPPED, !is_stopped(keyset, now)))
		return ERR_EXPIRED;
	if (!SECCHECK(SEC_OPEN_COUNTER, header.counter < keyset->packets_max))
		return ERR_EXHAUSTED;

	arrival.counter = header.counter;
	while (!take(&keyset->receiving.busy))
		pause_a_moment();
	err = open_in_turn(keyset, &arrival);
	give(&keyset->receiving.busy);
	if (err != 0)
		return err;

	if (frame_decode(span_of(datagram + DATAGRAM_HEADER_BYTES,
				 len - DATAGRAM_HEADER_BYTES - AEAD_TAG_BYTES),
			 &frame, &payload) < 0)
		return ERR_MALFORMED;
	if (frame.kind == FRAME_IP)
		note_ip(keyset, now, &keyset->ip_received_us);
	*ret = (struct keyset_opened){ .frame = frame,
				       .counter = arrival.counter,
				       .payload = datagram + (payload.data - datagram),
				       .newest = arrival.newest };
	return 0;
}

struct keyset_counters keyset_counters(const struct keyset *keyset)
{
	const struct receiving *receiving = &keyset->receiving;
	struct keyset_counters counters = {
		.packets_received = load(&receiving->packets),
		.bytes_received = load(&receiving->bytes),
		.expected = load(&receiving->expected),
		.replayed = load(&receiving->replayed),
		.forged = load(&receiving->forged),
		.opened = load(&receiving->packets) > 0,
		.ip_seen = load(&keyset->first_ip_us) != MONO_NEVER.us,
		.last_received = { .us = load(&receiving->last_us) },
		.last_ip_received = { .us = load(&keyset->ip_received_us) },
		.last_ip_sent = { .us = load(&keyset->ip_sent_us) },
	};

	for (uint32_t i = 0; i < keyset->lane_count; i++) {
		const struct lane *lane = &keyset->lanes[i];
		const struct mono last = { .us = load(&lane->last_us) };

		counters.packets_sent += load(&lane->packets);
		counters.bytes_sent += load(&lane->bytes);
		if (mono_reached(last, counters.last_sent))
			counters.last_sent = last;
	}
	return counters;
}

void keyset_counters_add(struct keyset_counters *sum, const struct keyset_counters *more)
{
	sum->packets_sent += more->packets_sent;
	sum->bytes_sent += more->bytes_sent;
	sum->packets_received += more->packets_received;
	sum->bytes_received += more->bytes_received;
	sum->replayed += more->replayed;
	sum->forged += more->forged;
	sum->expected += more->expected;
	sum->opened |= more->opened;
	sum->ip_seen |= more->ip_seen;
	sum->last_received = mono_max(sum->last_received, more->last_received);
	sum->last_sent = mono_max(sum->last_sent, more->last_sent);
	sum->last_ip_received = mono_max(sum->last_ip_received, more->last_ip_received);
	sum->last_ip_sent = mono_max(sum->last_ip_sent, more->last_ip_sent);
}
