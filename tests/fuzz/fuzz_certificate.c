/* fuzz_certificate.c - bytes as certificates: as they are, as edits of a good one, and signed anew.
 *
 * Oracle: without the CA's key no bytes are accepted but those of the good ones. With it (edits of
 * the body that the CA then signs) anything accepted is a member's certificate in the judgement of
 * OpenSSL too: version 3, no CA, digitalSignature alone, the host name, our extensions and no more.
 */
#include "base/check.h"
#include "base/err.h"
#include "crypto/certificate_form.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/forge.h"

#include <openssl/x509v3.h>

#define GOODS 4

/* Made once; constant from then on, and the same in each run but for ECDSA's own numbers. */
struct fixture {
	bool ready;
	struct forge forge;
	struct forged goods[GOODS];
};

static const struct fixture *fixture(void)
{
	static const size_t which[GOODS] = { 0, 1, 2, 3 }; /* a group's two, P-256's, an open one */
	static struct fixture made;

	if (!made.ready) {
		forge_init(&made.forge);
		for (size_t i = 0; i < GOODS; i++)
			forge_good(&made.forge, which[i], &made.goods[i]);
		made.ready = true;
	}
	return &made;
}

static bool is_good(const struct fixture *f, struct span der)
{
	for (size_t i = 0; i < GOODS; i++)
		if (span_equal(der, span_of(f->goods[i].der, f->goods[i].len)))
			return true;
	return false;
}

static void judge_strange(const struct fixture *f, struct span der)
{
	struct trust *trust = NULL;

	for (size_t world = 0; world < FORGE_WORLDS; world++) {
		struct certificate c;

		if (certificate_verify(f->forge.trusts[world], der, f->forge.now, &c) == 0)
			CHECK(is_good(f, der));
	}
	if (trust_new_group(der, &trust) == 0)
		CHECK(span_equal(der, span_of(f->forge.ca_ders[0], f->forge.ca_lens[0])) ||
		      span_equal(der, span_of(f->forge.ca_ders[1], f->forge.ca_lens[1])));
	trust_free(trust);
}

/* What the library says of something that we have accepted. */
static void agree(const struct certificate *c)
{
	const unsigned char *at = c->der;
	X509 *x = d2i_X509(NULL, &at, c->der_len);
	const struct id id = certificate_id(span_of(c->spki, c->spki_len), c->salt);

	CHECK(x != NULL && at == c->der + c->der_len);
	CHECK(X509_get_version(x) == X509_VERSION_3);
	CHECK(X509_get_ext_count(x) == 6);
	CHECK((X509_get_extension_flags(x) & (EXFLAG_CA | EXFLAG_INVALID)) == 0);
	CHECK(X509_get_key_usage(x) == KU_DIGITAL_SIGNATURE);
	CHECK(X509_check_host(x, c->name, 0, 0, NULL) == 1);
	CHECK(X509_NAME_entry_count(X509_get_subject_name(x)) == 1);
	CHECK(ASN1_STRING_type(X509_get0_serialNumber(x)) == V_ASN1_INTEGER);
	CHECK(id_equal(&id, &c->id));
	X509_free(x);
}

/* Each edit: where, what, and how (a byte changed, put in or left out). */
static size_t edit(struct script *script, uint8_t *bytes, size_t len, size_t size)
{
	for (unsigned edits = script_u8(script) % 8; edits > 0 && len > 0; edits--) {
		const size_t high = script_u8(script), at = (high << 8 | script_u8(script)) % len;
		const uint8_t value = script_u8(script);

		switch (script_u8(script) % 4) {
		case 0:
			bytes[at] = value;
			break;
		case 1:
			bytes[at] ^= (uint8_t)(1U << value % 8);
			break;
		case 2:
			if (len == size)
				break;
			memmove(bytes + at + 1, bytes + at, len - at);
			bytes[at] = value;
			len++;
			break;
		default:
			memmove(bytes + at, bytes + at + 1, len - at - 1);
			len--;
		}
	}
	return len;
}

/* A certificate of the group whose body was edited before the CA signed it. */
static void judge_signed(const struct fixture *f, struct script *script)
{
	uint8_t body[CERTIFICATE_BYTES_MAX], buffer[CERTIFICATE_BYTES_MAX + 100];
	uint8_t signature[KEY_SIGNATURE_BYTES_MAX];
	struct writer der = writer_of(buffer, sizeof(buffer));
	struct form_parts parts;
	struct certificate c;
	size_t len = 0;

	CHECK(form_split(span_of(f->goods[0].der, f->goods[0].len), &parts) == 0);
	memcpy(body, parts.body.data, parts.body.len);
	parts.body = span_of(body, edit(script, body, parts.body.len, sizeof(body)));
	CHECK(key_sign(f->forge.ca_keys[KEY_ED25519], parts.body, signature, &len) == 0);
	parts.signature = span_of(signature, len);
	form_join(&der, &parts);
	if (writer_ok(&der) && certificate_verify(f->forge.trusts[FORGE_ED25519], writer_span(&der),
						  f->forge.now, &c) == 0)
		agree(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct fixture *f = fixture();
	struct script script = script_of(data, size);
	const uint8_t way = script_u8(&script);

	if (way % 4 == 0) {
		judge_strange(f, span_of(script.data, script.left));
	} else if (way % 4 == 1) {
		const struct forged *from = &f->goods[way / 4 % GOODS];
		uint8_t bytes[CERTIFICATE_BYTES_MAX + 8];

		memcpy(bytes, from->der, from->len);
		judge_strange(f, span_of(bytes, edit(&script, bytes, from->len, sizeof(bytes))));
	} else {
		judge_signed(f, &script);
	}
	return 0;
}
