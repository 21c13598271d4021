/* authority.c - see authority.h. */
#include "group/authority.h"

#include "base/calendar.h"
#include "base/check.h"
#include "base/err.h"
#include "base/seccheck.h"
#include "group/nearest.h"

#include <string.h>

#define EPOCH_FIRST 1

static int make_certificate(struct authority *authority, struct wall now)
{
	uint8_t der[CERTIFICATE_BYTES_MAX];
	struct writer w = writer_of(der, sizeof(der));
	int err = ca_new(authority->key, authority->network, now, authority->entropy, &w);

	if (err == 0)
		err = certificate_to_pem(writer_span(&w), authority->ca, sizeof(authority->ca));
	return err;
}

int authority_new(const char *network, struct wall now, struct entropy *entropy,
		  struct authority *ret)
{
	struct authority a = { .entropy = entropy, .secrets = { .count = 1 } };
	int err;

	CHECK(strlen(network) <= NETWORK_NAME_MAX);
	memcpy(a.network, network, strlen(network) + 1);
	a.secrets.epochs[0].epoch = EPOCH_FIRST;
	entropy_bytes(entropy, a.secrets.epochs[0].bytes, NETWORK_SECRET_BYTES);
	err = key_draw(KEY_ED25519, entropy, &a.key);
	if (err == 0)
		err = make_certificate(&a, now);
	if (err == 0)
		err = trust_new_group(span_text(a.ca), &a.trust);
	if (err != 0) {
		authority_free(&a);
		return err;
	}
	registry_init(&a.registry, trust_network(a.trust));
	a.ipv4_prefix = prefix_choice(trust_network(a.trust), 0);
	*ret = a;
	secret_wipe(&a.secrets, sizeof(a.secrets));
	return 0;
}

void authority_free(struct authority *authority)
{
	registry_free(&authority->registry);
	trust_free(authority->trust);
	key_free(authority->key);
	secret_wipe(authority, sizeof(*authority));
}

/* The network id is the hash of the CA's public key (DESIGN, Identity). */
static bool is_key_of(const struct key *key, const struct trust *trust)
{
	const struct span spki = key_spki(key);
	uint8_t hash[HASH_BYTES];

	hash_sha256(&spki, 1, hash);
	return memcmp(hash, trust_network(trust)->bytes, ID_BYTES) == 0;
}

int authority_unlock(struct authority *authority, struct span pem, struct span passphrase,
		     struct complaint *complaint)
{
	struct key *key;
	const int err = key_from_pem(pem, passphrase, &key);

	if (err == ERR_PASSPHRASE)
		return complain(complaint, err, "wrong passphrase for the key of the CA");
	if (err != 0)
		return complain(complaint, err, "the key of the CA: %s", err_text(err));
	if (!SECCHECK(SEC_AUTHORITY_KEY, is_key_of(key, authority->trust))) {
		key_free(key);
		return complain(complaint, ERR_FOREIGN,
				"the key of the CA is not the one of its certificate");
	}
	key_free(authority->key);
	authority->key = key;
	return 0;
}

/* `known` is the entry of the key, if it was signed before. */
static int complain_refusal(enum registry_refusal refusal, const struct registry_entry *holder,
			    const struct registry_entry *known, struct complaint *c)
{
	char until[CALENDAR_TEXT_CHARS + 1] = "";
	char ipv4[IPV4_TEXT_CHARS + 1] = "no IPv4 address";

	if (holder != NULL)
		calendar_to_text(holder->not_after, until);
	if (holder != NULL && holder->has_ipv4)
		ipv4_to_text(holder->ipv4, ipv4);
	switch (refusal) {
	case REGISTRY_FINE:
		return 0;
	case REGISTRY_NAME_TAKEN:
		return complain(c, ERR_EXISTS,
				"the name \"%s\" is held by another key (%s, until %s): who has "
				"that key renews with ipop request --renew, anybody else needs a "
				"request with another name",
				holder->name, ipv4, until);
	case REGISTRY_IPV4_TAKEN:
		if (known != NULL)
			return complain(c, ERR_EXISTS,
					"%s, which this key had and keeps, was given to \"%s\" "
					"(until %s) when its certificate had ended; the machine "
					"needs a new request, with a new key",
					ipv4, holder->name, until);
		return complain(c, ERR_EXISTS,
				"%s is held by \"%s\" until %s; without --ip the next free "
				"address is taken",
				ipv4, holder->name, until);
	case REGISTRY_ID_TAKEN:
		return complain(c, ERR_EXISTS,
				"the id shares 80 bits with that of \"%s\"; sign once more",
				holder->name);
	case REGISTRY_OTHER_NAME:
		return complain(c, ERR_EXISTS,
				"this key is \"%s\" and keeps that name; another name needs "
				"another key, so a new request",
				holder->name);
	case REGISTRY_OTHER_IPV4:
	case REGISTRY_OTHER_SALT:
		return complain(c, ERR_EXISTS,
				"this key has %s and keeps it when it is renewed; leave --ip and "
				"--no-ip away",
				ipv4);
	case REGISTRY_KEY_REVOKED:
		return complain(c, ERR_REVOKED,
				"this key (\"%s\") was revoked; make a new request, with a new key",
				holder->name);
	case REGISTRY_FULL:
		return complain(c, ERR_FULL, "the registry is full: %u keys", REGISTRY_ENTRIES_MAX);
	}
	UNREACHABLE();
}

