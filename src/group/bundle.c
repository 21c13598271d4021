/* bundle.c - see bundle.h. */
#include "group/bundle.h"

#include "base/calendar.h"
#include "base/check.h"
#include "base/err.h"
#include "base/seccheck.h"
#include "group/text.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define DAY_S 86400
#define SECRET_CHARS TEXT_BASE64_CHARS(NETWORK_SECRET_BYTES)

/* One field: how to take it from JSON, how to make JSON of it. What the field has to be completes
 * "must be ...". */
struct field {
	const char *name, *right;
	int (*get)(const json_t *value, struct bundle *ret);
	json_t *(*make)(const struct bundle *bundle);
};

/* The text of a JSON string; empty for anything else, which no field may be. */
static struct span string_of(const json_t *value)
{
	return json_is_string(value) ? span_of(json_string_value(value), json_string_length(value))
				     : (struct span){ NULL, 0 };
}

static json_t *make_string(const char *text)
{
	return json_string(text);
}

static int get_schema(const json_t *value, struct bundle *ret)
{
	(void)ret;
	return text_equal(string_of(value), BUNDLE_SCHEMA) ? 0 : ERR_VERSION;
}

static json_t *make_schema(const struct bundle *bundle)
{
	(void)bundle;
	return make_string(BUNDLE_SCHEMA);
}

static int get_network(const json_t *value, struct bundle *ret)
{
	struct complaint unused;

	return text_copy(string_of(value), ret->network, sizeof(ret->network)) == 0
		       ? network_check_name(ret->network, &unused)
		       : ERR_MALFORMED;
}

static json_t *make_network(const struct bundle *bundle)
{
	return make_string(bundle->network);
}

static int get_network_id(const json_t *value, struct bundle *ret)
{
	return text_id(string_of(value), &ret->network_id);
}

static json_t *make_network_id(const struct bundle *bundle)
{
	char text[ID_TEXT_CHARS + 1];

	id_to_text(&bundle->network_id, text);
	return make_string(text);
}

static int get_prefix(const json_t *value, struct bundle *ret)
{
	const int err = prefix_from_text(string_of(value), &ret->ipv4_prefix);

	if (err == 0 &&
	    (ret->ipv4_prefix.len < PREFIX_LEN_MIN || ret->ipv4_prefix.len > PREFIX_LEN_MAX ||
	     !prefix_is_usable(&ret->ipv4_prefix)))
		return ERR_MALFORMED;
	return err;
}

static json_t *make_prefix(const struct bundle *bundle)
{
	char text[PREFIX_TEXT_CHARS + 1];

	prefix_to_text(&bundle->ipv4_prefix, text);
	return make_string(text);
}

static int get_secrets(const json_t *value, struct bundle *ret)
{
	struct network_secrets *const secrets = &ret->secrets;

	secrets->count = (uint32_t)json_array_size(value); /* 0 for what is no array */
	if (secrets->count == 0 || secrets->count > NETWORK_SECRETS_MAX)
		return ERR_MALFORMED;
	for (uint32_t i = 0; i < secrets->count; i++) {
		const json_t *const one = json_array_get(value, i);
		const json_int_t epoch = json_integer_value(json_object_get(one, "epoch"));

		if (json_object_size(one) != 2 || epoch < 1 || epoch > UINT8_MAX ||
		    (i > 0 &&
		     !network_epoch_is_newer(secrets->epochs[i - 1].epoch, (uint8_t)epoch)) ||
		    text_from_base64(string_of(json_object_get(one, "secret")),
				     secrets->epochs[i].bytes, NETWORK_SECRET_BYTES) != 0)
			return ERR_MALFORMED;
		secrets->epochs[i].epoch = (uint8_t)epoch;
	}
	return 0;
}

static json_t *make_secrets(const struct bundle *bundle)
{
	json_t *const array = json_array();
	char text[SECRET_CHARS + 1];

	for (uint32_t i = 0; i < bundle->secrets.count; i++) {
		text_base64(span_of(bundle->secrets.epochs[i].bytes, NETWORK_SECRET_BYTES), text);
		if (json_array_append_new(array, json_pack("{s:i, s:s}", "epoch",
							   (int)bundle->secrets.epochs[i].epoch,
							   "secret", text)) != 0) {
			json_decref(array);
			return NULL;
		}
	}
	secret_wipe(text, sizeof(text));
	return array;
}

