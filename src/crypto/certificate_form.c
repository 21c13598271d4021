/* certificate_form.c - see certificate_form.h. Sections are of RFC 5280 where nothing else is said.
 *
 * A member's certificate: version 3; serial; algorithm; issuer; validity; subject; key; extensions
 * authorityKeyIdentifier (in a group), basicConstraints, keyUsage, extendedKeyUsage,
 * subjectAltName, and our own, in this order. The key identifier of a CA is its network id.
 *
 * Our two object identifiers stand under 2.25 (X.667), which needs no registration:
 * 2.25.53977141781747224687420173031506829957, from the UUID 289b9e8e-d5c7-4aff-8ed9-b71a3385e285;
 * .1 is the extension, .2 the purpose in extendedKeyUsage.
 */
#include "crypto/certificate_form.h"

#include "base/calendar.h"
#include "base/err.h"
#include "crypto/der.h"

#define DOCUMENT_BYTES_MAX CERTIFICATE_BYTES_MAX
#define MEMBER_BYTES 48 /* our extension's value; its fields stand at fixed places: */
#define MEMBER_CLASS_AT 7
#define MEMBER_NETWORK_AT 10
#define MEMBER_SALT_AT 32
#define IPV4_BYTES 4

#define OID_IPOP(last)                                                                            \
	0x69, 0xd1, 0x9b, 0xcf, 0xa3, 0xda, 0xdc, 0xba, 0xab, 0xff, 0x8e, 0xec, 0xed, 0xe3, 0xa3, \
		0x9c, 0x97, 0xc5, 0x05, (last)

static const uint8_t oid_member[] = { OID_IPOP(1) };
static const uint8_t oid_purpose[] = { OID_IPOP(2) };
static const uint8_t oid_common_name[] = { 0x55, 0x04, 0x03 };        /* 2.5.4.3 */
static const uint8_t oid_subject_key_id[] = { 0x55, 0x1d, 0x0e };     /* 4.2.1.2 */
static const uint8_t oid_key_usage[] = { 0x55, 0x1d, 0x0f };          /* 4.2.1.3 */
static const uint8_t oid_subject_alt_name[] = { 0x55, 0x1d, 0x11 };   /* 4.2.1.6 */
static const uint8_t oid_basic_constraints[] = { 0x55, 0x1d, 0x13 };  /* 4.2.1.9 */
static const uint8_t oid_authority_key_id[] = { 0x55, 0x1d, 0x23 };   /* 4.2.1.1 */
static const uint8_t oid_extended_key_usage[] = { 0x55, 0x1d, 0x25 }; /* 4.2.1.12 */

/* Values that never differ. */
static const uint8_t version_3[] = { 0xa0, 0x03, 0x02, 0x01, 0x02 };
static const uint8_t version_request[] = { 0x02, 0x01, 0x00 };
static const uint8_t no_attributes[] = { 0xa0, 0x00 };
static const uint8_t no_ca[] = { 0x30, 0x00 }; /* cA is FALSE by default, so it is left out */
static const uint8_t ca_pathlen_0[] = { 0x30, 0x06, 0x01, 0x01, 0xff, 0x02, 0x01, 0x00 };
static const uint8_t usage_sign[] = { 0x03, 0x02, 0x07, 0x80 }; /* digitalSignature */
static const uint8_t usage_ca[] = { 0x03, 0x02, 0x01, 0x06 };   /* keyCertSign, cRLSign */

/* AlgorithmIdentifiers without parameters: RFC 8410, 3; RFC 5758, 3.2. */
static const uint8_t algorithm_ed25519[] = { 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70 };
static const uint8_t algorithm_p256[] = { 0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86,
					  0x48, 0xce, 0x3d, 0x04, 0x03, 0x02 };

#define SPAN_OF(array) span_of((array), sizeof(array))

static struct span algorithm_of(enum key_kind kind)
{
	return kind == KEY_ED25519 ? SPAN_OF(algorithm_ed25519) : SPAN_OF(algorithm_p256);
}

