/* test_cutter.c - segments are those that a network card would have made, and what does not fit
 * together is refused. */
#include "base/err.h"
#include "forward/cutter.h"
#include "tests/lib/cmocka.h"
#include "tests/lib/super.h"

static const uint8_t v4[2][4] = { { 10, 0, 0, 1 }, { 10, 0, 0, 2 } };
static const uint8_t v6[2][16] = { { 0xfd, [15] = 1 }, { 0xfd, [15] = 2 } };
static uint8_t packet[SUPER_BYTES_MAX + 64];

static struct super super_of(bool is_v6, bool tcp, size_t segment_bytes, size_t payload)
{
	return (struct super){ .v6 = is_v6,
			       .tcp = tcp,
			       .options = 12,
			       .segment_bytes = segment_bytes,
			       .payload = payload,
			       .source = is_v6 ? v6[0] : v4[0],
			       .destination = is_v6 ? v6[1] : v4[1] };
}

static struct offload offload_of(const struct super *super)
{
	struct offload offload = {
		.partial_checksum = true,
		.checksum_start = (uint16_t)super_transport_at(super),
		.checksum_offset = super->tcp ? 16 : 6,
	};

	if (super->segment_bytes > 0) {
		offload.kind = !super->tcp ? OFFLOAD_UDP : super->v6 ? OFFLOAD_TCP6 : OFFLOAD_TCP4;
		offload.segment_bytes = (uint16_t)super->segment_bytes;
	}
	return offload;
}

/* What cutter_begin() says of `packet` with this offload. */
static int begin(struct cutter *cutter, size_t len, const struct offload *offload, bool partial)
{
	struct ip_packet ip;

	assert_int_equal(ip_decode(span_of(packet, len), &ip), 0);
	return cutter_begin(cutter, span_of(packet, len), &ip, offload, partial);
}

static void check_segments(const struct super *super, bool partial)
{
	const size_t len = super_make(super, packet);
	const struct offload offload = offload_of(super);
	const size_t count = (super->payload + super->segment_bytes - 1) / super->segment_bytes;
	struct cutter cutter;
	uint8_t got[2048];
	uint8_t want[2048];

	assert_int_equal(begin(&cutter, len, &offload, partial), 0);
	assert_int_equal(cutter.partial, partial);
	assert_int_equal(cutter_count(&cutter), count);
	for (size_t n = 0; n < count; n++) {
		const size_t want_len = super_segment(super, packet, n, !partial, want);

		assert_in_range(cutter_longest(&cutter), want_len, sizeof(got));
		assert_int_equal(cutter_next(&cutter, got), want_len);
		assert_memory_equal(got, want, want_len);
	}
	assert_int_equal(cutter_next(&cutter, got), 0);
}

static void segments_are_those_of_a_network_card(void **state)
{
	static const size_t sizes[] = { 1, 99, 100, 101, 200, 1001 };
	static const uint8_t flags[] = { 0, SUPER_PSH, SUPER_FIN | SUPER_PSH, SUPER_CWR };

	(void)state;
	for (unsigned kind = 0; kind < 8; kind++) {
		for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			struct super super =
				super_of((kind & 1) != 0, (kind & 2) != 0, 100, sizes[i]);

			for (size_t f = 0; f < sizeof(flags); f++) {
				super.flags = flags[f];
				check_segments(&super, (kind & 4) != 0);
			}
		}
	}
}

static void the_largest_super_packet_is_cut(void **state)
{
	struct super super = super_of(false, true, 1308, UINT16_MAX - 52);

	(void)state;
	check_segments(&super, true);
	super = super_of(true, false, 1312, UINT16_MAX - 48);
	check_segments(&super, false);
	super = super_of(false, true, 1, 300); /* one byte each */
	check_segments(&super, true);
}

