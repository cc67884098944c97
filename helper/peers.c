#define _GNU_SOURCE
#include "peers.h"

#include "log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define HELLO_MS 5000 /* until `hello` */
#define IDLE_MS 60000 /* of a connection that isn't the agent's */
#define MAX_OUT (1 << 20) /* what is kept for a peer that doesn't read */
#define ENOUGH_OUT (1 << 16) /* from here on nothing more is read of it */
#define MAX_HELD 256 /* descriptors of all peers whose request hasn't come whole */

struct peer peers[MAX_PEERS];
static unsigned long long last_id;
static size_t held;

long long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static struct peer *free_place(void)
{
	for (size_t i = 0; i < MAX_PEERS; i++)
		if (peers[i].id == 0)
			return &peers[i];
	return NULL;
}

static void refuse_user(const struct ucred *who)
{
	static uid_t told[16];
	static size_t count;
	char user[16];

	for (size_t i = 0; i < count; i++)
		if (told[i] == who->uid)
			return;
	if (count < sizeof(told) / sizeof(*told))
		told[count++] = who->uid;
	snprintf(user, sizeof(user), "%u", who->uid);
	log_fact("refused", "why", "not the agent's user", "uid", user, NULL);
}

void accept_peers(int listener, uid_t user)
{
	int fd;

	while ((fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
		struct ucred who = { .uid = (uid_t)-1 };
		socklen_t size = sizeof(who);
		struct peer *peer = free_place();

		if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0 || who.uid != user) {
			refuse_user(&who);
			close(fd);
		} else if (!peer) {
			log_fact("refused", "why", "too many connections", NULL);
			close(fd);
		} else {
			*peer = (struct peer){ .fd = fd, .id = ++last_id, .pid = who.pid, .since = now_ms() };
		}
	}
}

struct peer *find_peer(unsigned long long id)
{
	for (size_t i = 0; i < MAX_PEERS; i++)
		if (id != 0 && peers[i].id == id && peers[i].fd >= 0)
			return &peers[i];
	return NULL;
}

void close_descriptors(struct peer *peer)
{
	for (size_t i = 0; i < peer->descriptor_count; i++)
		close(peer->descriptors[i]);
	held -= peer->descriptor_count;
	peer->descriptor_count = 0;
}

void drop_peer(struct peer *peer)
{
	if (peer->fd >= 0)
		close(peer->fd);
	peer->fd = -1;
	close_descriptors(peer);
	free(peer->out);
	peer->out = NULL;
	peer->out_length = peer->out_sent = 0;
}

long long end_idle_peers(void)
{
	long long now = now_ms(), next = -1;

	for (size_t i = 0; i < MAX_PEERS; i++) {
		struct peer *peer = &peers[i];
		long long left;

		if (peer->id == 0 || peer->fd < 0 || peer->agent || peer->waits || peer->runs)
			continue;
		left = peer->since + (peer->greeted ? IDLE_MS : HELLO_MS) - now;
		if (left <= 0)
			drop_peer(peer);
		else if (next < 0 || left < next)
			next = left;
	}
	return next;
}

static void take_lines(struct peer *peer, void (*request)(struct peer *peer, char *line))
{
	char *end, *at = peer->in;

	while (peer->fd >= 0 && !peer->waits && peer->out_length - peer->out_sent < ENOUGH_OUT &&
	       (end = memchr(at, '\n', peer->in_length - (size_t)(at - peer->in)))) {
		*end = '\0';
		/* A line ends at its first NUL for C, and nowhere else for the peer: such a line isn't one. */
		if (strlen(at) != (size_t)(end - at))
			*at = '\0';
		request(peer, at);
		/* They belong to the request with which they came. */
		close_descriptors(peer);
		at = end + 1;
	}
	peer->in_length -= (size_t)(at - peer->in);
	memmove(peer->in, at, peer->in_length);
	if (peer->fd >= 0 && peer->in_length == sizeof(peer->in) && !memchr(peer->in, '\n', peer->in_length)) {
		say(peer, "0 error invalid a line is longer than 1024 bytes");
		drop_peer(peer);
	}
}