int form_split(struct span der, struct form_parts *ret)
{
	struct reader outer = reader_of(der);
	struct der_item body, algorithm;
	struct span content, bits;

	if (!der_take_tag(&outer, DER_SEQUENCE, &content) || !reader_end(&outer))
		return ERR_MALFORMED;

	struct reader r = reader_of(content);
	if (!der_take(&r, &body) || !der_take(&r, &algorithm) ||
	    !der_take_tag(&r, DER_BIT_STRING, &bits) || !reader_end(&r) || bits.len == 0)
		return ERR_MALFORMED;

	const bool ed25519 = span_equal(algorithm.whole, SPAN_OF(algorithm_ed25519));
	*ret = (struct form_parts){
		.body = body.whole,
		.signer =
			ed25519 ? KEY_ED25519 : KEY_P256, /* what is neither differs when joined */
		.signature = span_of(bits.data + 1, bits.len - 1),
	};
	return 0;
}

void form_join(struct writer *w, const struct form_parts *parts)
{
	uint8_t bits_buffer[KEY_SIGNATURE_BYTES_MAX + 1], buffer[DOCUMENT_BYTES_MAX];
	struct writer bits = writer_of(bits_buffer, sizeof(bits_buffer));
	struct writer content = writer_of(buffer, sizeof(buffer));

	writer_u8(&bits, 0); /* unused bits */
	writer_span_of(&bits, parts->signature);
	writer_span_of(&content, parts->body);
	writer_span_of(&content, algorithm_of(parts->signer));
	der_put_writer(&content, DER_BIT_STRING, &bits);
	der_put_writer(w, DER_SEQUENCE, &content);
}

void form_name(struct writer *w, const char *common_name)
{
	uint8_t buffers[3][FORM_NAME_BYTES_MAX];
	struct writer attribute = writer_of(buffers[0], sizeof(buffers[0]));
	struct writer pair = writer_of(buffers[1], sizeof(buffers[1]));
	struct writer set = writer_of(buffers[2], sizeof(buffers[2]));

	der_put(&attribute, DER_OID, SPAN_OF(oid_common_name));
	der_put(&attribute, DER_UTF8_STRING, span_text(common_name));
	der_put_writer(&pair, DER_SEQUENCE, &attribute);
	der_put_writer(&set, DER_SET, &pair);
	der_put_writer(w, DER_SEQUENCE, &set);
}

/* UTCTime through 2049, GeneralizedTime from 2050 on (4.1.2.5). */
static void put_time(struct writer *w, struct wall t)
{
	char text[CALENDAR_TEXT_CHARS + 1];
	uint8_t buffer[15];
	struct writer digits = writer_of(buffer, sizeof(buffer));

	calendar_to_text(t, text); /* "2027-11-21T22:59:00Z" */

	const bool utc = strncmp(text, "2050", 4) < 0;
	for (const char *c = utc ? text + 2 : text; *c != '\0'; c++)
		if (*c == 'Z' || (*c >= '0' && *c <= '9'))
			writer_u8(&digits, (uint8_t)*c);
	der_put_writer(w, utc ? DER_UTC_TIME : DER_GENERALIZED_TIME, &digits);
}

static bool take_time(struct reader *r, struct wall *ret)
{
	static const char separators[] = "--T::Z";
	uint8_t text[CALENDAR_TEXT_CHARS];
	struct writer w = writer_of(text, sizeof(text));
	struct der_item item;

	if (!der_take(r, &item))
		return false;

	struct reader digits = reader_of(item.content);
	struct span pair;
	if (item.tag == DER_UTC_TIME) /* two digits of the year: 1950 to 2049 */
		writer_span_of(&w, span_text(item.content.len > 0 && item.content.data[0] < '5'
						     ? "20"
						     : "19"));
	else if (reader_span(&digits, 2, &pair))
		writer_span_of(&w, pair);
	for (const char *c = separators; *c != '\0' && reader_span(&digits, 2, &pair); c++) {
		writer_span_of(&w, pair);
		writer_u8(&w, (uint8_t)*c);
	}
	return calendar_from_text(writer_span(&w), ret) == 0;
}

