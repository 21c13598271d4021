/* err.h - the one list of error codes; functions return 0 or one of these.
 *
 * The text is what a person may get to read, so it completes the sentence "it failed: ...".
 */
#ifndef ERR_H
#define ERR_H

#define ERR_LIST(X)                                                            \
	X(ERR_NOMEM, -1, "out of memory")                                      \
	X(ERR_MALFORMED, -2, "malformed input")                                \
	X(ERR_STALE, -3, "answers nothing we asked")                           \
	X(ERR_FULL, -4, "a limit is reached")                                  \
	X(ERR_NOT_FOUND, -5, "no such thing")                                  \
	X(ERR_EXISTS, -6, "exists already")                                    \
	X(ERR_DENIED, -7, "denied by policy")                                  \
	X(ERR_AUTH, -8, "authentication failed")                               \
	X(ERR_REPLAY, -9, "seen before or too old")                            \
	X(ERR_EXHAUSTED, -10, "the key has reached its limit")                 \
	X(ERR_EXPIRED, -11, "no longer valid")                                 \
	X(ERR_NOT_YET, -12, "not yet valid")                                   \
	X(ERR_FOREIGN, -13, "belongs to another network")                      \
	X(ERR_CERTIFICATE, -14, "not a certificate that this network accepts") \
	X(ERR_REVOKED, -15, "the certificate was revoked")                     \
	X(ERR_VERSION, -16, "the other side speaks another version")           \
	X(ERR_TOO_LONG, -17, "longer than allowed")                            \
	X(ERR_UNSUPPORTED, -18, "not supported here")                          \
	X(ERR_CRYPTO, -19, "the crypto library failed")                        \
	X(ERR_PASSPHRASE, -20, "wrong passphrase")                             \
	X(ERR_IO, -21, "input or output failed")                               \
	X(ERR_PERMISSION, -22, "permission denied")                            \
	X(ERR_AGAIN, -23, "nothing to do right now")                           \
	X(ERR_TIMEOUT, -24, "no answer in time")                               \
	X(ERR_PEER, -25, "somebody else answered")                             \
	X(ERR_READ_ONLY, -26, "the file system is read-only")                  \
	X(ERR_NO_SPACE, -27, "no space is left on the device")

#define ERR_ENUM(name, value, text) name = (value),
enum err { ERR_LIST(ERR_ENUM) };
#undef ERR_ENUM

/* The text of a code; "no error" for 0. Never NULL. */
const char *err_text(int err);

/* The name of a code, as "ERR_NOMEM"; "OK" for 0. For traces, tests and logs. */
const char *err_name(int err);

#endif
