/* ca.c - see ca.h. */
#include "crypto/ca.h"

#include "base/check.h"
#include "base/err.h"
#include "base/seccheck.h"
#include "crypto/certificate_form.h"
#include "crypto/certificate_trust.h"
#include "crypto/ecdsa.h"
#include "crypto/pem.h"

#define SERIAL_BYTES 16
#define S_PER_DAY 86400

static const char request_label[] = "CERTIFICATE REQUEST";

/* "This certificate has no well-defined expiration" (RFC 5280, 4.1.2.5): a group ends when its
 * members say so, and a date of ours would end it on all of them in the same second. */
static const struct wall never = { .us = 253402300799 * INT64_C(1000000) };

/* To the second, as certificates have it. */
static struct wall whole_seconds(struct wall t)
{
	return wall_from_s(wall_to_s(t));
}

/* Positive, unguessable, of one length. */
static void draw_serial(struct certificate *c, struct entropy *entropy)
{
	entropy_bytes(entropy, c->serial, SERIAL_BYTES);
	c->serial[0] = (uint8_t)((c->serial[0] & 0x3f) | 0x40);
	c->serial_len = SERIAL_BYTES;
}

static void set_spki(struct certificate *c, struct span spki)
{
	CHECK(spki.len <= sizeof(c->spki));
	memcpy(c->spki, spki.data, spki.len);
	c->spki_len = (uint8_t)spki.len;
}

static void set_name(struct certificate *c, const char *name)
{
	CHECK(strlen(name) <= CERTIFICATE_NAME_MAX);
	memcpy(c->name, name, strlen(name) + 1);
}

/* Signs a body and writes the whole, of at most CERTIFICATE_BYTES_MAX. */
static int sign_body(const struct key *key, const struct writer *body, struct writer *ret)
{
	uint8_t signature[KEY_SIGNATURE_BYTES_MAX], buffer[CERTIFICATE_BYTES_MAX];
	struct writer whole = writer_of(buffer, sizeof(buffer));
	size_t len = 0;

	if (!writer_ok(body))
		return ERR_TOO_LONG;
	if (key_sign(key, writer_span(body), signature, &len) != 0)
		return ERR_CRYPTO;
	form_join(&whole, &(struct form_parts){ writer_span(body), key_kind(key),
						span_of(signature, len) });
	if (!writer_ok(&whole))
		return ERR_TOO_LONG;
	writer_span_of(ret, writer_span(&whole));
	return writer_ok(ret) ? 0 : ERR_TOO_LONG;
}

int ca_new(const struct key *key, const char *group, struct wall now, struct entropy *entropy,
	   struct writer *ret_der)
{
	uint8_t buffer[CERTIFICATE_BYTES_MAX];
	struct writer body = writer_of(buffer, sizeof(buffer));
	struct certificate c = { .not_before = whole_seconds(now), .not_after = never };
	char name[sizeof(TRUST_NAME_PREFIX) + TRUST_GROUP_MAX] = TRUST_NAME_PREFIX;

	if (!trust_group_is_valid(group))
		return ERR_MALFORMED;
	memcpy(name + sizeof(TRUST_NAME_PREFIX) - 1, group, strlen(group) + 1);
	set_name(&c, name);
	set_spki(&c, key_spki(key));
	c.network = trust_network_of(key_spki(key));
	draw_serial(&c, entropy);
	form_ca(&body, &c, key_kind(key));
	return sign_body(key, &body, ret_der);
}

int ca_request(const struct key *key, const char *name, struct writer *ret_pem)
{
	uint8_t buffers[2][CERTIFICATE_BYTES_MAX];
	struct writer body = writer_of(buffers[0], sizeof(buffers[0]));
	struct writer der = writer_of(buffers[1], sizeof(buffers[1]));

	if (!certificate_name_is_valid(name))
		return ERR_MALFORMED;
	form_request(&body, name, key_spki(key));

	const int err = sign_body(key, &body, &der);
	return err != 0 ? err : pem_encode(writer_span(&der), request_label, ret_pem);
}

/* A request may have been made by a token that has never heard of the lower s; a request's encoding
 * identifies nothing, so that is put right and not refused. */
static int verify_request(struct span spki, const struct form_parts *parts)
{
	uint8_t signature[KEY_SIGNATURE_BYTES_MAX];
	size_t len = parts->signature.len;

	if (len > sizeof(signature))
		return ERR_AUTH;
	memcpy(signature, parts->signature.data, len);
	if (parts->signer == KEY_P256)
		ecdsa_make_canonical(signature, &len);
	return key_verify(spki, parts->body, span_of(signature, len));
}

