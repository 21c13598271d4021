/* test_keyset.c - one counter and one window a key: nothing is taken twice, nothing is sent or
 * taken behind a limit or an end of life, and what was not sealed by the peer does not open. */
#include "base/err.h"
#include "crypto/aead_null.h"
#include "forward/keyset.h"
#include "session/replay.h"
#include "tests/lib/cmocka.h"

#include <string.h>

#define A_INDEX 0x11111111
#define B_INDEX 0x22222222

static const struct mono start = { .us = 1000000 };
static const struct span hello = { .data = (const uint8_t *)"hello", .len = 5 };
static const struct frame_header probe = { .kind = FRAME_PROBE };
static const struct frame_header ip = { .kind = FRAME_IP };
static const struct suite null_suite = { .id = SUITE_AES_256_GCM, .packets = &aead_null };

static struct mono after_ms(uint64_t ms)
{
	return mono_add_ms(start, ms);
}

/* Two ends that share keys; the least of what a session hands over. */
struct pair {
	struct keyset *a, *b;
};

static struct keyset *new_end(bool first, const struct keyset_config *like)
{
	static const uint8_t keys[2][AEAD_KEY_BYTES] = { { 1, 2, 3 }, { 4, 5, 6 } };
	struct keyset_config config = *like;
	struct keyset *keyset = NULL;

	config.local_index = first ? A_INDEX : B_INDEX;
	config.remote_index = first ? B_INDEX : A_INDEX;
	config.send_key = keys[first ? 0 : 1];
	config.receive_key = keys[first ? 1 : 0];
	if (config.suite == NULL)
		config.suite = &suites_all[0];
	if (config.stop.us == 0)
		config.stop = after_ms(5400000);
	assert_int_equal(keyset_new(&config, &keyset), 0);
	return keyset;
}

static struct pair new_pair(const struct keyset_config *like)
{
	return (struct pair){ new_end(true, like), new_end(false, like) };
}

static void free_pair(const struct pair *pair)
{
	keyset_unref(pair->a);
	keyset_unref(pair->b);
}

/* A datagram on its way. */
struct sealed {
	uint8_t bytes[DATAGRAM_BYTES_MAX];
	size_t len;
};

static int seal(struct keyset *keyset, struct mono now, const struct frame_header *frame,
		struct span payload, struct sealed *ret)
{
	ret->len = payload.len + frame->padding + KEYSET_OVERHEAD;
	return keyset_seal(keyset, now, frame, payload, ret->bytes);
}

/* Opens a copy, so that the datagram can come again. */
static int open_copy(struct keyset *keyset, struct mono now, const struct sealed *sealed)
{
	struct sealed copy = *sealed;
	struct keyset_opened opened;

	return keyset_open(keyset, now, copy.bytes, copy.len, &opened);
}

/* What a peer without our limits could send: seals under a's key with any counter. */
static void seal_by_hand(uint64_t counter, struct span plain, struct sealed *ret)
{
	static const uint8_t key[AEAD_KEY_BYTES] = { 1, 2, 3 };
	const struct datagram_header header = { .receiver = B_INDEX, .counter = counter };
	uint8_t nonce[AEAD_NONCE_BYTES];
	struct aead aead = { 0 };

	assert_int_equal(aead_init(&aead, &aead_aes_256_gcm, key), 0);
	datagram_header_encode(&header, ret->bytes);
	aead_counter_nonce(counter, nonce);
	assert_int_equal(aead_seal(&aead, nonce, span_of(ret->bytes, DATAGRAM_HEADER_BYTES), plain,
				   ret->bytes + DATAGRAM_HEADER_BYTES),
			 0);
	ret->len = DATAGRAM_HEADER_BYTES + plain.len + AEAD_TAG_BYTES;
	aead_free(&aead);
}

/* A frame of kind EMPTY, sealed by hand. */
static void empty_by_hand(uint64_t counter, struct sealed *ret)
{
	static const uint8_t frame[FRAME_HEADER_BYTES] = { FRAME_EMPTY };

	seal_by_hand(counter, span_of(frame, sizeof(frame)), ret);
}