static int get_bootstrap(const json_t *value, struct bundle *ret)
{
	if (!json_is_array(value) || json_array_size(value) > BUNDLE_BOOTSTRAP_MAX)
		return ERR_MALFORMED;
	ret->bootstrap_count = (uint32_t)json_array_size(value);
	for (uint32_t i = 0; i < ret->bootstrap_count; i++)
		if (bootstrap_from_text(string_of(json_array_get(value, i)), &ret->bootstrap[i]) !=
		    0)
			return ERR_MALFORMED;
	return 0;
}

static json_t *make_bootstrap(const struct bundle *bundle)
{
	json_t *const array = json_array();
	char text[BOOTSTRAP_TEXT_CHARS + 1];

	for (uint32_t i = 0; i < bundle->bootstrap_count; i++) {
		bootstrap_to_text(&bundle->bootstrap[i], text);
		if (json_array_append_new(array, make_string(text)) != 0) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

static int get_pem(const json_t *value, char ret[CERTIFICATE_PEM_BYTES_MAX])
{
	const struct span text = string_of(value);

	return text.len == 0 ? ERR_MALFORMED : text_copy(text, ret, CERTIFICATE_PEM_BYTES_MAX);
}

static int get_ca(const json_t *value, struct bundle *ret)
{
	return get_pem(value, ret->ca);
}

static json_t *make_ca(const struct bundle *bundle)
{
	return make_string(bundle->ca);
}

static int get_certificate(const json_t *value, struct bundle *ret)
{
	return get_pem(value, ret->certificate);
}

static json_t *make_certificate(const struct bundle *bundle)
{
	return make_string(bundle->certificate);
}

/* In the order in which they are written, and the first thing wrong is complained about: the
 * version first, for it explains all that follows. */
static const struct field fields[] = {
	{ "schema", "\"" BUNDLE_SCHEMA "\"", get_schema, make_schema },
	{ "network", "the name of a network", get_network, make_network },
	{ "network_id", "an id of 32 characters", get_network_id, make_network_id },
	{ "ipv4_prefix", "an IPv4 prefix of /8 to /30, for hosts", get_prefix, make_prefix },
	{ "secrets",
	  "1 or 2 secrets, the newest first, each an epoch of 1 to 255 and 32 bytes in base64",
	  get_secrets, make_secrets },
	{ "bootstrap", "at most 16 texts HOST:PORT#ID", get_bootstrap, make_bootstrap },
	{ "ca", "a certificate in PEM", get_ca, make_ca },
	{ "certificate", "a certificate in PEM", get_certificate, make_certificate },
};
#define FIELDS (sizeof(fields) / sizeof(fields[0]))

static bool is_field(const char *name)
{
	for (size_t i = 0; i < FIELDS; i++)
		if (strcmp(fields[i].name, name) == 0)
			return true;
	return false;
}

static int get_field(const json_t *root, const struct field *field, struct bundle *ret,
		     struct complaint *complaint)
{
	const json_t *const value = json_object_get(root, field->name);
	int err;

	if (value == NULL)
		return complain(complaint, ERR_MALFORMED, "not a bundle: \"%s\" is missing",
				field->name);
	err = field->get(value, ret);
	if (err == ERR_VERSION)
		return complain(complaint, err,
				"a bundle of another version (\"%.40s\"); this program reads "
				"\"%s\"",
				json_is_string(value) ? json_string_value(value) : "",
				BUNDLE_SCHEMA);
	if (err != 0)
		return complain(complaint, err, "damaged: \"%s\" must be %s", field->name,
				field->right);
	return 0;
}

static int get_bundle(json_t *root, struct bundle *ret, struct complaint *complaint)
{
	const char *name;
	json_t *value;

	if (!json_is_object(root))
		return complain(complaint, ERR_MALFORMED, "not a bundle: not a JSON object");
	for (size_t i = 0; i < FIELDS; i++) {
		const int err = get_field(root, &fields[i], ret, complaint);

		if (err != 0)
			return err;
	}
	json_object_foreach(root, name, value) if (!is_field(name)) return complain(
		complaint, ERR_MALFORMED, "damaged: there is no field \"%.40s\"", name);
	return 0;
}

int bundle_from_text(struct span text, struct bundle *ret, struct complaint *complaint)
{
	struct bundle bundle = { .bootstrap_count = 0 };
	json_error_t where;
	json_t *root;
	int err;

	if (text.len > BUNDLE_BYTES_MAX)
		return complain(complaint, ERR_TOO_LONG, "not a bundle: longer than %u bytes",
				BUNDLE_BYTES_MAX);
	root = json_loadb((const char *)text.data, text.len, JSON_REJECT_DUPLICATES, &where);
	if (root == NULL) /* the library's own text quotes the input, which may be the secret */
		return json_error_code(&where) == json_error_out_of_memory
			       ? complain(complaint, ERR_NOMEM, "%s", err_text(ERR_NOMEM))
			       : complain(complaint, ERR_MALFORMED,
					  "not a bundle: no valid JSON in line %d, column %d",
					  where.line, where.column);
	err = get_bundle(root, &bundle, complaint);
	json_decref(root);
	if (err == 0)
		*ret = bundle;
	bundle_wipe(&bundle);
	return err;
}

static json_t *make_bundle(const struct bundle *bundle)
{
	json_t *const root = json_object();

	for (size_t i = 0; i < FIELDS; i++) {
		if (json_object_set_new(root, fields[i].name, fields[i].make(bundle)) != 0) {
			json_decref(root);
			return NULL;
		}
	}
	return root;
}

int bundle_to_text(const struct bundle *bundle, struct writer *w)
{
	json_t *const root = make_bundle(bundle);
	uint8_t *room;
	size_t len;

	if (root == NULL)
		return ERR_NOMEM;
	len = json_dumpb(root, NULL, 0, JSON_INDENT(1));
	room = len == 0 ? NULL : writer_reserve(w, len);
	if (room != NULL)
		CHECK(json_dumpb(root, (char *)room, len, JSON_INDENT(1)) == len);
	json_decref(root);
	writer_u8(w, '\n');
	return len == 0 ? ERR_NOMEM : 0;
}

static bool read_period(const struct bundle *bundle, struct wall *ret_start, struct wall *ret_end)
{
	uint8_t der[CERTIFICATE_BYTES_MAX];
	size_t len;

	return certificate_from_pem(span_text(bundle->certificate), der, &len) == 0 &&
	       certificate_read_period(span_of(der, len), ret_start, ret_end) == 0;
}

/* The sentence for one that is genuine, and not valid by this calendar: which may be what is wrong.
 */
static int complain_time(int err, const struct bundle *bundle, struct wall calendar,
			 struct complaint *complaint)
{
	char says[CALENDAR_TEXT_CHARS + 1];
	char from[CALENDAR_TEXT_CHARS + 1] = "?";
	char until[CALENDAR_TEXT_CHARS + 1] = "?";
	struct wall start, end;

	if (read_period(bundle, &start, &end)) {
		calendar_to_text(start, from);
		calendar_to_text(end, until);
	}
	calendar_to_text(calendar, says);
	if (err == ERR_EXPIRED)
		return complain(complaint, err,
				"its certificate has ended on %s; this host's clock says %s: if "
				"that is wrong, set it (timedatectl), else the group's owner can "
				"sign its request again (ipop group sign %s), which ipop request "
				"--renew %s prints",
				until, says, bundle->network, bundle->network);
	return complain(complaint, err,
			"its certificate is not valid before %s; this host's clock says %s: if "
			"that is wrong, set it (timedatectl), else the clock of the host that "
			"signed it",
			from, says);
}

/* The sentence for a certificate that was refused. */
static int complain_certificate(int err, struct complaint *complaint)
{
	switch (err) {
	case ERR_FOREIGN:
		return complain(complaint, err,
				"its certificate is of another network than its CA");
	case ERR_NOMEM:
		return complain(complaint, err, "%s", err_text(err));
	default:
		return complain(complaint, ERR_CERTIFICATE,
				"its certificate was not issued by the CA that stands beside it");
	}
}

static int verify(const struct bundle *bundle, const struct trust *trust, struct wall now,
		  struct certificate *ret, struct complaint *complaint)
{
	uint8_t der[CERTIFICATE_BYTES_MAX];
	struct certificate certificate;
	size_t len;
	int err;

	if (!SECCHECK(SEC_BUNDLE_NETWORK, id_equal(trust_network(trust), &bundle->network_id)))
		return complain(complaint, ERR_FOREIGN,
				"its CA certificate is of another network than it says");
	if (!SECCHECK(SEC_BUNDLE_NAME, strcmp(trust_group(trust), bundle->network) == 0))
		return complain(complaint, ERR_FOREIGN,
				"its CA is that of a group \"%s\", not of \"%s\"",
				trust_group(trust), bundle->network);
	err = certificate_from_pem(span_text(bundle->certificate), der, &len);
	if (err == 0)
		err = certificate_verify(trust, span_of(der, len), now, &certificate);
	if (err == ERR_EXPIRED || err == ERR_NOT_YET)
		return complain_time(err, bundle, now, complaint);
	if (err != 0)
		return complain_certificate(err, complaint);
	if (!SECCHECK(SEC_BUNDLE_IPV4,
		      !certificate.has_ipv4 ||
			      prefix_has_host(&bundle->ipv4_prefix, certificate.ipv4)))
		return complain(complaint, ERR_CERTIFICATE,
				"the IPv4 address of its certificate is outside of its prefix");
	*ret = certificate;
	return 0;
}

int bundle_verify(const struct bundle *bundle, struct wall now, struct trust **ret_trust,
		  struct certificate *ret_certificate, struct complaint *complaint)
{
	struct trust *trust;
	int err = trust_new_group(span_text(bundle->ca), &trust);

	if (err == ERR_NOMEM)
		return complain(complaint, err, "%s", err_text(err));
	if (err != 0)
		return complain(complaint, ERR_CERTIFICATE,
				"its CA certificate is none of a group");
	err = verify(bundle, trust, now, ret_certificate, complaint);
	if (err == 0)
		*ret_trust = trust;
	else
		trust_free(trust);
	return err;
}

bool bundle_issued(const struct bundle *bundle, struct wall *ret)
{
	struct wall unused;

	return read_period(bundle, ret, &unused);
}

struct wall bundle_judged_at(const struct bundle *bundle, struct wall calendar, struct wall built)
{
	struct wall issued;

	if (calendar.us >= built.us)
		return calendar;
	return bundle_issued(bundle, &issued) ? issued : built;
}

int bundle_check_prefix(const struct bundle *bundle, struct complaint *complaint)
{
	char text[PREFIX_TEXT_CHARS + 1];

	if (SECCHECK(SEC_BUNDLE_PREFIX, prefix_is_private(&bundle->ipv4_prefix)))
		return 0;
	prefix_to_text(&bundle->ipv4_prefix, text);
	return complain(complaint, ERR_DENIED,
			"its network has the addresses %s, which are not private ones (RFC 1918, "
			"RFC 6598): whatever this host reaches there now, it would look for in the "
			"network",
			text);
}

bool bundle_renewal_is_due(struct wall not_after, struct wall now)
{
	return wall_to_s(not_after) - wall_to_s(now) <= (int64_t)BUNDLE_RENEW_DAYS * DAY_S;
}

/* False if both have a secret for an epoch, and not the same one. */
static bool secrets_agree(const struct network_secrets *a, const struct network_secrets *b)
{
	for (uint32_t i = 0; i < a->count; i++)
		for (uint32_t j = 0; j < b->count; j++)
			if (a->epochs[i].epoch == b->epochs[j].epoch &&
			    !secret_equal(a->epochs[i].bytes, b->epochs[j].bytes,
					  NETWORK_SECRET_BYTES))
				return false;
	return true;
}

int bundle_check_renewal(const struct bundle *present, const struct bundle *next,
			 struct complaint *complaint)
{
	const uint8_t has = present->secrets.epochs[0].epoch;
	const uint8_t gets = next->secrets.epochs[0].epoch;

	if (!SECCHECK(SEC_BUNDLE_SUCCESSOR, id_equal(&present->network_id, &next->network_id)))
		return complain(complaint, ERR_EXISTS,
				"it is of another network of the name \"%s\"; ipop leave %s leaves "
				"the one that this host is in",
				present->network, present->network);
	if (!SECCHECK(SEC_BUNDLE_EPOCH, !network_epoch_is_newer(has, gets)))
		return complain(complaint, ERR_STALE,
				"its secret is of epoch %u, and this host has that of epoch %u "
				"already: ask the group's owner for a new bundle",
				gets, has);
	if (!SECCHECK(SEC_BUNDLE_SECRET, secrets_agree(&present->secrets, &next->secrets)))
		return complain(complaint, ERR_EXISTS,
				"its secret is another than the one that this host has for the "
				"same epoch: it is damaged, or not from the group's owner");
	return 0;
}

void bundle_wipe(struct bundle *bundle)
{
	secret_wipe(bundle, sizeof(*bundle));
}
