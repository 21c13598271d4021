/* complaint.h - why something of a user's was refused, as one sentence he can act upon.
 *
 * The code that refuses knows best what was wrong and what would have been right, so it says so
 * where it returns its ERR_*; programs print the sentence and choose the exit status by the code.
 */
#ifndef GROUP_COMPLAINT_H
#define GROUP_COMPLAINT_H

#define COMPLAINT_CHARS 511

struct complaint {
	char text[COMPLAINT_CHARS + 1]; /* printable ASCII, no full stop at its end */
};

/* Writes the sentence (cut if it is too long; characters that are not printable ASCII become '?',
 * for they may come from a hostile file) and returns `err`, so that a refusal is one statement. */
__attribute__((format(printf, 3, 4))) int complain(struct complaint *complaint, int err,
						   const char *format, ...);

#endif