/* Everything in front of the extensions. */
static void put_head(struct writer *w, const struct certificate *c, enum key_kind signer,
		     struct span issuer)
{
	uint8_t buffer[2 * 17];
	struct writer validity = writer_of(buffer, sizeof(buffer));

	put_time(&validity, c->not_before);
	put_time(&validity, c->not_after);
	writer_bytes(w, version_3, sizeof(version_3));
	der_put_unsigned(w, span_of(c->serial, c->serial_len));
	writer_span_of(w, algorithm_of(signer));
	writer_span_of(w, issuer);
	der_put_writer(w, DER_SEQUENCE, &validity);
	form_name(w, c->name);
	writer_bytes(w, c->spki, c->spki_len);
}

static void put_extension(struct writer *w, struct span oid, bool critical, struct span value)
{
	static const uint8_t yes[] = { 0xff };
	uint8_t buffer[200];
	struct writer content = writer_of(buffer, sizeof(buffer));

	der_put(&content, DER_OID, oid);
	if (critical) /* FALSE is the default, so it is left out */
		der_put(&content, DER_BOOLEAN, SPAN_OF(yes));
	der_put(&content, DER_OCTET_STRING, value);
	der_put_writer(w, DER_SEQUENCE, &content);
}

static void put_authority_key_id(struct writer *w, const struct id *network)
{
	uint8_t buffers[2][2 + 2 + ID_BYTES];
	struct writer key_id = writer_of(buffers[0], sizeof(buffers[0]));
	struct writer value = writer_of(buffers[1], sizeof(buffers[1]));

	der_put(&key_id, DER_CONTEXT(0), SPAN_OF(network->bytes));
	der_put_writer(&value, DER_SEQUENCE, &key_id);
	put_extension(w, SPAN_OF(oid_authority_key_id), false, writer_span(&value));
}

static void put_subject_key_id(struct writer *w, const struct id *network)
{
	uint8_t buffer[2 + ID_BYTES];
	struct writer value = writer_of(buffer, sizeof(buffer));

	der_put(&value, DER_OCTET_STRING, SPAN_OF(network->bytes));
	put_extension(w, SPAN_OF(oid_subject_key_id), false, writer_span(&value));
}

static void put_purpose(struct writer *w)
{
	uint8_t buffers[2][2 + 2 + sizeof(oid_purpose)];
	struct writer purpose = writer_of(buffers[0], sizeof(buffers[0]));
	struct writer value = writer_of(buffers[1], sizeof(buffers[1]));

	der_put(&purpose, DER_OID, SPAN_OF(oid_purpose));
	der_put_writer(&value, DER_SEQUENCE, &purpose);
	put_extension(w, SPAN_OF(oid_extended_key_usage), false, writer_span(&value));
}

/* GeneralNames (4.2.1.6): the id as a URI, the host name, the pinned address if there is one. */
static void put_alt_names(struct writer *w, const struct certificate *c)
{
	static const char scheme[] = "ipop:node:";
	char uri[sizeof(scheme) + ID_TEXT_CHARS];
	uint8_t buffers[2][128];
	struct writer names = writer_of(buffers[0], sizeof(buffers[0]));
	struct writer value = writer_of(buffers[1], sizeof(buffers[1]));

	memcpy(uri, scheme, sizeof(scheme));
	id_to_text(&c->id, uri + sizeof(scheme) - 1);
	der_put(&names, DER_CONTEXT(6), span_text(uri));
	der_put(&names, DER_CONTEXT(2), span_text(c->name));
	if (c->has_ipv4)
		der_put(&names, DER_CONTEXT(7), SPAN_OF(c->ipv4));
	der_put_writer(&value, DER_SEQUENCE, &names);
	put_extension(w, SPAN_OF(oid_subject_alt_name), false, writer_span(&value));
}

/* Ours: SEQUENCE { version INTEGER 1, class ENUMERATED, network OCTET STRING, salt OCTET STRING }.
 */
