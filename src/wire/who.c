/* who.c - see who.h. */
#include "wire/who.h"

#include "base/err.h"
#include "base/reader.h"
#include "base/seccheck.h"

#include <assert.h>

#define TOKEN_BYTES 8
#define IAM_HEADER_BYTES 56
#define IAM_LINK_BYTES (ID_BYTES + 1)
#define WAY_BY_RELAY 1 /* of the way; 0: direct */
#define LINK_NEAR 0x01
#define LINK_RELAY 0x02

static_assert(WHO_BYTES_MIN >= IAM_HEADER_BYTES + IAM_NAME_MAX, "a name has no room");
static_assert(WHO_BYTES_MAX >= IAM_HEADER_BYTES + IAM_NAME_MAX + IAM_LINKS_MAX * IAM_LINK_BYTES,
	      "the links have no room");

uint32_t iam_links_fit(size_t bytes, size_t name_len)
{
	const size_t used = IAM_HEADER_BYTES + name_len;
	const size_t fit = bytes < used ? 0 : (bytes - used) / IAM_LINK_BYTES;

	return fit < IAM_LINKS_MAX ? (uint32_t)fit : IAM_LINKS_MAX;
}

void who_encode(const struct who *who, struct writer *w)
{
	writer_u64(w, who->token);
	writer_zero(w, who->bytes - TOKEN_BYTES);
}

int who_decode(struct span bytes, struct who *ret)
{
	struct reader r = reader_of(bytes);
	struct who who = { .bytes = bytes.len };

	if (!SECCHECK(SEC_WHO_LENGTH, bytes.len >= WHO_BYTES_MIN && bytes.len <= WHO_BYTES_MAX) ||
	    !reader_u64(&r, &who.token) || !reader_zero(&r, reader_left(&r)))
		return ERR_MALFORMED;
	*ret = who;
	return 0;
}

void iam_encode(const struct iam *iam, struct writer *w)
{
	writer_u64(w, iam->token);
	writer_u8(w, iam->end);
	writer_u8(w, iam->is_relay ? WAY_BY_RELAY : 0);
	writer_u8(w, (uint8_t)iam->name.len);
	writer_u8(w, (uint8_t)iam->link_count);
	writer_u32(w, iam->step_us);
	writer_bytes(w, iam->before.bytes, ID_BYTES);
	writer_bytes(w, iam->relay.bytes, ID_BYTES);
	writer_span_of(w, iam->name);
	for (uint32_t i = 0; i < iam->link_count; i++) {
		const struct iam_link *link = &iam->links[i];

		writer_bytes(w, link->id.bytes, ID_BYTES);
		writer_u8(w, (uint8_t)((link->is_near ? LINK_NEAR : 0) |
				       (link->is_relay ? LINK_RELAY : 0)));
	}
}

static bool get_link(struct reader *r, struct iam_link *ret)
{
	uint8_t bits;

	if (!reader_bytes(r, ret->id.bytes, ID_BYTES) || !reader_u8(r, &bits) ||
	    (bits & ~(LINK_NEAR | LINK_RELAY)) != 0)
		return false;
	ret->is_near = (bits & LINK_NEAR) != 0;
	ret->is_relay = (bits & LINK_RELAY) != 0;
	return true;
}

int iam_decode(struct span bytes, struct iam *ret)
{
	struct reader r = reader_of(bytes);
	struct iam iam = { 0 };
	uint8_t way;
	uint8_t name_len;
	uint8_t links;

	if (!reader_u64(&r, &iam.token) || !reader_u8(&r, &iam.end) || !reader_u8(&r, &way) ||
	    !reader_u8(&r, &name_len) || !reader_u8(&r, &links) || !reader_u32(&r, &iam.step_us) ||
	    !reader_bytes(&r, iam.before.bytes, ID_BYTES) ||
	    !reader_bytes(&r, iam.relay.bytes, ID_BYTES))
		return ERR_MALFORMED;
	iam.is_relay = way == WAY_BY_RELAY;
	if (iam.end > IAM_STUCK || way > WAY_BY_RELAY ||
	    (!iam.is_relay && !id_is_zero(&iam.relay)) || name_len == 0 ||
	    name_len > IAM_NAME_MAX || !reader_span(&r, name_len, &iam.name) ||
	    links > IAM_LINKS_MAX)
		return ERR_MALFORMED;
	for (; iam.link_count < links; iam.link_count++)
		if (!get_link(&r, &iam.links[iam.link_count]))
			return ERR_MALFORMED;
	if (!reader_end(&r))
		return ERR_MALFORMED;
	*ret = iam;
	return 0;
}