/* The way carries less than the kernel thinks: TCP's segments are cut as short as that. */
static void segments_of_tcp_are_cut_shorter(void **state)
{
	static const size_t most[] = { 151, 152, 1107, 1351, 1352, 1353 };

	(void)state;
	for (unsigned is_v6 = 0; is_v6 < 2; is_v6++) {
		for (size_t i = 0; i < sizeof(most) / sizeof(most[0]); i++) {
			struct super super = super_of(is_v6 == 1, true, 1300, 20000);
			const size_t header = super_header_len(&super);
			const size_t len = super_make(&super, packet);
			const struct offload offload = offload_of(&super);
			struct cutter cutter;
			uint8_t got[2048];
			uint8_t want[2048];

			assert_int_equal(begin(&cutter, len, &offload, true), 0);
			assert_true(cutter_shorten(&cutter, most[i]));
			if (header + super.segment_bytes > most[i])
				super.segment_bytes = most[i] - header;
			assert_int_equal(cutter_longest(&cutter), header + super.segment_bytes);
			assert_int_equal(cutter_count(&cutter),
					 (20000 + super.segment_bytes - 1) / super.segment_bytes);
			for (size_t n = 0; n < cutter_count(&cutter); n++) {
				const size_t want_len =
					super_segment(&super, packet, n, false, want);

				assert_int_equal(cutter_next(&cutter, got), want_len);
				assert_memory_equal(got, want, want_len);
			}
			assert_int_equal(cutter_next(&cutter, got), 0);
		}
	}
}

/* Where UDP is cut its programs see, and what is one packet is its sender's own. */
static void nothing_else_is_cut_shorter(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind < 3; kind++) {
		const struct super super = super_of(kind == 1, kind == 0, kind == 0 ? 0 : 1000,
						    kind == 0 ? 1000 : 3000);
		const size_t len = super_make(&super, packet);
		const struct offload offload = offload_of(&super);
		const size_t longest = super_header_len(&super) + 1000;
		struct cutter cutter;

		assert_int_equal(begin(&cutter, len, &offload, true), 0);
		assert_true(cutter_shorten(&cutter, longest));
		assert_false(cutter_shorten(&cutter, longest - 1));
		assert_int_equal(cutter_longest(&cutter), longest);
	}
}

/* Not a byte of payload would fit. */
static void headers_are_not_cut(void **state)
{
	const struct super super = super_of(false, true, 1000, 3000);
	const size_t len = super_make(&super, packet);
	const struct offload offload = offload_of(&super);
	struct cutter cutter;

	(void)state;
	assert_int_equal(begin(&cutter, len, &offload, true), 0);
	assert_false(cutter_shorten(&cutter, super_header_len(&super)));
	assert_true(cutter_shorten(&cutter, super_header_len(&super) + 1));
	assert_int_equal(cutter_count(&cutter), 3000);
}

/* A packet that is not to be cut comes out as it is, and perhaps with its checksum. */
static void one_packet_is_completed(void **state)
{
	struct super super = super_of(false, false, 0, 333);
	struct offload offload = offload_of(&super);
	const size_t len = super_make(&super, packet);
	struct cutter cutter;
	uint8_t got[2048];

	(void)state;
	assert_int_equal(begin(&cutter, len, &offload, true), 0);
	assert_int_equal(cutter_count(&cutter), 1);
	assert_int_equal(cutter_longest(&cutter), len);
	assert_int_equal(cutter_next(&cutter, got), len);
	assert_memory_equal(got, packet, len);
	assert_int_equal(cutter_next(&cutter, got), 0);

	assert_int_equal(begin(&cutter, len, &offload, true), 0);
	cutter_complete(&cutter); /* after all */
	assert_false(cutter.partial);
	assert_int_equal(cutter_next(&cutter, got), len);
	assert_int_equal(packet_sum(got + 20, len - 20,
				    (uint16_t)packet_sum((const uint8_t[]){ 0, 17, 1, 0x55 }, 4,
							 packet_sum(packet + 12, 8, 0))),
			 0xffff);

	offload.partial_checksum = false; /* it has its checksum: not a byte is changed */
	assert_int_equal(begin(&cutter, len, &offload, false), 0);
	cutter_complete(&cutter);
	assert_int_equal(cutter_next(&cutter, got), len);
	assert_memory_equal(got, packet, len);
}

/* UDP's zero would say that there is no checksum (RFC 768). */
static void a_udp_checksum_is_never_zero(void **state)
{
	struct super super = super_of(true, false, 0, 2);
	const struct offload offload = offload_of(&super);
	const size_t len = super_make(&super, packet);
	struct cutter cutter;
	uint8_t got[64];
	uint16_t sum;

	(void)state;
	packet_u16(packet + 48, 0);
	sum = packet_sum(packet + 40, len - 40, 0);
	packet_u16(packet + 48, 0xffffU - sum); /* now the checksum is zero */
	assert_int_equal(begin(&cutter, len, &offload, false), 0);
	(void)cutter_next(&cutter, got);
	assert_int_equal(got[46], 0xff);
	assert_int_equal(got[47], 0xff);
}