static void put_member(struct writer *w, const struct certificate *c)
{
	static const uint8_t front[] = { 0x30, MEMBER_BYTES - 2, 0x02, 0x01, 0x01, 0x0a, 0x01 };
	uint8_t buffer[MEMBER_BYTES];
	struct writer value = writer_of(buffer, sizeof(buffer));

	writer_bytes(&value, front, sizeof(front));
	writer_u8(&value, (uint8_t)c->class);
	der_put(&value, DER_OCTET_STRING, SPAN_OF(c->network.bytes));
	der_put(&value, DER_OCTET_STRING, SPAN_OF(c->salt));
	put_extension(w, SPAN_OF(oid_member), true, writer_span(&value));
}

/* Closes a body: [3] around the list, a sequence around all. */
static void put_body(struct writer *w, struct writer *body, const struct writer *extensions)
{
	uint8_t buffer[DOCUMENT_BYTES_MAX];
	struct writer list = writer_of(buffer, sizeof(buffer));

	der_put_writer(&list, DER_SEQUENCE, extensions);
	der_put_writer(body, DER_CONTEXT_CONSTRUCTED(3), &list);
	der_put_writer(w, DER_SEQUENCE, body);
}

void form_member(struct writer *w, const struct certificate *c, enum key_kind signer,
		 struct span issuer)
{
	uint8_t buffers[2][DOCUMENT_BYTES_MAX];
	struct writer body = writer_of(buffers[0], sizeof(buffers[0]));
	struct writer extensions = writer_of(buffers[1], sizeof(buffers[1]));

	put_head(&body, c, signer, issuer);
	if (c->class == CERTIFICATE_GROUP)
		put_authority_key_id(&extensions, &c->network);
	put_extension(&extensions, SPAN_OF(oid_basic_constraints), true, SPAN_OF(no_ca));
	put_extension(&extensions, SPAN_OF(oid_key_usage), true, SPAN_OF(usage_sign));
	put_purpose(&extensions);
	put_alt_names(&extensions, c);
	put_member(&extensions, c);
	put_body(w, &body, &extensions);
}

void form_ca(struct writer *w, const struct certificate *c, enum key_kind kind)
{
	uint8_t name_buffer[FORM_NAME_BYTES_MAX], buffers[2][DOCUMENT_BYTES_MAX];
	struct writer name = writer_of(name_buffer, sizeof(name_buffer));
	struct writer body = writer_of(buffers[0], sizeof(buffers[0]));
	struct writer extensions = writer_of(buffers[1], sizeof(buffers[1]));

	form_name(&name, c->name);
	put_head(&body, c, kind, writer_span(&name));
	put_subject_key_id(&extensions, &c->network);
	put_extension(&extensions, SPAN_OF(oid_basic_constraints), true, SPAN_OF(ca_pathlen_0));
	put_extension(&extensions, SPAN_OF(oid_key_usage), true, SPAN_OF(usage_ca));
	put_body(w, &body, &extensions);
}

void form_request(struct writer *w, const char *name, struct span spki)
{
	uint8_t buffer[DOCUMENT_BYTES_MAX];
	struct writer body = writer_of(buffer, sizeof(buffer));

	writer_bytes(&body, version_request, sizeof(version_request));
	form_name(&body, name);
	writer_span_of(&body, spki);
	writer_bytes(&body, no_attributes, sizeof(no_attributes));
	der_put_writer(w, DER_SEQUENCE, &body);
}

/* The innermost string of a name: SEQUENCE { SET { SEQUENCE { type, string } } }. */
static bool take_name(struct reader *r, char ret[CERTIFICATE_NAME_MAX + 1])
{
	struct reader inner = *r;
	struct der_item item, string;

	if (!der_take(r, &item))
		return false;
	for (unsigned depth = 0; depth < 3; depth++) {
		if (!der_take(&inner, &item))
			return false;
		inner = reader_of(item.content);
	}
	if (!der_take(&inner, &item) || !der_take(&inner, &string) ||
	    string.content.len > CERTIFICATE_NAME_MAX)
		return false;
	memset(ret, 0, CERTIFICATE_NAME_MAX + 1);
	memcpy(ret, string.content.data, string.content.len);
	return true;
}