static void what_one_end_seals_the_other_opens(void **state)
{
	static const struct frame_header frame = {
		.kind = FRAME_IP, .flags = FRAME_FLAG_CONTINUES, .header_len = 3, .payload_len = 999
	};
	const struct suite *const all[] = { &suites_all[0], &suites_all[1], &null_suite };

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		const struct pair pair = new_pair(&(struct keyset_config){ .suite = all[i] });
		struct keyset_opened opened;
		struct sealed sealed;

		assert_int_equal(keyset_local_index(pair.a), A_INDEX);
		assert_int_equal(seal(pair.a, start, &frame, hello, &sealed), 0);
		assert_int_equal(keyset_open(pair.b, start, sealed.bytes, sealed.len, &opened), 0);
		assert_int_equal(opened.frame.kind, FRAME_IP);
		assert_int_equal(opened.frame.flags, FRAME_FLAG_CONTINUES);
		assert_int_equal(opened.frame.header_len, 3);
		assert_int_equal(opened.frame.payload_len, hello.len);
		assert_memory_equal(opened.payload, hello.data, hello.len);
		assert_ptr_equal(opened.payload, sealed.bytes + 16 + 8);
		assert_true(opened.newest);
		free_pair(&pair);
	}
}

static void payloads_of_every_length_arrive(void **state)
{
	const struct pair pair = new_pair(&(struct keyset_config){ 0 });
	uint8_t bytes[KEYSET_PAYLOAD_BYTES_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i + 1);
	for (size_t len = 0; len <= sizeof(bytes); len++) {
		struct keyset_opened opened;
		struct sealed sealed;

		memset(&sealed, 0, sizeof(sealed));
		assert_int_equal(seal(pair.a, start, &probe, span_of(bytes, len), &sealed), 0);
		assert_int_equal(keyset_open(pair.b, start, sealed.bytes, sealed.len, &opened), 0);
		assert_int_equal(opened.frame.payload_len, len);
		assert_true(span_equal(span_of(opened.payload, len), span_of(bytes, len)));
	}
	free_pair(&pair);
}

/* Type 6, three zeros, the index of the receiver's choice, the counter; then nothing readable. */
static void the_header_is_that_of_the_protocol(void **state)
{
	static const uint8_t want[16] = { 6, 0, 0, 0, 0x22, 0x22, 0x22, 0x22, [15] = 1 };
	const struct pair pair = new_pair(&(struct keyset_config){ 0 });
	struct sealed sealed;

	(void)state;
	assert_int_equal(seal(pair.a, start, &probe, hello, &sealed), 0);
	assert_int_equal(seal(pair.a, start, &probe, hello, &sealed), 0);
	assert_memory_equal(sealed.bytes, want, sizeof(want));
	assert_int_equal(sealed.len, 16 + 8 + 5 + 16);
	for (size_t i = 16; i + hello.len <= sealed.len; i++)
		assert_memory_not_equal(sealed.bytes + i, hello.data, hello.len);
	free_pair(&pair);
}

static void every_damaged_byte_is_noticed(void **state)
{
	const struct pair pair = new_pair(&(struct keyset_config){ 0 });
	struct sealed sealed;
	uint64_t forged = 0;

	(void)state;
	assert_int_equal(seal(pair.a, start, &probe, hello, &sealed), 0);
	for (size_t i = 0; i < sealed.len; i++)
		for (unsigned bit = 0; bit < 8; bit++) {
			int err;

			sealed.bytes[i] ^= (uint8_t)(1U << bit);
			err = open_copy(pair.b, start, &sealed);
			if (i < 4) /* type and zeros */
				assert_int_equal(err, ERR_MALFORMED);
			else if (i >= 8 && i < 16 && err == ERR_EXHAUSTED)
				forged--; /* a counter behind the limit is not tried */
			else
				assert_int_equal(err, ERR_AUTH);
			forged += i >= 4;
			sealed.bytes[i] ^= (uint8_t)(1U << bit);
		}
	assert_int_equal(keyset_counters(pair.b).forged, forged);
	assert_int_equal(keyset_counters(pair.b).packets_received, 0);
	assert_int_equal(open_copy(pair.b, start, &sealed), 0); /* none of them moved the window */
	free_pair(&pair);
}

static void every_truncation_is_refused(void **state)
{
	const struct pair pair = new_pair(&(struct keyset_config){ 0 });
	struct sealed sealed;

	(void)state;
	assert_int_equal(seal(pair.a, start, &probe, hello, &sealed), 0);
	for (sealed.len = 0; sealed.len < 16 + 8 + 5 + 16; sealed.len++)
		assert_int_equal(open_copy(pair.b, start, &sealed),
				 sealed.len < 32 ? ERR_MALFORMED : ERR_AUTH);
	assert_int_equal(open_copy(pair.b, start, &sealed), 0);
	free_pair(&pair);
}

