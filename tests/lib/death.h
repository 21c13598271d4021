/* death.h - for tests that a broken promise stops the process.
 *
 * The act runs in a child, so the test itself goes on.
 */
#ifndef TESTS_DEATH_H
#define TESTS_DEATH_H

/* What `act` wrote to stderr before it aborted; NULL if it did anything but abort. The text lives
 * until the next call. */
const char *death_text(void (*act)(void));

#endif
