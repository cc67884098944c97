#include "json.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DEPTH 32

struct reader {
	const char *at, *end;
	int depth;
};

static void skip_space(struct reader *r)
{
	while (r->at < r->end && (*r->at == ' ' || *r->at == '\t' || *r->at == '\n' || *r->at == '\r'))
		r->at++;
}

static bool take(struct reader *r, char wanted)
{
	skip_space(r);
	if (r->at == r->end || *r->at != wanted)
		return false;
	r->at++;
	return true;
}

static int read_hex4(struct reader *r)
{
	int value = 0;

	if (r->end - r->at < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		char c = *r->at++;
		int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;

		if (digit < 0)
			return -1;
		value = value * 16 + digit;
	}
	return value;
}

static char *put_utf8(char *out, int code)
{
	if (code < 0x80) {
		*out++ = (char)code;
	} else if (code < 0x800) {
		*out++ = (char)(0xc0 | code >> 6);
		*out++ = (char)(0x80 | (code & 0x3f));
	} else if (code < 0x10000) {
		*out++ = (char)(0xe0 | code >> 12);
		*out++ = (char)(0x80 | (code >> 6 & 0x3f));
		*out++ = (char)(0x80 | (code & 0x3f));
	} else {
		*out++ = (char)(0xf0 | code >> 18);
		*out++ = (char)(0x80 | (code >> 12 & 0x3f));
		*out++ = (char)(0x80 | (code >> 6 & 0x3f));
		*out++ = (char)(0x80 | (code & 0x3f));
	}
	return out;
}

/* After `\u`: one escape, or the two of a surrogate pair. -1 if broken or NUL. */
static int read_code_point(struct reader *r)
{
	int code = read_hex4(r);

	if (code >= 0xd800 && code < 0xdc00) {
		int low;

		if (r->end - r->at < 2 || r->at[0] != '\\' || r->at[1] != 'u')
			return -1;
		r->at += 2;
		low = read_hex4(r);
		if (low < 0xdc00 || low > 0xdfff)
			return -1;
		return 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
	}
	return code >= 0xdc00 && code < 0xe000 ? -1 : code == 0 ? -1 : code;
}

static char *read_string(struct reader *r)
{
	const char *end;
	char *text, *out;

	if (!take(r, '"'))
		return NULL;
	for (end = r->at; end < r->end && *end != '"'; end++)
		if (*end == '\\')
			end++;
	if (end >= r->end)
		return NULL;
	/* Decoding never makes a string longer. */
	out = text = malloc((size_t)(end - r->at) + 1);
	if (!text)
		return NULL;
	while (*r->at != '"') {
		unsigned char c = (unsigned char)*r->at++;

		if (c < 0x20)
			return NULL;
		if (c != '\\') {
			*out++ = (char)c;
			continue;
		}
		switch (*r->at++) {
		case '"': *out++ = '"'; break;
		case '\\': *out++ = '\\'; break;
		case '/': *out++ = '/'; break;
		case 'b': *out++ = '\b'; break;
		case 'f': *out++ = '\f'; break;
		case 'n': *out++ = '\n'; break;
		case 'r': *out++ = '\r'; break;
		case 't': *out++ = '\t'; break;
		case 'u': {
			int code = read_code_point(r);

			if (code < 0)
				return NULL;
			out = put_utf8(out, code);
			break;
		}
		default: return NULL;
		}
	}
	r->at++;
	*out = '\0';
	return text;
}

static bool read_digits(struct reader *r)
{
	const char *start = r->at;

	while (r->at < r->end && *r->at >= '0' && *r->at <= '9')
		r->at++;
	return r->at > start;
}

static bool read_number(struct reader *r)
{
	if (r->at < r->end && *r->at == '-')
		r->at++;
	if (r->at < r->end && *r->at == '0')
		r->at++;
	else if (!read_digits(r))
		return false;
	if (r->at < r->end && *r->at == '.') {
		r->at++;
		if (!read_digits(r))
			return false;
	}
	if (r->at < r->end && (*r->at == 'e' || *r->at == 'E')) {
		r->at++;
		if (r->at < r->end && (*r->at == '+' || *r->at == '-'))
			r->at++;
		return read_digits(r);
	}
	return true;
}

static bool read_word(struct reader *r, const char *word)
{
	size_t length = strlen(word);

	if ((size_t)(r->end - r->at) < length || memcmp(r->at, word, length) != 0)
		return false;
	r->at += length;
	return true;
}

static struct json *read_value(struct reader *r);

static bool read_elements(struct reader *r, struct json *value, char close, bool named)
{
	const struct json **link = &value->first;

	r->at++;
	if (take(r, close))
		return true;
	do {
		const char *name = NULL;
		struct json *element;

		if (named && (!(name = read_string(r)) || !take(r, ':')))
			return false;
		element = read_value(r);
		if (!element)
			return false;
		element->name = name;
		*link = element;
		link = &element->next;
	} while (take(r, ','));
	return take(r, close);
}

static struct json *read_value(struct reader *r)
{
	struct json *value = calloc(1, sizeof(*value));
	const char *start;
	bool good;

	skip_space(r);
	if (!value || r->at == r->end || ++r->depth > MAX_DEPTH)
		return NULL;
	start = r->at;
	switch (*r->at) {
	case '{': value->type = JSON_OBJECT; good = read_elements(r, value, '}', true); break;
	case '[': value->type = JSON_ARRAY; good = read_elements(r, value, ']', false); break;
	case '"': value->type = JSON_STRING; good = (value->text = read_string(r)) != NULL; break;
	case 't': value->type = JSON_TRUE; good = read_word(r, "true"); break;
	case 'f': value->type = JSON_FALSE; good = read_word(r, "false"); break;
	case 'n': value->type = JSON_NULL; good = read_word(r, "null"); break;
	default: value->type = JSON_NUMBER; good = read_number(r);
	}
	r->depth--;
	if (good && !value->text)
		good = (value->text = strndup(start, (size_t)(r->at - start))) != NULL;
	return good ? value : NULL;
}

const struct json *json_read(const char *document, size_t length)
{
	struct reader r = { .at = document, .end = document + length };
	struct json *value = read_value(&r);

	skip_space(&r);
	return r.at == r.end ? value : NULL;
}

const struct json *json_member(const struct json *object, const char *name)
{
	if (!object || object->type != JSON_OBJECT)
		return NULL;
	for (const struct json *member = object->first; member; member = member->next)
		if (strcmp(member->name, name) == 0)
			return member;
	return NULL;
}

const char *json_string(const struct json *object, const char *name)
{
	const struct json *member = json_member(object, name);

	return member && member->type == JSON_STRING ? member->text : NULL;
}
