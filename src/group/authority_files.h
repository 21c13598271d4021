/* authority_files.h - a group's CA on files: ca/ of store.h.
 *
 * Who changes it holds the lock, from before reading to after writing: two who sign at the same
 * time would each forget what the other has issued. authority_files_join() takes it by itself. All
 * functions return 0 or an error with a complaint that names the file.
 */
#ifndef GROUP_AUTHORITY_FILES_H
#define GROUP_AUTHORITY_FILES_H

#include "group/authority.h"
#include "group/store.h"

/* Keeps a second signer waiting until the descriptor is closed. */
int authority_files_lock(const struct store *store, int *ret_fd, struct complaint *complaint);

/* All but its key, so that looking needs no passphrase; entropy is borrowed. Besides: ERR_FOREIGN,
 * ERR_MALFORMED, ERR_CERTIFICATE for files that do not belong together or are damaged. */
int authority_files_read(const struct store *store, struct entropy *entropy, struct authority *ret,
			 struct complaint *complaint);

/* ERR_EXISTS if a CA is here: one with a key, which must never be written over. */
int authority_files_check_none(const struct store *store, struct complaint *complaint);

/* Makes the files of a new one, its key under a passphrase (empty: none). The key is the last, so
 * that a CA is there whole or not at all. Requires authority_files_check_none(). */
int authority_files_create(const struct store *store, const struct authority *authority,
			   struct span passphrase, struct complaint *complaint);

/* What changes when a certificate is issued. */
int authority_files_write_registry(const struct store *store, const struct authority *authority,
				   struct complaint *complaint);

/* What changes when its secret is rotated; when its bootstrap lines do. */
int authority_files_write_secrets(const struct store *store, const struct authority *authority,
				  struct complaint *complaint);
int authority_files_write_settings(const struct store *store, const struct authority *authority,
				   struct complaint *complaint);

/* A host becomes a member of the bundle's network, and may be the one where its CA is. Bundles led
 * to it there before it left or lost its key: if it now has a `new_id` (NULL: the one that it had),
 * they lead to that from now on, and *ret_moved tells that this was so. The bundle itself was
 * signed before: it gets the CA's lines in any case. Nothing is done, with 0, where no CA is, or
 * that of another network of the name. */
int authority_files_join(const struct store *store, struct bundle *bundle, const struct id *new_id,
			 bool *ret_moved, struct complaint *complaint);

#endif