static void a_packet_is_taken_once(void **state)
{
	const struct pair pair = new_pair(&(struct keyset_config){ 0 });
	struct sealed sealed;

	(void)state;
	assert_int_equal(seal(pair.a, start, &probe, hello, &sealed), 0);
	assert_int_equal(open_copy(pair.b, start, &sealed), 0);
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(open_copy(pair.b, start, &sealed), ERR_REPLAY);
	assert_int_equal(keyset_counters(pair.b).replayed, 10);
	assert_int_equal(keyset_counters(pair.b).packets_received, 1);
	/* Reflected, it is of the other direction. */
	assert_int_equal(open_copy(pair.a, start, &sealed), ERR_AUTH);
	free_pair(&pair);
}

static void the_edges_of_the_window(void **state)
{
	static const struct {
		uint64_t counter;
		int err;
		bool newest;
	} steps[] = {
		{ 0, 0, true },
		{ 0, ERR_REPLAY, false },
		{ 1, 0, true },
		{ REPLAY_WINDOW, 0, true }, /* the window is 1..8192 */
		{ 0, ERR_REPLAY, false },
		{ 1, ERR_REPLAY, false },
		{ 2, 0, false },
		{ REPLAY_WINDOW - 1, 0, false },
		{ REPLAY_WINDOW + 3, 0, true }, /* the window is 4..8195 */
		{ 3, ERR_REPLAY, false },       /* never came, and is too old now */
		{ 4, 0, false },
		{ 4, ERR_REPLAY, false },
		{ UINT64_C(1) << 32, 0, true }, /* a jump */
		{ REPLAY_WINDOW + 2, ERR_REPLAY, false },
		{ (UINT64_C(1) << 32) - REPLAY_WINDOW, ERR_REPLAY, false },
		{ (UINT64_C(1) << 32) - REPLAY_WINDOW + 1, 0, false },
		{ UINT64_C(1) << 32, ERR_REPLAY, false },
	};
	const struct pair pair = new_pair(&(struct keyset_config){ 0 });

	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct keyset_opened opened;
		struct sealed sealed;

		empty_by_hand(steps[i].counter, &sealed);
		assert_int_equal(keyset_open(pair.b, start, sealed.bytes, sealed.len, &opened),
				 steps[i].err);
		if (steps[i].err == 0)
			assert_int_equal(opened.newest, steps[i].newest);
	}
	free_pair(&pair);
}

/* A forger who states a high counter must not make honest packets too old. */
static void what_does_not_open_does_not_move_the_window(void **state)
{
	const struct pair pair = new_pair(&(struct keyset_config){ 0 });
	struct sealed honest;
	struct sealed forged;

	(void)state;
	empty_by_hand(0, &honest);
	empty_by_hand(UINT64_C(1) << 35, &forged);
	forged.bytes[forged.len - 1] ^= 1;
	assert_int_equal(open_copy(pair.b, start, &forged), ERR_AUTH);
	assert_int_equal(open_copy(pair.b, start, &honest), 0);
	free_pair(&pair);
}

static void counters_end_at_the_limit_and_do_not_wrap(void **state)
{
	const struct pair pair = new_pair(&(struct keyset_config){ .packets_max = 3 });
	struct sealed sealed;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(seal(pair.a, start, &probe, hello, &sealed), 0);
		assert_int_equal(open_copy(pair.b, start, &sealed), 0);
	}
	for (unsigned i = 0; i < 1000; i++)
		assert_int_equal(seal(pair.a, start, &probe, hello, &sealed), ERR_EXHAUSTED);
	assert_int_equal(keyset_counters(pair.a).packets_sent, 3);
	free_pair(&pair);
}

