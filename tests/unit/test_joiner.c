/* test_joiner.c - segments become the super-packet that they were cut from, and nothing else is
 * ever joined: each byte of a header is changed once, and only what cutting itself changes may
 * differ. */
#include "forward/joiner.h"
#include "tests/lib/cmocka.h"
#include "tests/lib/super.h"

#define SEGMENTS 4
#define EACH 100
#define ROOM 512

static const uint8_t v4[2][4] = { { 10, 0, 0, 1 }, { 10, 0, 0, 2 } };
static const uint8_t v6[2][16] = { { 0xfd, [15] = 1 }, { 0xfd, [15] = 2 } };
static const int somebody, another;

/* A super-packet and its segments, as they were opened. */
static struct {
	struct super super;
	uint8_t whole[SUPER_BYTES_MAX];
	size_t whole_len;
	uint8_t packets[SEGMENTS][ROOM];
	struct joiner_segment segments[SEGMENTS];
	struct offload offload;
	struct joiner joiner;
} t;

static void make(bool is_v6, bool tcp, size_t payload, uint8_t flags)
{
	t.super = (struct super){ .v6 = is_v6,
				  .tcp = tcp,
				  .flags = flags,
				  .options = 12,
				  .segment_bytes = EACH,
				  .payload = payload,
				  .source = is_v6 ? v6[0] : v4[0],
				  .destination = is_v6 ? v6[1] : v4[1] };
	t.whole_len = super_make(&t.super, t.whole);
	t.offload = (struct offload){ .partial_checksum = true };
	t.joiner = (struct joiner){ .joins_udp = true };
	for (size_t n = 0; n * EACH < payload; n++)
		t.segments[n] = (struct joiner_segment){
			.packet = t.packets[n],
			.len = super_segment(&t.super, t.whole, n, false, t.packets[n]),
			.header_len = (uint16_t)super_header_len(&t.super),
			.counter = 1000 + n,
			.sender = &somebody,
		};
}

static void open_first(void)
{
	struct ip_packet ip;

	assert_int_equal(ip_decode(span_of(t.packets[0], t.segments[0].len), &ip), 0);
	joiner_open(&t.joiner, &t.segments[0], &ip, &t.offload);
}

/* The whole again, from where its pieces are. */
static void check_whole(void)
{
	const size_t header = super_header_len(&t.super);
	const size_t count = (t.super.payload + EACH - 1) / EACH;

	assert_int_equal(t.offload.kind, !t.super.tcp ? OFFLOAD_UDP
					 : t.super.v6 ? OFFLOAD_TCP6
						      : OFFLOAD_TCP4);
	assert_int_equal(t.offload.segment_bytes, EACH);
	assert_int_equal(t.offload.header_len, header);
	assert_int_equal(t.offload.cwr, (t.super.flags & SUPER_CWR) != 0);
	assert_memory_equal(t.packets[0], t.whole, header);
	for (size_t n = 0; n < count; n++)
		assert_memory_equal(t.packets[n] + header, t.whole + header + n * EACH,
				    t.segments[n].len - header);
}

static void segments_become_the_whole(void **state)
{
	static const size_t payloads[] = { 101, 200, 201, 399, 400 };
	static const uint8_t flags[] = { 0, SUPER_PSH, SUPER_FIN | SUPER_PSH, SUPER_CWR };

	(void)state;
	for (unsigned kind = 0; kind < 4; kind++) {
		for (size_t i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++) {
			for (size_t f = 0; f < sizeof(flags); f++) {
				make((kind & 1) != 0, (kind & 2) != 0, payloads[i],
				     (kind & 2) != 0 ? flags[f] : 0);
				open_first();
				for (size_t n = 1; n * EACH < payloads[i]; n++)
					assert_true(joiner_add(&t.joiner, &t.segments[n]));
				joiner_end(&t.joiner);
				check_whole();
				assert_false(joiner_add(&t.joiner, &t.segments[1]));
			}
		}
	}
}

