/* forge.c - see forge.h; the edits are those of forge_recipes.h. */
#include "tests/lib/forge.h"

#include "base/check.h"
#include "crypto/der.h"
#include "crypto/ecdsa.h"
#include "tests/lib/forge_recipes.h"
#include "tests/lib/hex.h"

#include <openssl/ecdsa.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>

#define ITEMS_MAX 16
#define PURPOSE "2.25.53977141781747224687420173031506829957.2"

/* What a certificate states; the rest follows. */
struct statement {
	const char *name;
	uint8_t spki[160];
	size_t spki_len;
	uint8_t class;
	struct id network;
	uint8_t salt[CERTIFICATE_SALT_BYTES];
};

static EVP_PKEY *openssl_key(const struct key *key)
{
	uint8_t pem[KEY_PEM_BYTES_MAX];
	size_t len = 0;

	CHECK(key_to_pem(key, span_of(NULL, 0), NULL, pem, &len) == 0);

	BIO *bio = BIO_new_mem_buf(pem, (int)len);
	EVP_PKEY *made = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
	BIO_free(bio);
	CHECK(made != NULL);
	return made;
}

static const struct key *ca_key(const struct forge *forge, enum forge_world world)
{
	return world == FORGE_OPEN ? forge->member_keys[KEY_ED25519] : forge->ca_keys[world];
}

static void add_extension(X509 *x, X509V3_CTX *ctx, int nid, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, ctx, nid, value);

	CHECK(extension != NULL && X509_add_ext(x, extension, -1) == 1);
	X509_EXTENSION_free(extension);
}

/* {version 1, class, network, salt}. */
static void add_ours(X509 *x, const struct statement *s)
{
	uint8_t value[48] = { 0x30, 0x2e, 0x02, 0x01, 0x01, 0x0a, 0x01, s->class, 0x04, 0x14 };
	ASN1_OBJECT *oid = OBJ_txt2obj("2.25.53977141781747224687420173031506829957.1", 1);
	ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();

	memcpy(value + 10, s->network.bytes, ID_BYTES);
	value[30] = 0x04;
	value[31] = 0x10;
	memcpy(value + 32, s->salt, sizeof(s->salt));
	CHECK(ASN1_OCTET_STRING_set(octets, value, sizeof(value)) == 1);

	X509_EXTENSION *extension = X509_EXTENSION_create_by_OBJ(NULL, oid, 1, octets);
	CHECK(extension != NULL && X509_add_ext(x, extension, -1) == 1);
	X509_EXTENSION_free(extension);
	ASN1_OCTET_STRING_free(octets);
	ASN1_OBJECT_free(oid);
}

static void set_name(X509_NAME *name, const char *text)
{
	CHECK(X509_NAME_add_entry_by_txt(name, "CN", V_ASN1_UTF8STRING, (const unsigned char *)text,
					 -1, -1, 0) == 1);
}

static void add_extensions(const struct forge *forge, enum forge_world world,
			   const struct statement *s, X509 *x)
{
	const struct id id = certificate_id(span_of(s->spki, s->spki_len), s->salt);
	char names[256], id_text[ID_TEXT_CHARS + 1];
	X509V3_CTX ctx;
	X509 *ca = NULL;

	if (world != FORGE_OPEN) {
		const unsigned char *at = forge->ca_ders[world];

		ca = d2i_X509(NULL, &at, (long)forge->ca_lens[world]);
		CHECK(ca != NULL);
	}
	X509V3_set_ctx(&ctx, ca, x, NULL, NULL, 0);
	if (ca != NULL)
		add_extension(x, &ctx, NID_authority_key_identifier, "keyid");
	add_extension(x, &ctx, NID_basic_constraints, "critical,CA:FALSE");
	add_extension(x, &ctx, NID_key_usage, "critical,digitalSignature");
	add_extension(x, &ctx, NID_ext_key_usage, PURPOSE);
	id_to_text(&id, id_text);
	(void)snprintf(names, sizeof(names), "URI:ipop:node:%s,DNS:%s", id_text, s->name);
	add_extension(x, &ctx, NID_subject_alt_name, names);
	add_ours(x, s);
	X509_free(ca);
}

/* The body of a certificate that states this, as OpenSSL writes it. */
static void make_body(const struct forge *forge, enum forge_world world, const struct statement *s,
		      struct writer *ret)
{
	X509 *x = X509_new();
	EVP_PKEY *signer = openssl_key(ca_key(forge, world));
	EVP_PKEY *member = openssl_key(forge->member_keys[KEY_ED25519]);
	uint8_t *der = NULL;

