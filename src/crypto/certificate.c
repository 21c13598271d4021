/* certificate.c - see certificate.h.
 *
 * The judgement goes from cheap to dear, and the library's X.509 reader sees only bytes that are in
 * our form already: whoever holds the network's secret can send anything here.
 */
#include "crypto/certificate.h"

#include "base/err.h"
#include "base/seccheck.h"
#include "crypto/certificate_trust.h"
#include "crypto/pem.h"

static const char pem_label[] = "CERTIFICATE";

struct id certificate_id(struct span spki, const uint8_t salt[CERTIFICATE_SALT_BYTES])
{
	const struct span parts[] = { spki, span_of(salt, CERTIFICATE_SALT_BYTES) };
	uint8_t hash[HASH_BYTES];
	struct id id;

	hash_sha256(parts, 2, hash);
	memcpy(id.bytes, hash, sizeof(id.bytes));
	return id;
}

bool certificate_name_is_valid(const char *name)
{
	const size_t len = strlen(name);

	return len > 0 && len <= CERTIFICATE_NAME_MAX && name[0] != '-' && name[len - 1] != '-' &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

/* Positive, and 20 bytes at most where the sign may take one (RFC 5280, 4.1.2.2). */
static bool serial_is_valid(const struct certificate *c)
{
	const struct span serial = span_of(c->serial, c->serial_len);

	return !span_is_zero(serial) &&
	       (c->serial_len < CERTIFICATE_SERIAL_MAX || c->serial[0] <= INT8_MAX);
}

/* What the fields say, before anybody has looked at the signature. */
static int check_fields(const struct trust *trust, const struct certificate *c)
{
	const bool salted = !span_is_zero(span_of(c->salt, sizeof(c->salt)));
	const struct span spki = span_of(c->spki, c->spki_len);
	enum key_kind kind;

	if (!SECCHECK(SEC_CERT_CLASS,
		      c->class == (trust->open ? CERTIFICATE_OPEN : CERTIFICATE_GROUP)))
		return ERR_CERTIFICATE;
	if (!SECCHECK(SEC_CERT_NETWORK, id_equal(&c->network, &trust->network)))
		return ERR_FOREIGN;
	if (!SECCHECK(SEC_CERT_SALT, salted == !trust->open) ||
	    !SECCHECK(SEC_CERT_NAME, certificate_name_is_valid(c->name)) ||
	    !SECCHECK(SEC_CERT_SERIAL, serial_is_valid(c)) ||
	    !SECCHECK(SEC_CERT_KEY, key_spki_kind(spki, &kind) == 0) ||
	    !SECCHECK(SEC_CERT_NOT_CA_KEY,
		      trust->open ||
			      !span_equal(spki, span_of(trust->ca.spki, trust->ca.spki_len))) ||
	    !SECCHECK(SEC_CERT_PERIOD, c->not_before.us < c->not_after.us))
		return ERR_CERTIFICATE;
	return 0;
}

/* True if the whole document is the one that says what `c` says, byte for byte. */
static bool has_the_form(const struct trust *trust, const struct certificate *c,
			 const struct form_parts *parts, struct span der)
{
	uint8_t name_buffer[FORM_NAME_BYTES_MAX], buffers[2][CERTIFICATE_BYTES_MAX];
	struct writer own_name = writer_of(name_buffer, sizeof(name_buffer));
	struct writer body = writer_of(buffers[0], sizeof(buffers[0]));
	struct writer whole = writer_of(buffers[1], sizeof(buffers[1]));
	struct form_parts rebuilt = *parts;

	if (trust->open) {
		if (key_spki_kind(span_of(c->spki, c->spki_len), &rebuilt.signer) != 0)
			return false;
		form_name(&own_name, c->name);
		form_member(&body, c, rebuilt.signer, writer_span(&own_name));
	} else {
		rebuilt.signer = trust->ca_kind;
		form_member(&body, c, rebuilt.signer, span_of(trust->name, trust->name_len));
	}
	rebuilt.body = writer_span(&body);
	form_join(&whole, &rebuilt);
	return writer_ok(&body) && writer_ok(&whole) && span_equal(writer_span(&whole), der);
}

/* Whether the member's time has come or gone is our judgement, with our tolerance; the library is
 * asked about the first moment of it (the last one it would call too late). */
static bool is_signed(const struct trust *trust, const struct certificate *c,
		      const struct form_parts *parts)
{
	if (trust->open)
		return key_verify(span_of(c->spki, c->spki_len), parts->body, parts->signature) ==
		       0;
	return trust_signed(trust, span_of(c->der, c->der_len), c->not_before);
}

int certificate_verify(const struct trust *trust, struct span der, struct wall now,
		       struct certificate *ret)
{
	struct form_parts parts;
	struct certificate c;

	if (!SECCHECK(SEC_CERT_SIZE, der.len <= CERTIFICATE_BYTES_MAX))
		return ERR_TOO_LONG;
	if (form_split(der, &parts) != 0 || form_read_member(parts.body, &c) != 0)
		return ERR_MALFORMED;

	const struct span spki = span_of(c.spki, c.spki_len);
	c.id = certificate_id(spki, c.salt);
	hash_sha256(&spki, 1, c.spki_hash);
	memcpy(c.der, der.data, der.len);
	c.der_len = (uint16_t)der.len;

	const int err = check_fields(trust, &c);
	if (err != 0)
		return err;
	if (!SECCHECK(SEC_CERT_FORM, has_the_form(trust, &c, &parts, der)) ||
	    !SECCHECK(SEC_CERT_SIGNATURE_FORM,
		      key_signature_is_canonical(parts.signer, parts.signature)) ||
	    !SECCHECK(SEC_CERT_SIGNATURE, is_signed(trust, &c, &parts)))
		return ERR_CERTIFICATE;

	const int err_time = certificate_check_time(&c, now);
	if (err_time == 0)
		*ret = c;
	return err_time;
}

bool certificate_is_for(const struct certificate *certificate, const struct key *key)
{
	const struct span spki = span_of(certificate->spki, certificate->spki_len);

	return SECCHECK(SEC_CERT_OWN_KEY, span_equal(key_spki(key), spki));
}

int certificate_read_period(struct span der, struct wall *ret_start, struct wall *ret_end)
{
	struct form_parts parts;
	struct certificate c;

	if (der.len > CERTIFICATE_BYTES_MAX || form_split(der, &parts) != 0 ||
	    form_read_member(parts.body, &c) != 0)
		return ERR_MALFORMED;
	*ret_start = c.not_before;
	*ret_end = c.not_after;
	return 0;
}

int certificate_check_time(const struct certificate *certificate, struct wall now)
{
	const int64_t skew_us = (int64_t)CERTIFICATE_SKEW_S * 1000000;

	if (!SECCHECK(SEC_CERT_STARTED, now.us >= certificate->not_before.us - skew_us))
		return ERR_NOT_YET;
	if (!SECCHECK(SEC_CERT_NOT_ENDED, now.us <= certificate->not_after.us + skew_us))
		return ERR_EXPIRED;
	return 0;
}

int certificate_from_pem(struct span pem, uint8_t *ret, size_t *ret_len)
{
	struct writer w = writer_of(ret, CERTIFICATE_BYTES_MAX);
	const int err = pem_decode(pem, pem_label, &w);

	if (err == 0)
		*ret_len = w.len;
	return err;
}

int certificate_to_pem(struct span der, char *ret, size_t ret_size)
{
	struct writer w = writer_of((uint8_t *)ret, ret_size);
	const int err = pem_encode(der, pem_label, &w);

	if (err != 0 || w.len == ret_size)
		return ERR_TOO_LONG;
	ret[w.len] = '\0';
	return 0;
}