/* The address that an entry gets: what is wished, what the key has, or the next free one. */
static int choose_ipv4(const struct authority *authority, const struct authority_wish *wish,
		       const struct registry_entry *known, struct registry_entry *entry,
		       struct complaint *complaint)
{
	char text[PREFIX_TEXT_CHARS + 1];
	int err;

	prefix_to_text(&authority->ipv4_prefix, text);
	entry->has_ipv4 = !wish->no_ipv4;
	if (wish->no_ipv4)
		return 0;
	if (wish->has_ipv4) {
		memcpy(entry->ipv4, wish->ipv4, sizeof(entry->ipv4));
		if (!prefix_has_host(&authority->ipv4_prefix, wish->ipv4))
			return complain(complaint, ERR_MALFORMED,
					"the address must be one of %s, but not its first or last",
					text);
		return 0;
	}
	if (known != NULL) {
		entry->has_ipv4 = known->has_ipv4;
		memcpy(entry->ipv4, known->ipv4, sizeof(entry->ipv4));
		return 0;
	}
	err = registry_free_ipv4(&authority->registry, &authority->ipv4_prefix, entry->ipv4);
	if (err == ERR_FULL)
		return complain(complaint, err, "no address of %s is free", text);
	return err == 0 ? 0 : complain(complaint, err, "%s", err_text(err));
}

/* What the registry will hold, but for serial and end, which the certificate has first. */
static int make_entry(const struct authority *authority, const struct authority_wish *wish,
		      struct wall now, struct registry_entry *ret, struct complaint *complaint)
{
	const struct ca_request *const request = wish->request;
	const struct span spki = span_of(request->spki, request->spki_len);
	const struct registry_entry *known;
	const struct registry_entry *holder;
	struct registry_entry entry = { .revoked = false };
	enum registry_refusal refusal;
	int err;

	memcpy(entry.name, request->name, sizeof(entry.name));
	hash_sha256(&spki, 1, entry.spki_hash);
	known = registry_find_key(&authority->registry, entry.spki_hash);
	if (known != NULL)
		memcpy(entry.salt, known->salt, sizeof(entry.salt));
	else
		entropy_bytes(authority->entropy, entry.salt, sizeof(entry.salt));
	entry.id = certificate_id(spki, entry.salt);
	err = choose_ipv4(authority, wish, known, &entry, complaint);
	if (err != 0)
		return err;
	refusal = registry_judge(&authority->registry, &entry, now, &holder);
	err = complain_refusal(refusal, holder, known, complaint);
	if (err == 0)
		*ret = entry;
	return err;
}

/* Signs, and reads the certificate as every member will. */
static int issue(const struct authority *authority, const struct authority_wish *wish,
		 const struct registry_entry *entry, struct wall now, struct certificate *ret)
{
	uint8_t der[CERTIFICATE_BYTES_MAX];
	uint8_t ca[CERTIFICATE_BYTES_MAX];
	struct ca_grant grant = { .request = wish->request,
				  .has_ipv4 = entry->has_ipv4,
				  .now = now,
				  .days = wish->days };
	struct writer w = writer_of(der, sizeof(der));
	size_t ca_len;
	int err = certificate_from_pem(span_text(authority->ca), ca, &ca_len);

	memcpy(grant.ipv4, entry->ipv4, sizeof(grant.ipv4));
	memcpy(grant.salt, entry->salt, sizeof(grant.salt));
	if (err == 0)
		err = ca_sign(authority->key, span_of(ca, ca_len), &grant, authority->entropy, &w);
	if (err == 0)
		err = certificate_verify(authority->trust, writer_span(&w), now, ret);
	return err == 0 && !id_equal(&ret->id, &entry->id) ? ERR_CRYPTO : err;
}