/* Who gets the whole may take TCP so, and not UDP. */
static void udp_is_joined_where_it_is_taken(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind < 8; kind++) {
		const bool tcp = (kind & 2) != 0;
		const bool joins_udp = (kind & 4) != 0;

		make((kind & 1) != 0, tcp, 400, 0);
		t.joiner.joins_udp = joins_udp;
		open_first();
		assert_int_equal(joiner_add(&t.joiner, &t.segments[1]), tcp || joins_udp);
		joiner_end(&t.joiner);
		assert_int_equal(t.offload.kind != OFFLOAD_NONE, tcp || joins_udp);
	}
}

/* Alone it stays as it is. */
static void one_segment_is_a_packet(void **state)
{
	uint8_t before[ROOM];

	(void)state;
	make(false, true, 250, 0);
	memcpy(before, t.packets[0], t.segments[0].len);
	open_first();
	joiner_end(&t.joiner);
	assert_int_equal(t.offload.kind, OFFLOAD_NONE);
	assert_memory_equal(t.packets[0], before, t.segments[0].len);
}

static bool may_differ(size_t at)
{
	const size_t transport = super_transport_at(&t.super);

	/* The IPv4 checksum is the kernel's to judge, and so is TCP's; the identification means
	 * nothing, for the packet may not be fragmented. */
	if (!t.super.v6 && ((at >= 10 && at < 12) || at == 4 || at == 5))
		return true;
	return at >= super_checksum_at(&t.super) && at < super_checksum_at(&t.super) + 2 &&
	       at > transport;
}

static void every_byte_of_a_header_counts(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind < 4; kind++) {
		for (size_t bit = 0;; bit++) {
			const size_t at = bit / 8;
			uint8_t mask = (uint8_t)(1U << bit % 8);
			bool joined;

			make((kind & 1) != 0, (kind & 2) != 0, 350, 0);
			if (at == super_header_len(&t.super))
				break;
			open_first();
			t.packets[1][at] ^= mask;
			joined = joiner_add(&t.joiner, &t.segments[1]);
			/* FIN or PSH says that it was the last of what was cut. */
			if (t.super.tcp && at == super_transport_at(&t.super) + 13 &&
			    (mask & (SUPER_FIN | SUPER_PSH)) != 0)
				assert_true(joined && t.joiner.ended);
			else
				assert_int_equal(joined, may_differ(at));
		}
	}
}

static void an_identification_counts_where_it_means_something(void **state)
{
	(void)state;
	for (unsigned wrong = 0; wrong < 2; wrong++) {
		make(false, false, 200, 0);
		t.packets[0][6] = t.packets[1][6] = 0; /* may be fragmented */
		open_first();
		t.packets[1][5] ^= (uint8_t)wrong;
		assert_int_equal(joiner_add(&t.joiner, &t.segments[1]), wrong == 0);
	}
}

static void counter_sender_and_lengths_count(void **state)
{
	struct joiner_segment second;

	(void)state;
	for (unsigned i = 0; i < 7; i++) {
		make(true, true, 350, 0);
		open_first();
		second = t.segments[1];
		second.counter += i == 1;
		second.counter -= i == 2;
		second.sender = i == 3 ? &another : second.sender;
		second.header_len = (uint16_t)(second.header_len + (i == 4) - (i == 5));
		second.len -= i == 6; /* not what its header says */
		assert_int_equal(joiner_add(&t.joiner, &second), i == 0);
		assert_true(i == 0 || joiner_add(&t.joiner, &t.segments[1])); /* the right one may
										 still come */
	}
}

