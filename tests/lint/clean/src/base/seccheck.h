/* seccheck.h - stands for the real one. */
#ifndef SECCHECK_H
#define SECCHECK_H

#define SECCHECK(id, expr) ((expr) ? 1 : 0)

#endif
