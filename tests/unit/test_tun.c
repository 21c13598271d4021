/* test_tun.c - what is written to the interface, by a kernel that takes super-packets of UDP, one
 * that does not and says so, and one that only refuses them. No interface is made: calls of the
 * kernel end here. */
#include "tests/lib/cmocka.h"
#include "tests/lib/super.h"

#include "io/tun.h"

#include <errno.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

#define UDP_L4 5      /* VIRTIO_NET_HDR_GSO_UDP_L4 */
#define USO_BITS 0x60 /* TUN_F_USO4, TUN_F_USO6 */
#define SEGMENTS 5
#define EACH 1000
#define LAST 7
#define WRITES_MAX 8

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): the linker's names */
int __wrap_ioctl(int fd, unsigned long request, ...);
ssize_t __wrap_writev(int fd, const struct iovec *vectors, int count);

/* The kernel, and what it was given. */
static struct {
	bool has_uso, takes_uso, has_header, is_full;
	unsigned long offloads;
	struct {
		struct virtio_net_hdr header;
		uint8_t bytes[SUPER_BYTES_MAX];
		size_t len;
	} writes[WRITES_MAX];
	size_t count;
} kernel;

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list arguments;

	(void)fd;
	va_start(arguments, request);
	if (request == TUNGETIFF)
		va_arg(arguments, struct ifreq *)->ifr_flags =
			(short)(IFF_TUN | (kernel.has_header ? IFF_VNET_HDR : 0));
	else if (request == TUNSETOFFLOAD)
		kernel.offloads = va_arg(arguments, unsigned long);
	va_end(arguments);
	if (request == TUNSETOFFLOAD && (kernel.offloads & USO_BITS) != 0 && !kernel.has_uso) {
		errno = EINVAL;
		return -1;
	}
	return 0;
}

