#ifndef SLIPWAY_LOG_H
#define SLIPWAY_LOG_H

/*
 * One fact, one line of JSON on stdout: {"at":"…","what":"…",key:value …}. Keys and values are strings, ended by NULL. A line is one
 * write, so that processes that share stdout don't mix theirs. Nothing that a guest sent is passed here but addresses.
 */
void log_fact(const char *what, ...) __attribute__((sentinel));

#endif
