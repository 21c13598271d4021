/* session_output.h - from the flags of a session to what sessions_poll() hands out. Private to
 * session/. */
#ifndef SESSION_SESSION_OUTPUT_H
#define SESSION_SESSION_OUTPUT_H

#include "session/session_internal.h"

/* The session's next output; false if it has none. After SESSION_CLOSED the session is gone. */
bool output_session(struct sessions *s, struct session *session, struct session_output *ret);

/* The M1 that waits in a half-open handshake. */
void output_m1(struct half_open *entry, struct session_output *ret);

/* The oldest stateless answer; false if there is none. */
bool output_answer(struct sessions *s, struct session_output *ret);

#endif