/* False: more came than any request has, or than can be held. */
static bool keep_descriptors(struct peer *peer, struct msghdr *message)
{
	bool fits = (message->msg_flags & MSG_CTRUNC) == 0;

	for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header; header = CMSG_NXTHDR(message, header)) {
		size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof(fd));
			if (peer->descriptor_count < MAX_DESCRIPTORS && held < MAX_HELD) {
				peer->descriptors[peer->descriptor_count++] = fd;
				held++;
			} else {
				close(fd);
				fits = false;
			}
		}
	}
	return fits;
}

static ssize_t receive(struct peer *peer)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int) * MAX_DESCRIPTORS)];
		struct cmsghdr aligned;
	} control;
	struct iovec text = { .iov_base = peer->in + peer->in_length, .iov_len = sizeof(peer->in) - peer->in_length };
	struct msghdr message = { .msg_iov = &text, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof(control.bytes) };
	ssize_t n = recvmsg(peer->fd, &message, MSG_CMSG_CLOEXEC);

	if (n > 0 && !keep_descriptors(peer, &message)) {
		log_fact("dropped", "why", "a peer sends more descriptors than any request has", NULL);
		return 0;
	}
	return n;
}

void read_peer(struct peer *peer, void (*request)(struct peer *peer, char *line))
{
	ssize_t n;

	take_lines(peer, request);
	if (peer->fd < 0 || peer->waits || peer->in_length == sizeof(peer->in))
		return;
	n = receive(peer);
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		drop_peer(peer);
	} else if (n > 0) {
		peer->since = now_ms();
		peer->in_length += (size_t)n;
		take_lines(peer, request);
	}
}

void write_peer(struct peer *peer)
{
	while (peer->fd >= 0 && peer->out_sent < peer->out_length) {
		ssize_t n = send(peer->fd, peer->out + peer->out_sent, peer->out_length - peer->out_sent, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0) {
			drop_peer(peer);
			return;
		}
		peer->out_sent += (size_t)n;
	}
	free(peer->out);
	peer->out = NULL;
	peer->out_length = peer->out_sent = 0;
}

static void say_list(struct peer *peer, const char *format, va_list values)
{
	char line[512];
	int length = vsnprintf(line, sizeof(line) - 1, format, values);
	char *longer;

	if (peer->fd < 0)
		return;
	if (length > (int)sizeof(line) - 2)
		length = sizeof(line) - 2;
	line[length++] = '\n';
	longer = peer->out_length + (size_t)length > MAX_OUT ? NULL : realloc(peer->out, peer->out_length + (size_t)length);
	if (!longer) {
		log_fact("dropped", "why", "a peer doesn't read its answers", NULL);
		drop_peer(peer);
		return;
	}
	peer->out = longer;
	memcpy(peer->out + peer->out_length, line, (size_t)length);
	peer->out_length += (size_t)length;
	write_peer(peer);
}

void say(struct peer *peer, const char *format, ...)
{
	va_list values;

	va_start(values, format);
	say_list(peer, format, values);
	va_end(values);
}

void tell_agent(const char *format, ...)
{
	for (size_t i = 0; i < MAX_PEERS; i++) {
		va_list values;

		if (peers[i].id == 0 || peers[i].fd < 0 || !peers[i].agent)
			continue;
		va_start(values, format);
		say_list(&peers[i], format, values);
		va_end(values);
	}
}

bool say_with_descriptors(struct peer *peer, const int *descriptors, size_t count, const char *format, ...)
{
	char line[256], control[CMSG_SPACE(sizeof(int) * 32)] = { 0 };
	struct iovec text = { .iov_base = line };
	struct msghdr message = { .msg_iov = &text, .msg_iovlen = 1, .msg_control = control, .msg_controllen = CMSG_SPACE(sizeof(int) * count) };
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	va_list values;
	bool sent;

	va_start(values, format);
	text.iov_len = (size_t)vsnprintf(line, sizeof(line), format, values);
	va_end(values);
	line[text.iov_len++] = '\n';
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int) * count);
	memcpy(CMSG_DATA(header), descriptors, sizeof(int) * count);
	/* The line and its descriptors go together or not at all. */
	sent = peer->fd >= 0 && peer->out_length == 0 && sendmsg(peer->fd, &message, MSG_NOSIGNAL) == (ssize_t)text.iov_len;
	if (!sent)
		drop_peer(peer);
	return sent;
}