/* All counters of a run, or none; what is left over is lost, so that none is ever used twice. */
static void a_run_has_counters_that_follow_one_another(void **state)
{
	const struct pair pair = new_pair(&(struct keyset_config){ .packets_max = 10 });
	struct datagram_header header;
	struct keyset_run run;
	struct sealed sealed = { .len = hello.len + KEYSET_OVERHEAD };

	(void)state;
	assert_int_equal(keyset_run_begin(pair.a, start, 4, &run), 0);
	for (uint64_t i = 0; i < 3; i++) { /* and not the fourth */
		assert_int_equal(keyset_run_seal(&run, &probe, hello, sealed.bytes), 0);
		assert_int_equal(datagram_header_decode(span_of(sealed.bytes, sealed.len), &header),
				 0);
		assert_int_equal(header.counter, i);
		assert_int_equal(open_copy(pair.b, start, &sealed), 0);
	}
	keyset_run_end(&run);
	assert_int_equal(keyset_counters(pair.a).packets_sent, 3);
	assert_int_equal(keyset_counters(pair.a).bytes_sent, 3 * sealed.len);
	assert_int_equal(keyset_run_begin(pair.a, start, 7, &run), ERR_EXHAUSTED);
	assert_int_equal(seal(pair.a, start, &probe, hello, &sealed), 0);
	assert_int_equal(datagram_header_decode(span_of(sealed.bytes, sealed.len), &header), 0);
	assert_int_equal(header.counter, 4);
	assert_int_equal(keyset_run_begin(pair.a, start, 5, &run), 0);
	keyset_run_end(&run);
	assert_int_equal(keyset_run_begin(pair.a, start, 1, &run), ERR_EXHAUSTED);
	assert_int_equal(keyset_run_begin(pair.b, after_ms(5400000), 1, &run), ERR_EXPIRED);
	free_pair(&pair);
}

/* The milestone of each KEYSET_SENT_STEP is told by the run that passes it. */
static void a_run_passes_the_step(void **state)
{
	const struct pair pair = new_pair(&(struct keyset_config){ 0 });
	struct keyset_run run;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(
			keyset_run_begin(pair.a, start, (uint32_t)KEYSET_SENT_STEP - 1 + i, &run),
			0);
		keyset_run_end(&run);
		assert_int_equal(keyset_take_milestones(pair.a), i == 0 ? 0 : KEYSET_SENT);
	}
	assert_int_equal(keyset_run_begin(pair.a, start, 1, &run), 0);
	keyset_run_end(&run); /* the counters are 2 * step now: passed just now */
	assert_int_equal(keyset_take_milestones(pair.a), KEYSET_SENT);
	free_pair(&pair);
}

static void received_counters_end_at_the_limit(void **state)
{
	static const struct {
		uint64_t counter;
		int err;
	} cases[] = {
		{ UINT64_MAX, ERR_EXHAUSTED },
		{ KEYSET_PACKETS_MAX, ERR_EXHAUSTED },
		{ KEYSET_PACKETS_MAX - 1, 0 },
		{ KEYSET_PACKETS_MAX - 2, 0 },
	};
	const struct pair pair = new_pair(&(struct keyset_config){ .packets_max = UINT64_MAX });
	struct sealed sealed;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		empty_by_hand(cases[i].counter, &sealed);
		assert_int_equal(open_copy(pair.b, start, &sealed), cases[i].err);
	}
	free_pair(&pair);
}

static void a_key_is_given_up_after_too_many_forgeries(void **state)
{
	const struct pair pair = new_pair(&(struct keyset_config){ .failures_max = 3 });
	struct sealed sealed;
	struct sealed forged;

	(void)state;
	assert_int_equal(seal(pair.a, start, &probe, hello, &sealed), 0);
	forged = sealed;
	forged.bytes[forged.len - 1] ^= 1;
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(open_copy(pair.b, start, &forged), ERR_AUTH);
	assert_int_equal(open_copy(pair.b, start, &sealed), 0);
	assert_int_equal(open_copy(pair.b, start, &sealed), ERR_REPLAY); /* is no forgery */
	assert_int_equal(open_copy(pair.b, start, &forged), ERR_REPLAY);
	assert_int_equal(seal(pair.a, start, &probe, hello, &forged), 0);
	forged.bytes[forged.len - 1] ^= 1;
	assert_int_equal(open_copy(pair.b, start, &forged), ERR_AUTH);
	forged.bytes[forged.len - 1] ^= 1;
	assert_int_equal(open_copy(pair.b, start, &forged), ERR_EXHAUSTED);
	free_pair(&pair);
}