	CHECK(x != NULL && X509_set_version(x, X509_VERSION_3) == 1 &&
	      ASN1_INTEGER_set(X509_get_serialNumber(x), 0x1234567890) == 1);
	set_name(X509_get_issuer_name(x), world == FORGE_OPEN ? s->name : "ipop:office");
	set_name(X509_get_subject_name(x), s->name);
	ASN1_TIME_set(X509_getm_notBefore(x), (time_t)wall_to_s(forge->now));
	ASN1_TIME_set(X509_getm_notAfter(x),
		      (time_t)(wall_to_s(forge->now) + INT64_C(365) * 86400));
	CHECK(X509_set_pubkey(x, member) == 1);
	add_extensions(forge, world, s, x);
	CHECK(X509_sign(x, signer, EVP_PKEY_is_a(signer, "EC") ? EVP_sha256() : NULL) > 0);

	const int len = i2d_re_X509_tbs(x, &der);
	CHECK(len > 0);
	writer_bytes(ret, der, (size_t)len);
	OPENSSL_free(der);
	EVP_PKEY_free(signer);
	EVP_PKEY_free(member);
	X509_free(x);
}

/* The list of items with `text` instead of item `at`, or in front of it. */
static void edit_list(struct span list, size_t at, struct span text, bool insert,
		      struct writer *ret)
{
	struct reader r = reader_of(list);
	struct der_item item;
	size_t i = 0;

	for (; der_take(&r, &item); i++) {
		if (i == at)
			writer_span_of(ret, text);
		if (i != at || insert)
			writer_span_of(ret, item.whole);
	}
	if (i == at && insert)
		writer_span_of(ret, text);
	CHECK(reader_end(&r) && (at < i || (at == i && insert)));
}

static struct der_item item_at(struct span list, size_t at)
{
	struct reader r = reader_of(list);
	struct der_item item;

	for (size_t i = 0; i <= at; i++)
		CHECK(der_take(&r, &item));
	return item;
}

static void edit_body(struct writer *body, size_t at, struct span text, bool insert)
{
	uint8_t buffer[FORGE_BYTES_MAX];
	struct writer content = writer_of(buffer, sizeof(buffer));

	edit_list(item_at(writer_span(body), 0).content, at, text, insert, &content);
	body->len = 0;
	der_put_writer(body, DER_SEQUENCE, &content);
}

/* The list inside [3] { SEQUENCE { ... } }. */
static struct span extensions_of(const struct writer *body)
{
	const struct span content = item_at(writer_span(body), 0).content;

	return item_at(item_at(content, EXTENSIONS).content, 0).content;
}

static void set_extensions(struct writer *body, const struct writer *list)
{
	uint8_t buffers[2][FORGE_BYTES_MAX];
	struct writer sequence = writer_of(buffers[0], FORGE_BYTES_MAX);
	struct writer item = writer_of(buffers[1], FORGE_BYTES_MAX);

	der_put_writer(&sequence, DER_SEQUENCE, list);
	der_put_writer(&item, DER_CONTEXT_CONSTRUCTED(3), &sequence);
	edit_body(body, EXTENSIONS, writer_span(&item), false);
}

static void edit_extensions(struct writer *body, size_t at, struct span text, bool insert)
{
	uint8_t buffer[FORGE_BYTES_MAX];
	struct writer list = writer_of(buffer, sizeof(buffer));

	edit_list(extensions_of(body), at, text, insert, &list);
	set_extensions(body, &list);
}

static void swap_extensions(struct writer *body, size_t at)
{
	uint8_t buffer[FORGE_BYTES_MAX];
	struct writer list = writer_of(buffer, sizeof(buffer));
	const struct span all = extensions_of(body);
	const struct der_item first = item_at(all, at), second = item_at(all, at + 1);
	const size_t before = (size_t)(first.whole.data - all.data);

	writer_bytes(&list, all.data, before);
	writer_span_of(&list, second.whole);
	writer_span_of(&list, first.whole);
	writer_bytes(&list, all.data + list.len, all.len - list.len);
	set_extensions(body, &list);
}

/* An extension that is not critical, from its OID's and its value's bytes. */
static void put_extension(struct writer *w, struct span oid, struct span value)
{
	uint8_t buffer[FORGE_BYTES_MAX];
	struct writer content = writer_of(buffer, sizeof(buffer));

	der_put(&content, DER_OID, oid);
	der_put(&content, DER_OCTET_STRING, value);
	der_put_writer(w, DER_SEQUENCE, &content);
}

