/* A small strict JSON reader (RFC 8259) for documents that fit in memory.
 *
 * The whole document becomes one tree that is never freed: the runner reads
 * two documents in its life. Strings are decoded to UTF-8. A string may not
 * contain NUL, because everything read here ends in an environment, which
 * can't carry one. */
#ifndef SLIPWAY_JSON_H
#define SLIPWAY_JSON_H

#include <stddef.h>

enum json_type { JSON_NULL, JSON_TRUE, JSON_FALSE, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json {
	enum json_type type;
	/* The name of this value in its object, NULL elsewhere. */
	const char *name;
	/* JSON_STRING: its decoded text. All others: the text as it stood in the document. */
	const char *text;
	/* First element of an array or object, and the next one beside this. */
	const struct json *first, *next;
};

/* Reads a whole document. Returns NULL if it isn't JSON, is nested deeper
 * than 32 levels, or a string in it contains NUL or broken UTF-16. */
const struct json *json_read(const char *document, size_t length);

/* The member of an object by its name; NULL if there is none or `object` is no object. */
const struct json *json_member(const struct json *object, const char *name);

/* The text of a string member; NULL if there is none or it is of another type. */
const char *json_string(const struct json *object, const char *name);

#endif
