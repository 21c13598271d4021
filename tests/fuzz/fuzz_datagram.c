/* fuzz_datagram.c - the input as a UDP payload: the outer demultiplexer and all that it leads to
 * before any key is asked (F1).
 *
 * Oracles: at most one message type, that of the first byte, finds it well formed; what is decoded,
 * encoded again, is the input byte for byte; macs and the receiver index lie where the format has
 * them.
 */
#include "base/check.h"
#include "tests/fuzz/fuzz.h"
#include "wire/handshake.h"

/* True if what was written, and `len` bytes of any value behind it, are the whole input. */
static void is_head_of(struct span bytes, const struct writer *w, size_t len)
{
	CHECK(writer_ok(w) && w->len + len == bytes.len);
	CHECK(memcmp(w->data, bytes.data, w->len) == 0);
}

/* The Noise bytes lie behind the head, and only the macs (and M0's padding) behind them. */
static void lies_at(struct span noise, struct span bytes, size_t at)
{
	CHECK(noise.data == bytes.data + at && at + noise.len <= bytes.len);
}

static size_t mac_len(enum handshake_carriage carriage)
{
	return carriage == HANDSHAKE_RAW ? HANDSHAKE_MAC_BYTES : 0;
}

static bool try_m0(struct span bytes, enum handshake_carriage carriage)
{
	uint8_t buffer[HANDSHAKE_BYTES_MAX];
	struct writer w = writer_of(buffer, sizeof(buffer));
	struct handshake_m0 m0;

	if (handshake_m0_decode(bytes, carriage, &m0) != 0)
		return false;
	CHECK(m0.sender != 0);
	if (m0.version != HANDSHAKE_VERSION) { /* only what keeps its place for ever is read */
		CHECK(m0.words.noise.len == 0 && m0.words.head.len == 0 && m0.target.kind == 0);
		handshake_m0_head_encode(&m0, HANDSHAKE_RAW, &w);
		CHECK(bytes.len >= w.len && memcmp(buffer, bytes.data, w.len) == 0);
		return true;
	}
	handshake_m0_head_encode(&m0, carriage, &w);
	lies_at(m0.words.noise, bytes, w.len);
	CHECK(m0.words.head.data == bytes.data && m0.words.head.len == w.len);
	writer_span_of(&w, m0.words.noise);
	if (carriage == HANDSHAKE_CARRIED) {
		CHECK(bytes.len == HANDSHAKE_CARRIED_M0_BYTES);
		is_head_of(bytes, &w, 0);
		return true;
	}
	CHECK(w.len == HANDSHAKE_M0_COVERED_BYTES);
	writer_bytes(&w, bytes.data + w.len, (size_t)2 * HANDSHAKE_MAC_BYTES);
	writer_zero(&w, HANDSHAKE_M0_BYTES - w.len);
	is_head_of(bytes, &w, 0);
	return true;
}

static bool try_m1(struct span bytes, enum handshake_carriage carriage)
{
	uint8_t buffer[HANDSHAKE_BYTES_MAX];
	struct writer w = writer_of(buffer, sizeof(buffer));
	struct handshake_m1 m1;

	if (handshake_m1_decode(bytes, carriage, &m1) != 0)
		return false;
	CHECK(m1.sender != 0 && m1.receiver == handshake_receiver(bytes));
	handshake_m1_head_encode(m1.receiver, m1.sender, &w);
	lies_at(m1.words.noise, bytes, w.len);
	CHECK(m1.words.head.data == bytes.data && m1.words.head.len == w.len);
	is_head_of(bytes, &w, m1.words.noise.len + mac_len(carriage));
	return true;
}

static bool try_m2(struct span bytes, enum handshake_carriage carriage)
{
	uint8_t buffer[HANDSHAKE_BYTES_MAX];
	struct writer w = writer_of(buffer, sizeof(buffer));
	struct handshake_m2 m2;

	if (handshake_m2_decode(bytes, carriage, &m2) != 0)
		return false;
	CHECK(m2.receiver == handshake_receiver(bytes));
	handshake_m2_head_encode(m2.receiver, &w);
	lies_at(m2.words.noise, bytes, w.len);
	CHECK(m2.words.head.data == bytes.data && m2.words.head.len == w.len);
	is_head_of(bytes, &w, m2.words.noise.len + mac_len(carriage));
	return true;
}