/* A checksum in a place of its own, as of a protocol that we do not know: it is completed here. */
static void a_checksum_elsewhere_is_completed(void **state)
{
	struct super super = super_of(false, false, 0, 100);
	const struct offload offload = { .partial_checksum = true,
					 .checksum_start = 40,
					 .checksum_offset = 2 };
	const size_t len = super_make(&super, packet);
	struct cutter cutter;
	uint8_t got[256];

	(void)state;
	packet_u16(packet + 42, 0);
	assert_int_equal(begin(&cutter, len, &offload, true), 0);
	assert_false(cutter.partial);
	(void)cutter_next(&cutter, got);
	assert_int_equal(packet_sum(got + 40, len - 40, 0), 0xffff);
}

static void what_does_not_fit_together_is_refused(void **state)
{
	struct super super = super_of(false, true, 100, 250);
	const struct offload right = offload_of(&super);
	const size_t len = super_make(&super, packet);
	struct offload wrong = right;
	struct cutter cutter;

	(void)state;
	assert_int_equal(begin(&cutter, len, &right, true), 0);
	wrong.segment_bytes = 0;
	assert_int_equal(begin(&cutter, len, &wrong, true), ERR_MALFORMED);
	wrong = right;
	wrong.partial_checksum = false;
	assert_int_equal(begin(&cutter, len, &wrong, true), ERR_MALFORMED);
	wrong = right;
	wrong.checksum_start++;
	assert_int_equal(begin(&cutter, len, &wrong, true), ERR_MALFORMED);
	wrong = right;
	wrong.checksum_offset = 6;
	assert_int_equal(begin(&cutter, len, &wrong, true), ERR_MALFORMED);
	wrong = right;
	wrong.kind = OFFLOAD_TCP6;
	assert_int_equal(begin(&cutter, len, &wrong, true), ERR_MALFORMED);
	wrong.kind = OFFLOAD_UDP;
	assert_int_equal(begin(&cutter, len, &wrong, true), ERR_MALFORMED);
	packet[6] = 0x20; /* more fragments: the payload is not all there */
	assert_int_equal(begin(&cutter, len, &right, true), ERR_MALFORMED);
	packet[6] = 0;
	packet[32] = 0x40; /* a TCP header of 16 bytes */
	assert_int_equal(begin(&cutter, len, &right, true), ERR_MALFORMED);
	packet[32] = 0xf0; /* of 60, and then there is payload */
	assert_int_equal(begin(&cutter, len, &right, true), 0);
	super.payload = 28; /* none: 20 + 60 is all there is */
	assert_int_equal(super_make(&super, packet), 80);
	packet[32] = 0xf0;
	assert_int_equal(begin(&cutter, 80, &right, true), ERR_MALFORMED);
}

static void a_checksum_outside_is_refused(void **state)
{
	struct super super = super_of(false, false, 0, 10);
	struct offload offload = offload_of(&super);
	const size_t len = super_make(&super, packet);
	struct cutter cutter;

	(void)state;
	offload.checksum_start = (uint16_t)(len - 2);
	offload.checksum_offset = 0;
	assert_int_equal(begin(&cutter, len, &offload, true), 0);
	offload.checksum_offset = 1;
	assert_int_equal(begin(&cutter, len, &offload, true), ERR_MALFORMED);
	offload.checksum_start = offload.checksum_offset = UINT16_MAX;
	assert_int_equal(begin(&cutter, len, &offload, true), ERR_MALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(segments_are_those_of_a_network_card),
		cmocka_unit_test(the_largest_super_packet_is_cut),
		cmocka_unit_test(segments_of_tcp_are_cut_shorter),
		cmocka_unit_test(nothing_else_is_cut_shorter),
		cmocka_unit_test(headers_are_not_cut),
		cmocka_unit_test(one_packet_is_completed),
		cmocka_unit_test(a_udp_checksum_is_never_zero),
		cmocka_unit_test(a_checksum_elsewhere_is_completed),
		cmocka_unit_test(what_does_not_fit_together_is_refused),
		cmocka_unit_test(a_checksum_outside_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
