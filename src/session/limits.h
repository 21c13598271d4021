/* limits.h - the numbers of session/: how many, how long, how often (doc/protocol.md, 10). */
#ifndef SESSION_LIMITS_H
#define SESSION_LIMITS_H

#include <stdint.h>

#define SESSION_DIALS_MAX 256           /* handshakes under way from our side */
#define SESSION_DIAL_LIFETIME_MS 20000  /* then closed: ERR_TIMEOUT, or what was wrong */
#define SESSION_HASTE_MS 250            /* between two M0s at least, whoever wants them sooner */
#define SESSION_HALF_OPEN_MAX 512       /* responder's side; < 1 MiB in all */
#define SESSION_HALF_OPEN_LOADED 128    /* from here on M0 needs a cookie */
#define SESSION_HALF_OPEN_PER_SOURCE 64 /* of these, by a raw source that proved its address */
#define SESSION_HALF_OPEN_PER_LINK 16   /* of these, by an overlay link */
#define SESSION_HALF_OPEN_LIFETIME_MS 10000
#define SESSION_PER_SOURCE_S 20 /* handshakes a second from one source, and as many at once */
#define SESSION_COOKIE_LIFETIME_MS 120000
#define SESSION_REKEY_AFTER_IP_MS 120000 /* after the first IP packet under a key set */
#define SESSION_STOP_AFTER_IP_MS 180000
#define SESSION_REKEY_MS 3600000 /* else after its birth */
#define SESSION_STOP_MS 5400000
#define SESSION_REKEY_PACKETS (UINT64_C(1) << 32)
#define SESSION_REKEY_PACE_MS 10000 /* no two rekeys nearer than this, whoever asks */
#define SESSION_REPLACED_LIFETIME_MS 10000
#define SESSION_SNAPSHOT_DRIFT_US 10000000
#define SESSION_SECRET_BYTES 32
#define SESSION_EPOCHS_MAX 2 /* the network secret's epoch in force and the one before */

#endif