static void keys_end_at_their_stop(void **state)
{
	const struct mono stop = after_ms(5000);
	const struct mono before = { .us = stop.us - 1 };
	const struct pair pair = new_pair(&(struct keyset_config){ .stop = stop });
	struct sealed sealed;
	struct sealed late;

	(void)state;
	assert_int_equal(seal(pair.a, before, &probe, hello, &sealed), 0);
	assert_int_equal(seal(pair.a, before, &probe, hello, &late), 0);
	assert_int_equal(seal(pair.a, stop, &probe, hello, &sealed), ERR_EXPIRED);
	assert_int_equal(seal(pair.a, MONO_NEVER, &probe, hello, &sealed), ERR_EXPIRED);
	assert_int_equal(open_copy(pair.b, stop, &late), ERR_EXPIRED);
	assert_int_equal(open_copy(pair.b, before, &late), 0);
	free_pair(&pair);
}

/* The 180 s run from the first IP packet, not from the newest, on whichever side it is seen. */
static void keys_end_180_s_after_the_first_ip_packet(void **state)
{
	const struct mono stop = after_ms(7000 + KEYSET_STOP_AFTER_IP_MS);
	const struct mono before = { .us = stop.us - 1 };
	const struct pair pair = new_pair(&(struct keyset_config){ 0 });
	struct sealed sealed;
	struct sealed late;

	(void)state;
	assert_int_equal(seal(pair.a, start, &probe, hello, &sealed), 0);
	assert_int_equal(open_copy(pair.b, start, &sealed), 0);
	assert_false(keyset_counters(pair.a).ip_seen);
	assert_false(keyset_counters(pair.b).ip_seen);
	assert_int_equal(seal(pair.a, after_ms(7000), &ip, hello, &sealed), 0);
	assert_true(keyset_counters(pair.a).ip_seen);
	assert_false(keyset_counters(pair.b).ip_seen);
	assert_int_equal(open_copy(pair.b, after_ms(7000), &sealed), 0);
	assert_true(keyset_counters(pair.b).ip_seen);

	assert_int_equal(seal(pair.a, after_ms(90000), &ip, hello, &sealed), 0);
	assert_int_equal(open_copy(pair.b, after_ms(90000), &sealed), 0);
	assert_int_equal(seal(pair.a, before, &ip, hello, &late), 0);
	assert_int_equal(seal(pair.a, stop, &ip, hello, &sealed), ERR_EXPIRED);
	assert_int_equal(seal(pair.a, stop, &probe, hello, &sealed), ERR_EXPIRED);
	assert_int_equal(open_copy(pair.b, stop, &late), ERR_EXPIRED);
	assert_int_equal(open_copy(pair.b, before, &late), 0);
	assert_int_equal(seal(pair.b, stop, &probe, hello, &sealed), ERR_EXPIRED);
	free_pair(&pair);
}

static void without_an_ip_packet_only_the_stop_counts(void **state)
{
	const struct pair pair = new_pair(&(struct keyset_config){ 0 });
	struct sealed sealed;

	(void)state;
	assert_int_equal(seal(pair.a, start, &probe, hello, &sealed), 0);
	assert_int_equal(open_copy(pair.b, after_ms(5399999), &sealed), 0);
	assert_int_equal(seal(pair.a, after_ms(5399999), &probe, hello, &sealed), 0);
	free_pair(&pair);
}

static void payloads_are_as_long_as_a_datagram_allows(void **state)
{
	static const uint8_t zeros[KEYSET_PAYLOAD_BYTES_MAX + 1];
	const struct pair pair = new_pair(&(struct keyset_config){ 0 });
	struct keyset_opened opened;
	struct sealed sealed;

	(void)state;
	assert_int_equal(seal(pair.a, start, &ip, span_of(zeros, sizeof(zeros)), &sealed),
			 ERR_TOO_LONG);
	assert_int_equal(seal(pair.a, start, &ip, span_of(zeros, sizeof(zeros) - 1), &sealed), 0);
	assert_int_equal(sealed.len, DATAGRAM_BYTES_MAX);
	assert_int_equal(keyset_open(pair.b, start, sealed.bytes, sealed.len, &opened), 0);
	assert_int_equal(opened.frame.payload_len, sizeof(zeros) - 1);
	assert_int_equal(seal(pair.a, start, &probe, span_of(NULL, 0), &sealed), 0);
	assert_int_equal(keyset_open(pair.b, start, sealed.bytes, sealed.len, &opened), 0);
	assert_int_equal(opened.frame.payload_len, 0);
	free_pair(&pair);
}

