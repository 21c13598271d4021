/* frame.c - see frame.h. */
#include "wire/frame.h"

#include "base/err.h"
#include "base/reader.h"
#include "base/seccheck.h"

#define CHECKSUM_BYTES 2

void frame_header_encode(const struct frame_header *header, uint8_t ret[FRAME_HEADER_BYTES])
{
	struct writer w = writer_of(ret, FRAME_HEADER_BYTES);

	writer_u8(&w, header->kind);
	writer_u8(&w, header->flags);
	writer_u8(&w, header->header_len);
	writer_u8(&w, header->checksum_start);
	writer_u8(&w, header->checksum_offset);
	writer_u16(&w, header->payload_len);
	writer_zero(&w, 1);
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
	struct reader r = reader_of(frame);
	struct frame_header header;

	if (!reader_u8(&r, &header.kind) || !reader_u8(&r, &header.flags) ||
	    !reader_u8(&r, &header.header_len) || !reader_u8(&r, &header.checksum_start) ||
	    !reader_u8(&r, &header.checksum_offset) || !reader_u16(&r, &header.payload_len) ||
	    !reader_zero(&r, 1))
		return ERR_MALFORMED;
	if (!SECCHECK(SEC_FRAME_PLACES, places_are_inside(&header)) ||
	    !reader_span(&r, header.payload_len, ret_payload))
		return ERR_MALFORMED;
	*ret = header;
	return 0;
}

void frame_probe_encode(const struct frame_probe *probe, struct writer *w)
{
	writer_u64(w, probe->token);
	writer_u64(w, probe->crl_number);
}

int frame_probe_decode(struct span payload, struct frame_probe *ret)
{
	struct reader r = reader_of(payload);
	struct frame_probe probe;

	if (!reader_u64(&r, &probe.token) || !reader_u64(&r, &probe.crl_number) || !reader_end(&r))
		return ERR_MALFORMED;
	*ret = probe;
	return 0;
}

void frame_probe_ack_encode(const struct frame_probe_ack *ack, struct writer *w)
{
	writer_u64(w, ack->token);
	writer_u64(w, ack->crl_number);
	endpoint_encode(&ack->observed, w);
}

int frame_probe_ack_decode(struct span payload, struct frame_probe_ack *ret)
{
	struct reader r = reader_of(payload);
	struct frame_probe_ack ack;

	if (!reader_u64(&r, &ack.token) || !reader_u64(&r, &ack.crl_number) ||
	    !endpoint_decode(&r, &ack.observed) || !reader_end(&r))
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
