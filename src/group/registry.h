/* registry.h - what a CA has issued, and what it therefore refuses to issue again.
 *
 * Within one network a name, an IPv4 address and the first 80 bits of an id (the IPv6 address) have
 * one holder. The registry is the CA's memory of that, one entry a key: the CA asks
 * registry_judge() before it signs, and enters what it signed with registry_put(), which judges
 * once more. A key that asks again gets its entry renewed: same salt, so the same id, same name,
 * same address. A name or address is free again when its holder is revoked, or CERTIFICATE_SKEW_S
 * after the last certificate of its holder has ended, which need not be the newest; an id never is.
 *
 * The text form is lines of fields between single spaces:
 *
 *     ipop.registry/1 <network id>
 *     <name> <IPv4 or -> <id> <SHA-256 of the SPKI> <salt> <serial> <not after> valid|revoked
 *     ...
 *     end <number of entries> <SHA-256 of all bytes before this line>
 *
 * It has one spelling only and is read whole or not at all: a registry that lost its last entries
 * would let their names be given away again.
 */
#ifndef GROUP_REGISTRY_H
#define GROUP_REGISTRY_H

#include "base/writer.h"
#include "crypto/certificate.h"
#include "group/complaint.h"
#include "group/prefix.h"

#define REGISTRY_ENTRIES_MAX 65536
#define REGISTRY_LINE_MAX 288  /* characters of an entry, with its newline */
#define REGISTRY_FRAME_MAX 160 /* of the first and the last line together */
#define REGISTRY_BYTES_MAX (REGISTRY_ENTRIES_MAX * REGISTRY_LINE_MAX + REGISTRY_FRAME_MAX)

struct registry_entry {
	char name[CERTIFICATE_NAME_MAX + 1];
	bool has_ipv4;
	uint8_t ipv4[4];
	struct id id;
	uint8_t spki_hash[HASH_BYTES];
	uint8_t salt[CERTIFICATE_SALT_BYTES];
	uint8_t serial[CERTIFICATE_SERIAL_MAX]; /* of the newest certificate */
	uint8_t serial_len;                     /* 1.. */
	struct wall not_after;                  /* the latest of all its certificates */
	bool revoked;
};

struct registry {
	struct id network;
	struct registry_entry *entries; /* owned; in the order in which the keys first came */
	size_t count, capacity;
};

/* Why an entry may not be. */
enum registry_refusal {
	REGISTRY_FINE,
	REGISTRY_NAME_TAKEN,
	REGISTRY_IPV4_TAKEN,
	REGISTRY_ID_TAKEN,
	REGISTRY_OTHER_NAME, /* this key has a name already, and it is another one */
	REGISTRY_OTHER_IPV4, /* likewise */
	REGISTRY_OTHER_SALT, /* likewise: a key may not draw itself a better id */
	REGISTRY_KEY_REVOKED,
	REGISTRY_FULL
};

void registry_init(struct registry *registry, const struct id *network);

/* Accepts a zeroed one. */
void registry_free(struct registry *registry);

/* Reads the text form of this network's registry: 0, ERR_NOMEM, ERR_FOREIGN (another network's),
 * ERR_MALFORMED (anything that registry_to_text() would not have written). What `ret` held is not
 * freed. */
int registry_from_text(struct span text, const struct id *network, struct registry *ret);

/* How many bytes registry_to_text() writes at most. */
size_t registry_text_bytes(const struct registry *registry);
void registry_to_text(const struct registry *registry, struct writer *w);

/* The entry of a key, or NULL. Entries are borrowed until the next registry_put(). */
const struct registry_entry *registry_find_key(const struct registry *registry,
					       const uint8_t spki_hash[HASH_BYTES]);

/* May this entry be added or, if its key is known, take the place of that key's entry? *ret_holder
 * is the entry that stands in the way, if one does (else NULL). The key's own entry is asked first:
 * who wishes for what this key may not have is told so, whoever has that. */
enum registry_refusal registry_judge(const struct registry *registry,
				     const struct registry_entry *entry, struct wall now,
				     const struct registry_entry **ret_holder);

/* Adds or renews: 0, ERR_NOMEM, or ERR_EXISTS if registry_judge() refuses. */
int registry_put(struct registry *registry, const struct registry_entry *entry, struct wall now);

/* The lowest address of the prefix that no entry has, not even one that ended (its owner may be
 * late) or was revoked (members do not hear of that): 0, ERR_FULL, ERR_NOMEM. */
int registry_free_ipv4(const struct registry *registry, const struct prefix *prefix,
		       uint8_t ret[4]);

#endif