/* Well sealed, but no frame: dropped, and the window has moved all the same. */
static void frames_that_make_no_sense_are_malformed(void **state)
{
	static const uint8_t plain[3][12] = {
		{ FRAME_IP, [6] = 5, 0, 1, 2, 3, 4 }, /* states one byte more than there are */
		{ FRAME_IP, [6] = 4, 1, 1, 2, 3, 4 }, /* its last byte is not zero */
		{ FRAME_IP, 0, 0 },                   /* three bytes: no header */
	};
	static const size_t lens[3] = { 12, 12, 3 };
	const struct pair pair = new_pair(&(struct keyset_config){ 0 });

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct sealed sealed;

		seal_by_hand(i, span_of(plain[i], lens[i]), &sealed);
		assert_int_equal(open_copy(pair.b, start, &sealed), ERR_MALFORMED);
		assert_int_equal(open_copy(pair.b, start, &sealed), ERR_REPLAY);
	}
	assert_false(keyset_counters(pair.b).ip_seen);
	free_pair(&pair);
}

static void padding_is_ignored(void **state)
{
	static const uint8_t plain[100] = { FRAME_PROBE, [6] = 2, [8] = 'o', 'k' };
	const struct pair pair = new_pair(&(struct keyset_config){ 0 });

	(void)state;
	for (uint64_t i = 0; i < 90; i++) {
		struct keyset_opened opened;
		struct sealed sealed;

		seal_by_hand(i, span_of(plain, 10 + i), &sealed);
		assert_int_equal(keyset_open(pair.b, start, sealed.bytes, sealed.len, &opened), 0);
		assert_int_equal(opened.frame.payload_len, 2);
		assert_memory_equal(opened.payload, "ok", 2);
	}
	free_pair(&pair);
}

/* What is sealed with padding opens as what it was; both together fill a datagram at most. */
static void padding_is_sealed(void **state)
{
	static const size_t paddings[] = { 1, 24, KEYSET_PAYLOAD_BYTES_MAX - 2,
					   KEYSET_PAYLOAD_BYTES_MAX - 1 };
	const struct pair pair = new_pair(&(struct keyset_config){ 0 });
	const struct span ok = span_of((const uint8_t *)"ok", 2);

	(void)state;
	for (size_t i = 0; i < sizeof(paddings) / sizeof(paddings[0]); i++) {
		const struct frame_header frame = { .kind = FRAME_PROBE,
						    .padding = (uint16_t)paddings[i] };
		const bool fits = paddings[i] + 2 <= KEYSET_PAYLOAD_BYTES_MAX;
		struct keyset_opened opened;
		struct sealed sealed;

		memset(sealed.bytes, 0xff, sizeof(sealed.bytes));
		if (!fits) {
			assert_int_equal(keyset_seal(pair.a, start, &frame, ok, sealed.bytes),
					 ERR_TOO_LONG);
			continue;
		}
		assert_int_equal(seal(pair.a, start, &frame, ok, &sealed), 0);
		assert_int_equal(keyset_open(pair.b, start, sealed.bytes, sealed.len, &opened), 0);
		assert_int_equal(opened.frame.payload_len, 2);
		assert_memory_equal(opened.payload, "ok", 2);
		for (size_t k = 0; k < paddings[i]; k++)
			assert_int_equal(opened.payload[2 + k], 0);
	}
	assert_int_equal(keyset_counters(pair.a).bytes_sent,
			 3 * (KEYSET_OVERHEAD + 2) + 1 + 24 + KEYSET_PAYLOAD_BYTES_MAX - 2);
	free_pair(&pair);
}

