/* calendar.h - an instant of the calendar as text: RFC 3339, in UTC, to the second.
 *
 * One form only, "2027-11-21T22:59:00Z": equal instants have equal texts, so a file that holds them
 * can be checked by writing it again and comparing.
 */
#ifndef CALENDAR_H
#define CALENDAR_H

#include "base/mono.h"
#include "base/span.h"

#define CALENDAR_TEXT_CHARS 20

/* Writes the text and a final zero. Instants outside the years 1970 to 9999 become the nearest one
 * inside; parts of a second are left away. */
void calendar_to_text(struct wall t, char ret[CALENDAR_TEXT_CHARS + 1]);

/* 0, or ERR_MALFORMED: another form, or no such instant in the years 1970 to 9999. */
int calendar_from_text(struct span text, struct wall *ret);

#endif