static void long_extension(struct writer *body, size_t len)
{
	static const uint8_t oid[] = { 0x2a, 0x03, 0x04 }, zeros[1000];
	uint8_t buffer[FORGE_BYTES_MAX];
	struct writer extension = writer_of(buffer, sizeof(buffer));

	put_extension(&extension, span_of(oid, sizeof(oid)), span_of(zeros, len));
	edit_extensions(body, NAMES, writer_span(&extension), true);
}

static void put_general_name(struct writer *w, char letter, const struct statement *s)
{
	static const uint8_t address[][4] = { { 10, 128, 0, 1 }, { 10, 128, 0, 2 } };
	static const uint8_t address_6[16] = { 0xfd, 1 };
	struct id id = certificate_id(span_of(s->spki, s->spki_len), s->salt);
	char uri[64] = "ipop:node:";

	id.bytes[19] ^= letter == 'u';
	id_to_text(&id, uri + strlen(uri));
	switch (letter) {
	case 'U':
	case 'u':
		der_put(w, DER_CONTEXT(6), span_text(uri));
		break;
	case 'H':
		der_put(w, DER_CONTEXT(6), span_text("https://alpha.example/"));
		break;
	case 'D':
		der_put(w, DER_CONTEXT(2), span_text(s->name));
		break;
	case 'd':
		der_put(w, DER_CONTEXT(2), span_text("alphb"));
		break;
	case 'E':
		der_put(w, DER_CONTEXT(1), span_text("alpha@example"));
		break;
	case '6':
		der_put(w, DER_CONTEXT(7), span_of(address_6, sizeof(address_6)));
		break;
	default:
		der_put(w, DER_CONTEXT(7), span_of(address[letter == 'i'], 4));
	}
}

static void set_names(struct writer *body, const char *letters, const struct statement *s)
{
	static const uint8_t oid[] = { 0x55, 0x1d, 0x11 };
	uint8_t buffers[3][512];
	struct writer list = writer_of(buffers[0], sizeof(buffers[0]));
	struct writer value = writer_of(buffers[1], sizeof(buffers[1]));
	struct writer extension = writer_of(buffers[2], sizeof(buffers[2]));

	for (; *letters != '\0'; letters++)
		put_general_name(&list, *letters, s);
	der_put_writer(&value, DER_SEQUENCE, &list);
	put_extension(&extension, span_of(oid, sizeof(oid)), writer_span(&value));
	edit_extensions(body, NAMES, writer_span(&extension), false);
}

static void edit_ours(struct writer *body, size_t at, uint8_t value)
{
	uint8_t copy[128];
	const struct der_item ours = item_at(extensions_of(body), OURS);
	const size_t len = ours.whole.len;

	CHECK(len <= sizeof(copy));
	memcpy(copy, ours.whole.data, len);
	copy[len - 48 + at] = value; /* the value is the extension's end */
	edit_extensions(body, OURS, span_of(copy, len), false);
}

static void state(struct forge *forge, const struct recipe *recipe, struct statement *ret)
{
	const struct key *ca = ca_key(forge, recipe->world);
	struct span spki = key_spki(forge->member_keys[KEY_ED25519]);
	uint8_t buffer[sizeof(ret->spki)];

	*ret = (struct statement){ .name = "alpha", .class = CERTIFICATE_GROUP };
	ret->network = *trust_network(forge->trusts[recipe->world]);
	if (recipe->world == FORGE_OPEN)
		ret->class = CERTIFICATE_OPEN;
	else
		memset(ret->salt, 0x77, sizeof(ret->salt));
	if (recipe->edit == STATE_NAME)
		ret->name = recipe->text;
	if (recipe->edit == STATE_CLASS)
		ret->class = (uint8_t)recipe->at;
	if (recipe->edit == STATE_NETWORK)
		ret->network.bytes[0] ^= 1;
	if (recipe->edit == STATE_SALT) {
		memset(ret->salt, 0, sizeof(ret->salt));
		ret->salt[0] = (uint8_t)recipe->at;
	}
	if (recipe->edit == STATE_KEY)
		spki = hex_bytes(recipe->text, buffer, sizeof(buffer));
	if (recipe->edit == STATE_CA_KEY)
		spki = key_spki(ca);
	memcpy(ret->spki, spki.data, spki.len);
	ret->spki_len = spki.len;
}

