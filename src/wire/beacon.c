/* beacon.c - see beacon.h. */
#include "wire/beacon.h"

#include "base/err.h"
#include "base/reader.h"

#define FLAG_ALONE 0x01U

struct endpoint beacon_group(bool v4)
{
	static const uint8_t ipv4[4] = { 239, 255, 73, 80 };
	static const uint8_t ipv6[16] = { 0xff, 0x12, [12] = 'I', 'P', 'O', 'P' };

	return v4 ? endpoint_v4(ipv4, BEACON_PORT) : endpoint_v6(ipv6, BEACON_PORT);
}

int beacon_envelope_decode(struct span bytes, struct beacon_envelope *ret)
{
	struct reader r = reader_of(bytes);
	struct beacon_envelope envelope;
	uint8_t version;

	if (bytes.len != BEACON_BYTES || !reader_u8(&r, &version) || version != BEACON_VERSION ||
	    !reader_u8(&r, &envelope.epoch) || !reader_zero(&r, 2))
		return ERR_MALFORMED;
	envelope.head = span_of(bytes.data, BEACON_HEAD_BYTES);
	(void)reader_span(&r, BEACON_NONCE_BYTES, &envelope.nonce);
	(void)reader_span(&r, reader_left(&r), &envelope.sealed);
	*ret = envelope;
	return 0;
}

void beacon_envelope_encode(uint8_t epoch, const uint8_t nonce[BEACON_NONCE_BYTES],
			    struct writer *w)
{
	writer_u8(w, BEACON_VERSION);
	writer_u8(w, epoch);
	writer_u16(w, 0);
	writer_bytes(w, nonce, BEACON_NONCE_BYTES);
}

int beacon_decode(struct span words, struct beacon *ret)
{
	struct reader r = reader_of(words);
	struct beacon beacon;
	uint64_t at;
	uint8_t flags;

	if (!reader_bytes(&r, beacon.id.bytes, ID_BYTES) || !reader_u64(&r, &at) ||
	    !reader_u16(&r, &beacon.port) || !reader_u8(&r, &flags) || !reader_zero(&r, 1) ||
	    !reader_end(&r) || at > INT64_MAX || beacon.port == 0 || (flags & ~FLAG_ALONE) != 0)
		return ERR_MALFORMED;
	beacon.at.us = (int64_t)at;
	beacon.alone = (flags & FLAG_ALONE) != 0;
	*ret = beacon;
	return 0;
}

void beacon_encode(const struct beacon *beacon, struct writer *w)
{
	writer_bytes(w, beacon->id.bytes, ID_BYTES);
	writer_u64(w, (uint64_t)beacon->at.us);
	writer_u16(w, beacon->port);
	writer_u8(w, beacon->alone ? FLAG_ALONE : 0);
	writer_u8(w, 0);
}