int authority_sign(struct authority *authority, const struct authority_wish *wish, struct wall now,
		   struct authority_issue *ret, struct complaint *complaint)
{
	struct authority_issue issued;
	struct registry_entry entry;
	int err = make_entry(authority, wish, now, &entry, complaint);

	if (err != 0)
		return err;
	issued.renewed = registry_find_key(&authority->registry, entry.spki_hash) != NULL;
	err = issue(authority, wish, &entry, now, &issued.certificate);
	if (err == 0) {
		entry.serial_len = issued.certificate.serial_len;
		memcpy(entry.serial, issued.certificate.serial, sizeof(entry.serial));
		entry.not_after = issued.certificate.not_after;
		err = registry_put(&authority->registry, &entry, now);
	}
	if (err != 0)
		return complain(complaint, err, "the certificate could not be made: %s",
				err_text(err));
	*ret = issued;
	return 0;
}

bool authority_move_host(struct authority *authority, const struct id *id)
{
	const struct id old = authority->bootstrap[0].id;

	if (authority->bootstrap_count == 0 || id_equal(&old, id))
		return false;
	for (uint32_t i = 0; i < authority->bootstrap_count; i++)
		if (id_equal(&authority->bootstrap[i].id, &old))
			authority->bootstrap[i].id = *id;
	return true;
}

/* True if a tells more of who has a name than b: it was not revoked, or ends later. A key that lost
 * the name when its certificate ended, and another one that has it now, may stand in any order, for
 * a renewal changes no place. */
static bool is_nearer(const struct registry_entry *a, const struct registry_entry *b)
{
	if (b == NULL || a->revoked != b->revoked)
		return b == NULL || b->revoked;
	return a->not_after.us > b->not_after.us;
}

/* Who has the name now, or had it last; or else who was revoked. */
static struct registry_entry *find_name(const struct authority *authority, const char *name)
{
	struct registry_entry *found = NULL;

	for (size_t i = 0; i < authority->registry.count; i++) {
		struct registry_entry *const entry = &authority->registry.entries[i];

		if (strcmp(entry->name, name) == 0 && is_nearer(entry, found))
			found = entry;
	}
	return found;
}

static int complain_nobody(const struct authority *authority, const char *name,
			   struct complaint *complaint)
{
	struct nearest nearest = nearest_of(span_text(name));

	for (size_t i = 0; i < authority->registry.count; i++)
		nearest_try(&nearest, authority->registry.entries[i].name);
	return complain(complaint, ERR_NOT_FOUND, "nobody in \"%s\" is called \"%.40s\"%s%s%s",
			authority->network, name, nearest.best == NULL ? "" : "; did you mean \"",
			nearest.best == NULL ? "" : nearest.best,
			nearest.best == NULL ? "" : "\"?");
}

int authority_revoke(struct authority *authority, const char *name, struct authority_revoked *ret,
		     struct complaint *complaint)
{
	struct authority_revoked revoked = { .entry = find_name(authority, name) };

	if (revoked.entry == NULL)
		return complain_nobody(authority, name, complaint);
	if (revoked.entry->revoked)
		return complain(complaint, ERR_REVOKED, "\"%s\" was revoked before", name);
	for (size_t i = 0; i < authority->registry.count; i++) {
		struct registry_entry *const entry = &authority->registry.entries[i];

		if (strcmp(entry->name, name) != 0 || entry->revoked)
			continue;
		entry->revoked = true;
		revoked.count++;
	}
	*ret = revoked;
	return 0;
}

void authority_rotate(struct authority *authority)
{
	struct network_secrets *const secrets = &authority->secrets;

	secrets->epochs[1] = secrets->epochs[0];
	secrets->count = 2;
	secrets->epochs[0].epoch = network_epoch_next(secrets->epochs[1].epoch);
	entropy_bytes(authority->entropy, secrets->epochs[0].bytes, NETWORK_SECRET_BYTES);
}