static void edit_signed_part(const struct recipe *recipe, const struct statement *s,
			     struct writer *body)
{
	uint8_t buffer[256];
	const size_t at = (size_t)recipe->at;
	struct span text = span_of(NULL, 0);

	if (recipe->edit == BODY || recipe->edit == BODY_INSERT || recipe->edit == EXTENSION ||
	    recipe->edit == EXTENSION_INSERT || recipe->edit == OURS_BYTE)
		text = hex_bytes(recipe->text, buffer, sizeof(buffer));
	edit_body(body, KEY, span_of(s->spki, s->spki_len), false);
	if (recipe->edit == BODY || recipe->edit == BODY_INSERT)
		edit_body(body, at, text, recipe->edit == BODY_INSERT);
	if (recipe->edit == EXTENSION || recipe->edit == EXTENSION_INSERT)
		edit_extensions(body, at, text, recipe->edit == EXTENSION_INSERT);
	if (recipe->edit == EXTENSION_SWAP)
		swap_extensions(body, at);
	if (recipe->edit == EXTENSION_LONG)
		long_extension(body, at);
	if (recipe->edit == NAMES_ARE)
		set_names(body, recipe->text, s);
	if (recipe->edit == OURS_BYTE)
		edit_ours(body, at, text.data[0]);
	if (recipe->edit == SELF_SIGNED)
		edit_body(body, ISSUER,
			  item_at(item_at(writer_span(body), 0).content, SUBJECT).whole, false);
}

/* The signature's twin: (r, n - s). */
static void raise_s(uint8_t *signature, size_t *len)
{
	const unsigned char *from = signature;
	unsigned char *to = signature;
	ECDSA_SIG *low = d2i_ECDSA_SIG(NULL, &from, (long)*len);
	BIGNUM *order = BN_bin2bn(ecdsa_order, sizeof(ecdsa_order), NULL);
	BIGNUM *high = BN_new();

	CHECK(low != NULL && order != NULL && high != NULL &&
	      BN_sub(high, order, ECDSA_SIG_get0_s(low)) == 1 &&
	      ECDSA_SIG_set0(low, BN_dup(ECDSA_SIG_get0_r(low)), high) == 1);
	*len = (size_t)i2d_ECDSA_SIG(low, &to);
	ECDSA_SIG_free(low);
	BN_free(order);
}

static void edit_signature(const struct recipe *recipe, uint8_t *signature, size_t *len)
{
	if (recipe->edit == SIGNATURE_FLIP)
		signature[*len / 2] ^= 1;
	if (recipe->edit == SIGNATURE_IS)
		*len = hex_bytes(recipe->text, signature, KEY_SIGNATURE_BYTES_MAX).len;
	if (recipe->edit == SIGNATURE_HIGH)
		raise_s(signature, len);
	if (recipe->edit == SIGNATURE_LONG) { /* 30 len 02 len r ...: one zero in front of r */
		memmove(signature + 5, signature + 4, *len - 4);
		signature[4] = 0;
		signature[1]++;
		signature[3]++;
		++*len;
	}
}

static void put_whole(const struct recipe *recipe, const struct key *signer,
		      const struct writer *body, struct writer *ret)
{
	static const char *const algorithms[] = { "300506032b6570", "300a06082a8648ce3d040302" };
	uint8_t signature[KEY_SIGNATURE_BYTES_MAX + 4], bits[sizeof(signature) + 1], algorithm[32];
	uint8_t buffer[FORGE_BYTES_MAX];
	struct writer content = writer_of(buffer, sizeof(buffer));
	size_t len = 0;

	CHECK(key_sign(signer, writer_span(body), signature, &len) == 0);
	edit_signature(recipe, signature, &len);
	writer_span_of(&content, writer_span(body));
	writer_span_of(&content,
		       hex_bytes(recipe->edit == OUTER_ALGORITHM ? recipe->text
								 : algorithms[key_kind(signer)],
				 algorithm, sizeof(algorithm)));
	bits[0] = recipe->edit == SIGNATURE_BITS;
	memcpy(bits + 1, signature, len);
	der_put(&content, DER_BIT_STRING, span_of(bits, len + 1));
	der_put_writer(ret, DER_SEQUENCE, &content);
}