static bool take_spki(struct reader *r, struct certificate *ret)
{
	struct der_item item;

	if (!der_take(r, &item) || item.whole.len > sizeof(ret->spki))
		return false;
	memcpy(ret->spki, item.whole.data, item.whole.len);
	ret->spki_len = (uint8_t)item.whole.len;
	return true;
}

/* Serial, times, name and key; leaves `r` at the extensions. */
static bool take_head(struct reader *r, struct certificate *ret)
{
	struct der_item item;
	struct span content, serial;

	if (!der_take_tag(r, DER_SEQUENCE, &content))
		return false;
	*r = reader_of(content);
	if (!der_take(r, &item) || !der_take_unsigned(r, &serial) ||
	    serial.len > sizeof(ret->serial) || !der_take(r, &item) || !der_take(r, &item) ||
	    !der_take_tag(r, DER_SEQUENCE, &content) || !take_name(r, ret->name) ||
	    !take_spki(r, ret))
		return false;
	memcpy(ret->serial, serial.data, serial.len);
	ret->serial_len = (uint8_t)serial.len;

	struct reader validity = reader_of(content);
	return take_time(&validity, &ret->not_before) && take_time(&validity, &ret->not_after);
}

/* The value of the next extension. */
static bool take_extension(struct reader *r, struct span *ret)
{
	struct der_item item = { 0 };
	struct span content;

	if (!der_take_tag(r, DER_SEQUENCE, &content))
		return false;

	struct reader inner = reader_of(content);
	while (reader_left(&inner) > 0)
		if (!der_take(&inner, &item))
			return false;
	*ret = item.content; /* the last thing in it */
	return content.len > 0;
}

/* The last two extensions are the names and ours. */
static bool take_member_extensions(struct reader *r, struct certificate *ret)
{
	struct span content, list, names = { 0 }, member = { 0 };

	if (!der_take_tag(r, DER_CONTEXT_CONSTRUCTED(3), &content))
		return false;

	struct reader outer = reader_of(content);
	if (!der_take_tag(&outer, DER_SEQUENCE, &list))
		return false;
	for (struct reader each = reader_of(list); reader_left(&each) > 0;) {
		names = member;
		if (!take_extension(&each, &member))
			return false;
	}
	if (member.len != MEMBER_BYTES || names.len < 2 + IPV4_BYTES)
		return false;
	ret->class = (enum certificate_class)member.data[MEMBER_CLASS_AT];
	memcpy(ret->network.bytes, member.data + MEMBER_NETWORK_AT, ID_BYTES);
	memcpy(ret->salt, member.data + MEMBER_SALT_AT, CERTIFICATE_SALT_BYTES);

	const uint8_t *address = names.data + names.len - IPV4_BYTES; /* the last name, if any */
	ret->has_ipv4 = address[-2] == DER_CONTEXT(7) && address[-1] == IPV4_BYTES;
	if (ret->has_ipv4)
		memcpy(ret->ipv4, address, IPV4_BYTES);
	return true;
}

int form_read_member(struct span body, struct certificate *ret)
{
	struct reader r = reader_of(body);

	*ret = (struct certificate){ 0 };
	return take_head(&r, ret) && take_member_extensions(&r, ret) ? 0 : ERR_MALFORMED;
}

int form_read_ca(struct span body, struct certificate *ret)
{
	struct reader r = reader_of(body);

	*ret = (struct certificate){ 0 };
	return take_head(&r, ret) ? 0 : ERR_MALFORMED;
}

int form_read_request(struct span body, struct certificate *ret)
{
	struct reader r = reader_of(body);
	struct der_item item;
	struct span content;

	*ret = (struct certificate){ 0 };
	if (!der_take_tag(&r, DER_SEQUENCE, &content))
		return ERR_MALFORMED;
	r = reader_of(content);
	return der_take(&r, &item) && take_name(&r, ret->name) && take_spki(&r, ret)
		       ? 0
		       : ERR_MALFORMED;
}