static bool try_cookie(struct span bytes)
{
	uint8_t buffer[HANDSHAKE_BYTES_MAX];
	struct writer w = writer_of(buffer, sizeof(buffer));
	struct handshake_cookie cookie;

	if (handshake_cookie_decode(bytes, &cookie) != 0)
		return false;
	CHECK(cookie.receiver == handshake_receiver(bytes));
	handshake_cookie_encode(&cookie, &w);
	is_head_of(bytes, &w, 0);
	return true;
}

static bool try_version(struct span bytes, enum handshake_carriage carriage)
{
	uint8_t buffer[HANDSHAKE_BYTES_MAX];
	struct writer w = writer_of(buffer, sizeof(buffer));
	struct handshake_version version;

	if (handshake_version_decode(bytes, carriage, &version) != 0)
		return false;
	CHECK(version.receiver == handshake_receiver(bytes));
	handshake_version_encode(&version, &w);
	is_head_of(bytes, &w, mac_len(carriage));
	return true;
}

static bool try_data(struct span bytes)
{
	struct datagram_header header;
	uint8_t buffer[DATAGRAM_HEADER_BYTES];

	if (datagram_header_decode(bytes, &header) != 0)
		return false;
	datagram_header_encode(&header, buffer);
	CHECK(bytes.len >= sizeof(buffer) && memcmp(buffer, bytes.data, sizeof(buffer)) == 0);
	return true;
}

static void try_macs(struct span bytes)
{
	const uint8_t type = datagram_type(bytes);
	struct handshake_macs macs;

	if (handshake_macs_find(bytes, &macs) != 0)
		return;
	CHECK(macs.covered_by_mac1.data == bytes.data);
	CHECK(macs.mac1.data == bytes.data + macs.covered_by_mac1.len);
	CHECK(macs.mac1.len == HANDSHAKE_MAC_BYTES);
	if (type == DATAGRAM_M0) {
		CHECK(macs.epoch == bytes.data[3]);
		CHECK(macs.covered_by_mac1.len == HANDSHAKE_M0_COVERED_BYTES);
		CHECK(macs.covered_by_mac2.data == bytes.data);
		CHECK(macs.mac2.data == macs.mac1.data + HANDSHAKE_MAC_BYTES);
		CHECK(macs.mac2.data == bytes.data + macs.covered_by_mac2.len);
	} else {
		CHECK(macs.covered_by_mac2.len == 0 && macs.mac2.len == 0);
		CHECK(macs.covered_by_mac1.len + HANDSHAKE_MAC_BYTES == bytes.len);
	}
}

/* Asks every decoder: bit n of the result says that type n finds it well formed. */
static unsigned decoded_by(struct span bytes, enum handshake_carriage carriage)
{
	return (unsigned)try_m0(bytes, carriage) << DATAGRAM_M0 |
	       (unsigned)try_m1(bytes, carriage) << DATAGRAM_M1 |
	       (unsigned)try_m2(bytes, carriage) << DATAGRAM_M2 |
	       (unsigned)try_cookie(bytes) << DATAGRAM_COOKIE |
	       (unsigned)try_version(bytes, carriage) << DATAGRAM_VERSION |
	       (unsigned)try_data(bytes) << DATAGRAM_DATA;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct span bytes = span_of(data, size);
	const uint8_t type = datagram_type(bytes);
	const unsigned own = type <= DATAGRAM_DATA ? 1U << type : 0;
	const unsigned raw = decoded_by(bytes, HANDSHAKE_RAW);
	const unsigned carried = decoded_by(bytes, HANDSHAKE_CARRIED);
	struct handshake_macs macs;

	CHECK(size > 0 || type == 0);
	CHECK((raw & ~own) == 0 && (carried & ~own) == 0);
	try_macs(bytes);
	/* What is well formed and has a mac, has it where it is looked for. */
	if (raw != 0 && type != DATAGRAM_COOKIE && type != DATAGRAM_DATA)
		CHECK(handshake_macs_find(bytes, &macs) == 0);
	return 0;
}