/* HOST:PORT#NAME of a member. */
static int read_named_line(const struct authority *authority, const char *line,
			   struct bootstrap *ret, struct complaint *complaint)
{
	const char *const mark = strchr(line, '#');
	const struct registry_entry *entry;

	if (mark == NULL ||
	    bootstrap_address_from_text(span_of(line, (size_t)(mark - line)), ret) != 0)
		return complain(complaint, ERR_MALFORMED,
				"\"%.300s\" must be HOST:PORT#NAME, with the name of a member, or "
				"HOST:PORT#ID, as in vpn.example.org:4767#alpha",
				line);
	entry = find_name(authority, mark + 1);
	if (entry == NULL)
		return complain_nobody(authority, mark + 1, complaint);
	if (entry->revoked)
		return complain(complaint, ERR_REVOKED, "\"%s\" was revoked", mark + 1);
	ret->id = entry->id;
	return 0;
}

static int read_line(const struct authority *authority, const char *line, struct bootstrap *ret,
		     struct complaint *complaint)
{
	return bootstrap_from_text(span_text(line), ret) == 0
		       ? 0
		       : read_named_line(authority, line, ret, complaint);
}

/* How many lines there are if it is none. */
static uint32_t find_line(const struct authority *authority, const struct bootstrap *line)
{
	uint32_t i = 0;

	while (i < authority->bootstrap_count &&
	       (strcmp(authority->bootstrap[i].host, line->host) != 0 ||
		authority->bootstrap[i].port != line->port ||
		!id_equal(&authority->bootstrap[i].id, &line->id)))
		i++;
	return i;
}

int authority_add_bootstrap(struct authority *authority, const char *line,
			    struct complaint *complaint)
{
	struct bootstrap bootstrap;
	const int err = read_line(authority, line, &bootstrap, complaint);

	if (err != 0)
		return err;
	if (find_line(authority, &bootstrap) < authority->bootstrap_count)
		return complain(complaint, ERR_EXISTS, "\"%.300s\" is one of the lines already",
				line);
	if (!bootstrap_can_be_reached(&bootstrap))
		return complain(complaint, ERR_MALFORMED, "\"%.300s\" leads no other host anywhere",
				line);
	if (authority->bootstrap_count == BUNDLE_BOOTSTRAP_MAX)
		return complain(complaint, ERR_FULL, "a bundle has at most %u lines; remove one",
				BUNDLE_BOOTSTRAP_MAX);
	authority->bootstrap[authority->bootstrap_count++] = bootstrap;
	return 0;
}

int authority_remove_bootstrap(struct authority *authority, const char *line,
			       struct complaint *complaint)
{
	struct bootstrap bootstrap;
	int err = read_line(authority, line, &bootstrap, complaint);
	uint32_t at;

	if (err != 0)
		return err;
	at = find_line(authority, &bootstrap);
	if (at == authority->bootstrap_count)
		return complain(complaint, ERR_NOT_FOUND,
				"\"%.300s\" is none of the lines; ipop group bootstrap list %s "
				"shows them",
				line, authority->network);
	authority->bootstrap_count--;
	memmove(&authority->bootstrap[at], &authority->bootstrap[at + 1],
		(authority->bootstrap_count - at) * sizeof(authority->bootstrap[0]));
	return 0;
}

int authority_bundle(const struct authority *authority, const struct certificate *certificate,
		     struct bundle *ret)
{
	struct bundle bundle = { .network_id = *trust_network(authority->trust),
				 .ipv4_prefix = authority->ipv4_prefix,
				 .secrets = authority->secrets,
				 .bootstrap_count = authority->bootstrap_count };
	const int err = certificate_to_pem(span_of(certificate->der, certificate->der_len),
					   bundle.certificate, sizeof(bundle.certificate));

	if (err != 0)
		return err;
	memcpy(bundle.network, authority->network, sizeof(bundle.network));
	memcpy(bundle.bootstrap, authority->bootstrap, sizeof(bundle.bootstrap));
	memcpy(bundle.ca, authority->ca, sizeof(bundle.ca));
	*ret = bundle;
	bundle_wipe(&bundle);
	return 0;
}