static void edit_whole(const struct forge *forge, const struct recipe *recipe, struct forged *ret)
{
	uint8_t text[64];

	if (recipe->edit == WHOLE)
		ret->len = hex_bytes(recipe->text, ret->der, sizeof(ret->der)).len;
	if (recipe->edit == WHOLE_APPEND) {
		const struct span more = hex_bytes(recipe->text, text, sizeof(text));

		memcpy(ret->der + ret->len, more.data, more.len);
		ret->len += more.len;
	}
	if (recipe->edit == WHOLE_CUT)
		ret->len -= (size_t)recipe->at;
	if (recipe->edit == WHOLE_LENGTH) { /* 30 82 hh ll becomes 30 83 00 hh ll */
		memmove(ret->der + 3, ret->der + 2, ret->len - 2);
		ret->der[1] = 0x83;
		ret->der[2] = 0;
		ret->len++;
	}
	if (recipe->edit == WHOLE_ENDLESS) { /* 30 80 ... 00 00 */
		memmove(ret->der + 2, ret->der + 4, ret->len - 4);
		ret->der[1] = 0x80;
		memset(ret->der + ret->len - 2, 0, 2);
	}
	if (recipe->edit == WHOLE_CA) {
		memcpy(ret->der, forge->ca_ders[recipe->world], forge->ca_lens[recipe->world]);
		ret->len = forge->ca_lens[recipe->world];
	}
}

static void make(struct forge *forge, const struct recipe *recipe, struct forged *ret)
{
	const struct key *signer = ca_key(forge, recipe->world);
	uint8_t buffer[FORGE_BYTES_MAX];
	struct writer body = writer_of(buffer, sizeof(buffer));
	struct writer whole = writer_of(ret->der, sizeof(ret->der));
	struct statement statement;

	if (recipe->edit == SIGNER_FOREIGN)
		signer = forge->foreign_key;
	if (recipe->edit == SIGNER_MEMBER || recipe->edit == SELF_SIGNED)
		signer = forge->member_keys[KEY_ED25519];
	ret->what = recipe->what;
	ret->world = recipe->world;
	ret->expected = recipe->expected;
	ret->now = forge->now;
	if (recipe->edit == AT_TIME)
		ret->now.us += recipe->at;

	state(forge, recipe, &statement);
	make_body(forge, recipe->world, &statement, &body);
	edit_signed_part(recipe, &statement, &body);
	put_whole(recipe, signer, &body, &whole);
	CHECK(writer_ok(&body) && writer_ok(&whole));
	ret->len = whole.len;
	edit_whole(forge, recipe, ret);
}

static struct key *draw_key(struct forge *forge, enum key_kind kind)
{
	uint8_t secret[KEY_SECRET_BYTES];
	struct key *key = NULL;

	entropy_bytes(&forge->entropy, secret, sizeof(secret));
	CHECK(key_new(kind, secret, &key) == 0);
	return key;
}

void forge_init(struct forge *forge)
{
	static const uint8_t seed[ENTROPY_SEED_BYTES] = { 1 };
	const struct id open_network = { { 0x0f } };

	*forge = (struct forge){ .now = wall_from_s(1800000000) }; /* 2027-01-15 08:00:00 */
	entropy_init(&forge->entropy, seed);
	forge->foreign_key = draw_key(forge, KEY_ED25519);
	for (size_t kind = 0; kind < 2; kind++) {
		struct writer der = writer_of(forge->ca_ders[kind], sizeof(forge->ca_ders[kind]));

		forge->ca_keys[kind] = draw_key(forge, (enum key_kind)kind);
		forge->member_keys[kind] = draw_key(forge, (enum key_kind)kind);
		CHECK(ca_new(forge->ca_keys[kind], "office", forge->now, &forge->entropy, &der) ==
		      0);
		forge->ca_lens[kind] = der.len;
		CHECK(trust_new_group(writer_span(&der), &forge->trusts[kind]) == 0);
	}
	CHECK(trust_new_open(&open_network, &forge->trusts[FORGE_OPEN]) == 0);
}

void forge_free(struct forge *forge)
{
	for (size_t i = 0; i < FORGE_WORLDS; i++)
		trust_free(forge->trusts[i]);
	for (size_t i = 0; i < 2; i++) {
		key_free(forge->ca_keys[i]);
		key_free(forge->member_keys[i]);
	}
	key_free(forge->foreign_key);
}

size_t forge_good_count(void)
{
	return sizeof(good) / sizeof(good[0]);
}

void forge_good(struct forge *forge, size_t i, struct forged *ret)
{
	make(forge, &good[i], ret);
}

size_t forge_bad_count(void)
{
	return sizeof(bad) / sizeof(bad[0]);
}

void forge_bad(struct forge *forge, size_t i, struct forged *ret)
{
	make(forge, &bad[i], ret);
}