static void milestones_are_told_once(void **state)
{
	const struct pair pair = new_pair(&(struct keyset_config){ .suite = &null_suite });
	struct sealed sealed;

	(void)state;
	assert_int_equal(keyset_take_milestones(pair.a), 0);
	assert_int_equal(seal(pair.a, start, &probe, hello, &sealed), 0);
	assert_int_equal(keyset_take_milestones(pair.a), 0);
	assert_int_equal(open_copy(pair.b, start, &sealed), 0);
	assert_int_equal(keyset_take_milestones(pair.b), KEYSET_OPENED);
	assert_int_equal(keyset_take_milestones(pair.b), 0);
	assert_int_equal(seal(pair.a, start, &ip, hello, &sealed), 0);
	assert_int_equal(keyset_take_milestones(pair.a), KEYSET_IP | KEYSET_ACTIVE);
	assert_int_equal(open_copy(pair.b, start, &sealed), 0);
	assert_int_equal(keyset_take_milestones(pair.b), KEYSET_IP | KEYSET_ACTIVE);
	assert_int_equal(seal(pair.a, start, &ip, hello, &sealed), 0);
	assert_int_equal(open_copy(pair.b, start, &sealed), 0);
	assert_int_equal(keyset_take_milestones(pair.b), 0);

	for (uint64_t sent = 3; sent < KEYSET_SENT_STEP - 1; sent++)
		assert_int_equal(seal(pair.a, start, &probe, hello, &sealed), 0);
	assert_int_equal(keyset_take_milestones(pair.a), 0);
	assert_int_equal(seal(pair.a, start, &probe, hello, &sealed), 0);
	assert_int_equal(keyset_take_milestones(pair.a), KEYSET_SENT);
	assert_int_equal(keyset_counters(pair.a).packets_sent, KEYSET_SENT_STEP);
	free_pair(&pair);
}

/* Traffic begins anew after a second without, whichever way the last packet went; what is no IP
 * packet neither begins it nor keeps it up. */
static void traffic_that_begins_is_a_milestone(void **state)
{
	static const struct {
		uint64_t ms;
		bool to_b, is_ip;
		unsigned want_a; /* beside OPENED and IP */
	} steps[] = {
		{ 0, true, true, KEYSET_ACTIVE },
		{ KEYSET_QUIET_MS - 1, true, true, 0 },
		{ 2 * KEYSET_QUIET_MS - 2, false, true, 0 }, /* each way keeps the other busy */
		{ 3 * KEYSET_QUIET_MS - 3, true, true, 0 },
		{ 4 * KEYSET_QUIET_MS - 3, true, true, KEYSET_ACTIVE },
		{ 5 * KEYSET_QUIET_MS - 4, true, false, 0 },
		{ 5 * KEYSET_QUIET_MS - 3, true, false, 0 },
		{ 5 * KEYSET_QUIET_MS - 3, false, true, KEYSET_ACTIVE },
	};
	const struct pair pair = new_pair(&(struct keyset_config){ 0 });

	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		const struct mono now = after_ms(steps[i].ms);
		struct keyset *from = steps[i].to_b ? pair.a : pair.b;
		struct keyset *to = steps[i].to_b ? pair.b : pair.a;
		struct sealed sealed;

		assert_int_equal(seal(from, now, steps[i].is_ip ? &ip : &probe, hello, &sealed), 0);
		assert_int_equal(open_copy(to, now, &sealed), 0);
		assert_int_equal(keyset_take_milestones(pair.a) & KEYSET_ACTIVE, steps[i].want_a);
	}
	free_pair(&pair);
}

static void everything_is_counted(void **state)
{
	const struct pair pair = new_pair(&(struct keyset_config){ 0 });
	struct keyset_counters counters = keyset_counters(pair.a);
	struct sealed sealed;

	(void)state;
	assert_int_equal(counters.last_sent.us, 0);
	assert_int_equal(counters.last_received.us, 0);
	assert_int_equal(seal(pair.a, after_ms(1), &probe, hello, &sealed), 0);
	assert_int_equal(seal(pair.a, after_ms(2), &probe, span_of(NULL, 0), &sealed), 0);
	assert_int_equal(open_copy(pair.b, after_ms(3), &sealed), 0);
	counters = keyset_counters(pair.a);
	assert_int_equal(counters.packets_sent, 2);
	assert_int_equal(counters.bytes_sent, 45 + 40);
	assert_int_equal(counters.last_sent.us, after_ms(2).us);
	assert_false(counters.opened);
	counters = keyset_counters(pair.b);
	assert_int_equal(counters.packets_received, 1);
	assert_int_equal(counters.expected, 2); /* the first one has not come */
	assert_int_equal(counters.bytes_received, 40);
	assert_int_equal(counters.last_received.us, after_ms(3).us);
	assert_true(counters.opened);
	assert_int_equal(counters.packets_sent, 0);
	assert_int_equal(counters.last_ip_received.us, 0);
	assert_int_equal(seal(pair.a, after_ms(4), &ip, hello, &sealed), 0);
	assert_int_equal(open_copy(pair.b, after_ms(5), &sealed), 0);
	assert_int_equal(seal(pair.a, after_ms(6), &probe, hello, &sealed), 0);
	assert_int_equal(open_copy(pair.b, after_ms(7), &sealed), 0);
	counters = keyset_counters(pair.a);
	assert_int_equal(counters.last_ip_sent.us, after_ms(4).us);
	assert_int_equal(counters.last_ip_received.us, 0);
	counters = keyset_counters(pair.b);
	assert_int_equal(counters.last_ip_received.us, after_ms(5).us);
	assert_int_equal(counters.last_ip_sent.us, 0);
	free_pair(&pair);
}