int ca_request_read(struct span pem, struct ca_request *ret)
{
	uint8_t buffers[3][CERTIFICATE_BYTES_MAX];
	struct writer der = writer_of(buffers[0], sizeof(buffers[0]));
	struct writer body = writer_of(buffers[1], sizeof(buffers[1]));
	struct writer whole = writer_of(buffers[2], sizeof(buffers[2]));
	struct form_parts parts;
	struct certificate c;
	int err = pem_decode(pem, request_label, &der);

	if (err != 0)
		return err;
	if (form_split(writer_span(&der), &parts) != 0 || form_read_request(parts.body, &c) != 0)
		return ERR_MALFORMED;

	const struct span spki = span_of(c.spki, c.spki_len);
	if (!SECCHECK(SEC_REQUEST_KEY, key_spki_kind(spki, &parts.signer) == 0))
		return ERR_UNSUPPORTED;
	form_request(&body, c.name, spki);
	form_join(&whole,
		  &(struct form_parts){ writer_span(&body), parts.signer, parts.signature });
	if (!SECCHECK(SEC_REQUEST_NAME, certificate_name_is_valid(c.name)) ||
	    !SECCHECK(SEC_REQUEST_FORM,
		      writer_ok(&whole) && span_equal(writer_span(&whole), writer_span(&der))))
		return ERR_MALFORMED;
	if (!SECCHECK(SEC_REQUEST_SIGNATURE, verify_request(spki, &parts) == 0))
		return ERR_AUTH;

	memcpy(ret->name, c.name, sizeof(ret->name));
	memcpy(ret->spki, c.spki, sizeof(ret->spki));
	ret->spki_len = c.spki_len;
	return 0;
}

/* Signs a member's certificate and hands it out only if members would accept it. */
static int sign_member(const struct key *key, const struct trust *trust, struct certificate *c,
		       struct span issuer, struct writer *ret_der)
{
	uint8_t buffers[2][CERTIFICATE_BYTES_MAX];
	struct writer body = writer_of(buffers[0], sizeof(buffers[0]));
	struct writer der = writer_of(buffers[1], sizeof(buffers[1]));
	struct certificate verified;

	c->id = certificate_id(span_of(c->spki, c->spki_len), c->salt);
	form_member(&body, c, key_kind(key), issuer);

	int err = sign_body(key, &body, &der);
	if (err == 0)
		err = certificate_verify(trust, writer_span(&der), c->not_before, &verified);
	if (err != 0)
		return err;
	writer_span_of(ret_der, writer_span(&der));
	return writer_ok(ret_der) ? 0 : ERR_TOO_LONG;
}

static void set_period(struct certificate *c, struct wall now, unsigned days)
{
	CHECK(days >= 1 && days <= CA_DAYS_MAX);
	c->not_before = whole_seconds(now);
	c->not_after = wall_from_s(wall_to_s(now) + (int64_t)days * S_PER_DAY);
}

int ca_sign(const struct key *ca_key, struct span ca_der, const struct ca_grant *grant,
	    struct entropy *entropy, struct writer *ret_der)
{
	const struct ca_request *request = grant->request;
	struct certificate c = { .class = CERTIFICATE_GROUP, .has_ipv4 = grant->has_ipv4 };
	struct trust *trust = NULL;
	int err = trust_new_group(ca_der, &trust);

	if (err != 0)
		return err;
	c.network = trust->network;
	if (grant->now.us < trust->ca.not_before.us) { /* nobody would accept it */
		trust_free(trust);
		return ERR_NOT_YET;
	}
	memcpy(c.ipv4, grant->ipv4, sizeof(c.ipv4));
	memcpy(c.salt, grant->salt, sizeof(c.salt));
	set_name(&c, request->name);
	set_spki(&c, span_of(request->spki, request->spki_len));
	set_period(&c, grant->now, grant->days);
	draw_serial(&c, entropy);
	err = sign_member(ca_key, trust, &c, span_of(trust->name, trust->name_len), ret_der);
	trust_free(trust);
	return err;
}

int ca_sign_open(const struct key *key, const struct ca_self *self, struct entropy *entropy,
		 struct writer *ret_der)
{
	uint8_t buffer[FORM_NAME_BYTES_MAX];
	struct writer issuer = writer_of(buffer, sizeof(buffer));
	struct certificate c = { .class = CERTIFICATE_OPEN, .network = *self->network };
	struct trust *trust = NULL;

	if (!certificate_name_is_valid(self->name))
		return ERR_MALFORMED;

	int err = trust_new_open(self->network, &trust);
	if (err != 0)
		return err;
	set_name(&c, self->name);
	set_spki(&c, key_spki(key));
	set_period(&c, self->now, self->days);
	draw_serial(&c, entropy);
	form_name(&issuer, self->name);
	err = sign_member(key, trust, &c, writer_span(&issuer), ret_der);
	trust_free(trust);
	return err;
}