/* What is shorter was the last; what is longer is none of these; what has no payload neither. */
static void sizes_say_where_it_ends(void **state)
{
	static const size_t lens[] = { 1, EACH - 1, EACH, EACH + 1, 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		make(false, false, 400, 0);
		open_first();
		t.segments[1].len = super_header_len(&t.super) + lens[i];
		super_set_len(&t.super, t.packets[1], t.segments[1].len);
		assert_int_equal(joiner_add(&t.joiner, &t.segments[1]),
				 lens[i] >= 1 && lens[i] <= EACH);
		if (lens[i] < EACH)
			assert_false(joiner_add(&t.joiner, &t.segments[2]));
	}
}

static void only_what_can_be_joined_is_opened(void **state)
{
	static const uint8_t flags[] = { 0x02, 0x04, 0x20 }; /* SYN, RST, URG */

	(void)state;
	for (size_t i = 0; i < sizeof(flags); i++) {
		make(false, true, 250, 0);
		t.packets[0][33] |= flags[i];
		t.packets[1][33] |= flags[i];
		open_first();
		assert_false(joiner_add(&t.joiner, &t.segments[1]));
	}
	make(false, true, 250, SUPER_PSH); /* it was the end of something */
	t.packets[0][33] |= SUPER_PSH;
	open_first();
	assert_false(joiner_add(&t.joiner, &t.segments[1]));
	make(false, true, 250, 0);
	t.segments[0].header_len--; /* not where its headers end */
	open_first();
	assert_false(joiner_add(&t.joiner, &t.segments[1]));
	make(false, false, 250, 0);
	t.packets[0][25]++; /* UDP's own length is another */
	open_first();
	assert_false(joiner_add(&t.joiner, &t.segments[1]));
}

/* 64 KiB, and so many pieces, whichever comes first. */
static void a_whole_has_bounds(void **state)
{
	static uint8_t big[2][2000];
	struct super super = {
		.segment_bytes = 1900, .payload = 3800, .source = v4[0], .destination = v4[1]
	};
	static uint8_t packet[SUPER_BYTES_MAX];
	struct joiner_segment segment = { .packet = big[0], .header_len = 28, .sender = &somebody };
	struct joiner joiner = { .joins_udp = true };
	struct offload offload = { .partial_checksum = true };
	struct ip_packet ip;
	size_t count = 1;

	(void)state;
	(void)super_make(&super, packet);
	segment.len = super_segment(&super, packet, 0, false, big[0]);
	assert_int_equal(ip_decode(span_of(big[0], segment.len), &ip), 0);
	joiner_open(&joiner, &segment, &ip, &offload);
	segment.packet = big[1];
	segment.len = super_segment(&super, packet, 1, false, big[1]);
	while (segment.counter++, joiner_add(&joiner, &segment))
		count++;
	assert_int_equal(count, (UINT16_MAX - 28) / 1900);

	joiner_end(&joiner);
	super.segment_bytes = 10;
	super.payload = 20;
	(void)super_make(&super, packet);
	segment = (struct joiner_segment){ .packet = big[0], .header_len = 28 };
	segment.len = super_segment(&super, packet, 0, false, big[0]);
	joiner_open(&joiner, &segment, &ip, &offload);
	assert_null(joiner.head); /* `ip` is of the other one */
	assert_int_equal(ip_decode(span_of(big[0], segment.len), &ip), 0);
	joiner_open(&joiner, &segment, &ip, &offload);
	segment.packet = big[1];
	segment.len = super_segment(&super, packet, 1, false, big[1]);
	count = 1;
	while (segment.counter++, joiner_add(&joiner, &segment))
		count++;
	assert_int_equal(count, JOINER_SEGMENTS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(segments_become_the_whole),
		cmocka_unit_test(udp_is_joined_where_it_is_taken),
		cmocka_unit_test(one_segment_is_a_packet),
		cmocka_unit_test(every_byte_of_a_header_counts),
		cmocka_unit_test(an_identification_counts_where_it_means_something),
		cmocka_unit_test(counter_sender_and_lengths_count),
		cmocka_unit_test(sizes_say_where_it_ends),
		cmocka_unit_test(only_what_can_be_joined_is_opened),
		cmocka_unit_test(a_whole_has_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