/* Those of key sets that follow each other. */
static void figures_are_summed_and_of_moments_the_later_counts(void **state)
{
	struct keyset_counters sum = { .packets_sent = 1,
				       .bytes_sent = 2,
				       .packets_received = 3,
				       .bytes_received = 4,
				       .replayed = 5,
				       .forged = 6,
				       .expected = 7,
				       .last_received = after_ms(1),
				       .last_ip_sent = after_ms(4) };
	const struct keyset_counters more = { .packets_sent = 10,
					      .bytes_sent = 20,
					      .packets_received = 30,
					      .bytes_received = 40,
					      .replayed = 50,
					      .forged = 60,
					      .expected = 70,
					      .opened = true,
					      .last_received = after_ms(2),
					      .last_ip_sent = after_ms(3) };

	(void)state;
	keyset_counters_add(&sum, &more);
	assert_int_equal(sum.packets_sent, 11);
	assert_int_equal(sum.bytes_sent, 22);
	assert_int_equal(sum.packets_received, 33);
	assert_int_equal(sum.bytes_received, 44);
	assert_int_equal(sum.replayed, 55);
	assert_int_equal(sum.forged, 66);
	assert_int_equal(sum.expected, 77);
	assert_true(sum.opened);
	assert_false(sum.ip_seen);
	assert_int_equal(sum.last_received.us, after_ms(2).us);
	assert_int_equal(sum.last_ip_sent.us, after_ms(4).us);
	assert_int_equal(sum.last_sent.us, 0);
}

static void the_last_reference_frees(void **state)
{
	const struct pair pair = new_pair(&(struct keyset_config){ .senders = KEYSET_SENDERS_MAX });
	struct sealed sealed;

	(void)state;
	assert_ptr_equal(keyset_ref(pair.a), pair.a);
	keyset_unref(pair.a);
	assert_int_equal(seal(pair.a, start, &probe, hello, &sealed), 0);
	keyset_unref(NULL);
	free_pair(&pair); /* the leak checker of the sanitized build looks on */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_one_end_seals_the_other_opens),
		cmocka_unit_test(payloads_of_every_length_arrive),
		cmocka_unit_test(the_header_is_that_of_the_protocol),
		cmocka_unit_test(every_damaged_byte_is_noticed),
		cmocka_unit_test(every_truncation_is_refused),
		cmocka_unit_test(a_packet_is_taken_once),
		cmocka_unit_test(the_edges_of_the_window),
		cmocka_unit_test(what_does_not_open_does_not_move_the_window),
		cmocka_unit_test(counters_end_at_the_limit_and_do_not_wrap),
		cmocka_unit_test(a_run_has_counters_that_follow_one_another),
		cmocka_unit_test(a_run_passes_the_step),
		cmocka_unit_test(received_counters_end_at_the_limit),
		cmocka_unit_test(a_key_is_given_up_after_too_many_forgeries),
		cmocka_unit_test(keys_end_at_their_stop),
		cmocka_unit_test(keys_end_180_s_after_the_first_ip_packet),
		cmocka_unit_test(without_an_ip_packet_only_the_stop_counts),
		cmocka_unit_test(payloads_are_as_long_as_a_datagram_allows),
		cmocka_unit_test(frames_that_make_no_sense_are_malformed),
		cmocka_unit_test(padding_is_ignored),
		cmocka_unit_test(padding_is_sealed),
		cmocka_unit_test(milestones_are_told_once),
		cmocka_unit_test(traffic_that_begins_is_a_milestone),
		cmocka_unit_test(everything_is_counted),
		cmocka_unit_test(figures_are_summed_and_of_moments_the_later_counts),
		cmocka_unit_test(the_last_reference_frees),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