ssize_t __wrap_writev(int fd, const struct iovec *vectors, int count)
{
	const int first = kernel.has_header ? 1 : 0;
	size_t len = 0;

	(void)fd;
	assert_in_range(kernel.count, 0, WRITES_MAX - 1);
	if (kernel.has_header)
		memcpy(&kernel.writes[kernel.count].header, vectors[0].iov_base,
		       sizeof(kernel.writes[0].header));
	if (kernel.is_full ||
	    (!kernel.takes_uso && kernel.writes[kernel.count].header.gso_type == UDP_L4)) {
		errno = kernel.is_full ? EAGAIN : EINVAL;
		return -1;
	}
	for (int i = first; i < count; i++) {
		memcpy(kernel.writes[kernel.count].bytes + len, vectors[i].iov_base,
		       vectors[i].iov_len);
		len += vectors[i].iov_len;
	}
	kernel.writes[kernel.count++].len = len;
	return (ssize_t)len;
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

/* A whole of SEGMENTS, as forward_from_wire() leaves it, and a packet that is none of its. */
static struct {
	struct tun tun;
	uint8_t whole[SUPER_BYTES_MAX];
	struct super super;
	struct forward_packet packets[SEGMENTS + 1];
} t;

static void open_tun(bool has_uso, bool takes_uso)
{
	kernel.has_header = true;
	kernel.has_uso = has_uso;
	kernel.takes_uso = takes_uso;
	kernel.is_full = false;
	kernel.count = 0;
	assert_int_equal(tun_attach(&t.tun, 99, TUN_OFFLOADS_ALL), 0);
}

static void make_whole(void)
{
	static const uint8_t source[4] = { 10, 0, 0, 1 };
	static const uint8_t destination[4] = { 10, 0, 0, 2 };
	uint8_t *next = t.whole;

	t.super = (struct super){ .segment_bytes = EACH,
				  .payload = (SEGMENTS - 1) * EACH + LAST,
				  .source = source,
				  .destination = destination };
	(void)super_make(&t.super, t.whole);
	for (size_t i = 0; i < SEGMENTS; i++) {
		const size_t header = i == 0 ? super_header_len(&t.super) : 0;

		t.packets[i] = (struct forward_packet){
			.data = next,
			.len = header + (i == SEGMENTS - 1 ? LAST : EACH),
			.verdict = i == 0 ? FORWARD_DELIVER : FORWARD_JOIN,
		};
		next += t.packets[i].len;
	}
	t.packets[0].offload =
		(struct offload){ .kind = OFFLOAD_UDP,
				  .segment_bytes = EACH,
				  .header_len = (uint16_t)super_header_len(&t.super),
				  .partial_checksum = true,
				  .checksum_start = (uint16_t)super_transport_at(&t.super),
				  .checksum_offset = 6 };
	t.packets[SEGMENTS] =
		(struct forward_packet){ .data = t.whole, .len = 20, .verdict = FORWARD_DELIVER };
}

static void check_pieces(void)
{
	for (size_t i = 0; i < SEGMENTS; i++) {
		uint8_t expected[2 * EACH];
		const size_t len = super_segment(&t.super, t.whole, i, true, expected);

		assert_int_equal(kernel.writes[i].header.gso_type, VIRTIO_NET_HDR_GSO_NONE);
		assert_int_equal(kernel.writes[i].header.flags, 0);
		assert_int_equal(kernel.writes[i].len, len);
		assert_memory_equal(kernel.writes[i].bytes, expected, len);
	}
}

static void a_whole_is_written_at_once(void **state)
{
	(void)state;
	open_tun(true, true);
	make_whole();
	assert_true(t.tun.takes_udp);
	assert_int_equal(t.tun.offloads, TUN_OFFLOADS_ALL);
	tun_write(&t.tun, t.packets, SEGMENTS + 1);
	assert_int_equal(kernel.count, 1);
	assert_int_equal(kernel.writes[0].header.gso_type, UDP_L4);
	assert_int_equal(kernel.writes[0].header.gso_size, EACH);
	assert_int_equal(kernel.writes[0].len, super_header_len(&t.super) + t.super.payload);
	assert_memory_equal(kernel.writes[0].bytes, t.whole, kernel.writes[0].len);
	assert_true(t.tun.takes_udp);
	assert_int_equal(t.tun.counters.writes, 1);
	assert_int_equal(t.tun.counters.pieces, 0);
	tun_detach(&t.tun);
}

/* It is asked also where the configuration wants nothing from it. */
static void a_kernel_without_says_so(void **state)
{
	(void)state;
	open_tun(false, false);
	assert_false(t.tun.takes_udp);
	assert_int_equal(t.tun.offloads, TUN_OFFLOAD_CHECKSUM | TUN_OFFLOAD_TCP);
	tun_detach(&t.tun);
	kernel.has_uso = true;
	assert_int_equal(tun_attach(&t.tun, 99, 0), 0);
	assert_true(t.tun.takes_udp);
	assert_int_equal(t.tun.offloads, 0);
	assert_int_equal(kernel.offloads, 0); /* and was not left so */
	tun_detach(&t.tun);
	kernel.has_header = false;
	assert_int_equal(tun_attach(&t.tun, 99, TUN_OFFLOADS_ALL), 0);
	assert_false(t.tun.takes_udp);
	tun_detach(&t.tun);
}

static void what_is_refused_whole_is_written_in_pieces(void **state)
{
	(void)state;
	open_tun(true, false);
	make_whole();
	tun_write(&t.tun, t.packets, SEGMENTS + 1);
	assert_int_equal(kernel.count, SEGMENTS);
	check_pieces();
	assert_false(t.tun.takes_udp); /* from now on */
	assert_int_equal(t.tun.counters.writes, SEGMENTS);
	assert_int_equal(t.tun.counters.pieces, SEGMENTS);
	assert_int_equal(t.tun.counters.refused, 0);
	tun_detach(&t.tun);
}

/* Who has no room now is not one who cannot. */
static void a_full_interface_is_not_written_to_again(void **state)
{
	(void)state;
	open_tun(true, true);
	make_whole();
	kernel.is_full = true;
	tun_write(&t.tun, t.packets, SEGMENTS);
	assert_int_equal(kernel.count, 0);
	assert_int_equal(t.tun.counters.refused, 1);
	assert_true(t.tun.takes_udp);
	tun_write_plain(&t.tun, span_of(t.whole, 20));
	assert_int_equal(t.tun.counters.refused, 2);
	kernel.is_full = false;
	tun_write_plain(&t.tun, span_of(t.whole, 20));
	assert_int_equal(kernel.writes[0].len, 20);
	assert_int_equal(t.tun.counters.writes, 1);
	tun_detach(&t.tun);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_is_written_at_once),
		cmocka_unit_test(a_kernel_without_says_so),
		cmocka_unit_test(what_is_refused_whole_is_written_in_pieces),
		cmocka_unit_test(a_full_interface_is_not_written_to_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
