/* frame.c - see frame.h. */
#include "wire/frame.h"

#include "base/check.h"
#include "base/err.h"
#include "base/reader.h"
#include "base/seccheck.h"

#define CHECKSUM_BYTES 2
#define PROBE_ZEROS 10

/* This header is written and read in place, since every packet passes here twice. */
void frame_header_encode(const struct frame_header *header, uint8_t ret[FRAME_HEADER_BYTES])
{
	ret[0] = header->kind;
	ret[1] = header->flags;
	ret[2] = header->header_len;
	ret[3] = header->checksum_start;
	ret[4] = header->checksum_offset;
	ret[5] = (uint8_t)(header->payload_len >> 8);
	ret[6] = (uint8_t)header->payload_len;
	ret[7] = 0;
}

/* Whoever joins segments or completes the checksum later relies on these places. */
static bool places_are_inside(const struct frame_header *header)
{
	const unsigned checksum_end =
		(unsigned)header->checksum_start + header->checksum_offset + CHECKSUM_BYTES;

	if (header->header_len > header->payload_len)
		return false;
	return (header->flags & FRAME_FLAG_PARTIAL_CHECKSUM) == 0 ||
	       checksum_end <= header->payload_len;
}

int frame_decode(struct span frame, struct frame_header *ret, struct span *ret_payload)
{
	const uint8_t *at = frame.data;
	struct frame_header header;

	if (frame.len < FRAME_HEADER_BYTES || at[7] != 0)
		return ERR_MALFORMED;
	header = (struct frame_header){ .kind = at[0],
					.flags = at[1],
					.header_len = at[2],
					.checksum_start = at[3],
					.checksum_offset = at[4],
					.payload_len = (uint16_t)(at[5] << 8 | at[6]) };
	if (!SECCHECK(SEC_FRAME_PLACES, places_are_inside(&header)) ||
	    header.payload_len > frame.len - FRAME_HEADER_BYTES)
		return ERR_MALFORMED;
	*ret = header;
	*ret_payload = span_of(at + FRAME_HEADER_BYTES, header.payload_len);
	return 0;
}

static void encode_token(uint64_t token, struct writer *w)
{
	CHECK(token <= FRAME_TOKEN_MAX);
	writer_u16(w, (uint16_t)(token >> 32));
	writer_u32(w, (uint32_t)token);
}

static bool decode_token(struct reader *r, uint64_t *ret)
{
	uint16_t high;
	uint32_t low;

	if (!reader_u16(r, &high) || !reader_u32(r, &low))
		return false;
	*ret = (uint64_t)high << 32 | low;
	return true;
}

void frame_probe_encode(const struct frame_probe *probe, struct writer *w)
{
	encode_token(probe->token, w);
	writer_u64(w, probe->crl_number);
	writer_zero(w, PROBE_ZEROS);
}

int frame_probe_decode(struct span payload, struct frame_probe *ret)
{
	struct reader r = reader_of(payload);
	struct frame_probe probe;

	if (!decode_token(&r, &probe.token) || !reader_u64(&r, &probe.crl_number) ||
	    !reader_zero(&r, PROBE_ZEROS) || !reader_end(&r))
		return ERR_MALFORMED;
	*ret = probe;
	return 0;
}

void frame_probe_ack_encode(const struct frame_probe_ack *ack, struct writer *w)
{
	encode_token(ack->token, w);
	endpoint_encode(&ack->observed, w);
}

int frame_probe_ack_decode(struct span payload, struct frame_probe_ack *ret)
{
	struct reader r = reader_of(payload);
	struct frame_probe_ack ack;

	if (!decode_token(&r, &ack.token) || !endpoint_decode(&r, &ack.observed) || !reader_end(&r))
		return ERR_MALFORMED;
	*ret = ack;
	return 0;
}

void frame_rekey_encode(const struct frame_rekey *rekey, struct writer *w)
{
	writer_u32(w, rekey->sender);
	writer_u64(w, rekey->crl_number);
	writer_bytes(w, rekey->noise, sizeof(rekey->noise));
}

int frame_rekey_decode(struct span payload, struct frame_rekey *ret)
{
	struct reader r = reader_of(payload);
	struct frame_rekey rekey;

	if (!reader_u32(&r, &rekey.sender) || rekey.sender == 0 || /* nobody's index */
	    !reader_u64(&r, &rekey.crl_number) ||
	    !reader_bytes(&r, rekey.noise, sizeof(rekey.noise)) || !reader_end(&r))
		return ERR_MALFORMED;
	*ret = rekey;
	return 0;
}

void frame_close_encode(const struct frame_close *close, struct writer *w)
{
	writer_u8(w, close->reason);
}

int frame_close_decode(struct span payload, struct frame_close *ret)
{
	struct reader r = reader_of(payload);
	struct frame_close close;

	if (!reader_u8(&r, &close.reason) || !reader_end(&r))
		return ERR_MALFORMED;
	*ret = close;
	return 0;
}

void frame_clock_encode(const struct frame_clock *clock, struct writer *w)
{
	CHECK(clock->at.us >= 0 && clock->at.us <= FRAME_CLOCK_MAX_US);
	writer_u64(w, (uint64_t)clock->at.us);
}

int frame_clock_decode(struct span payload, struct frame_clock *ret)
{
	struct reader r = reader_of(payload);
	uint64_t us;

	if (!reader_u64(&r, &us) || !reader_end(&r) || us > FRAME_CLOCK_MAX_US)
		return ERR_MALFORMED;
	ret->at.us = (int64_t)us;
	return 0;
}
