/* What can be done with connections that the kernel makes: honest ones, and too many, too slow and too much. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "probe.h"

#define HOST "169.254.169.254"
#define ANSWER_BYTES 16384

static int start_connect(const char *address, int port) {
	struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
	struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	char plain[64];
	snprintf(plain, sizeof plain, "%s", address);
	char *scope = strchr(plain, '%');
	if (scope) {
		*scope = 0;
		six.sin6_scope_id = (uint32_t)channel_index;
	}
	int is_six = strchr(plain, ':') != NULL;
	if (inet_pton(is_six ? AF_INET6 : AF_INET, plain, is_six ? (void *)&six.sin6_addr : (void *)&four.sin_addr) != 1) return -3;
	int connection = socket(is_six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (connection < 0) return -3;
	int result = is_six ? connect(connection, (struct sockaddr *)&six, sizeof six) : connect(connection, (struct sockaddr *)&four, sizeof four);
	if (result != 0 && errno != EINPROGRESS) {
		close(connection);
		return errno == ECONNREFUSED ? -1 : -3;
	}
	return connection;
}

int connect_within(const char *address, int port, int milliseconds) {
	int connection = start_connect(address, port);
	if (connection < 0) return connection;
	struct pollfd wait = {.fd = connection, .events = POLLOUT};
	int error = ETIMEDOUT;
	socklen_t size = sizeof error;
	if (poll(&wait, 1, milliseconds) == 1) getsockopt(connection, SOL_SOCKET, SO_ERROR, &error, &size);
	if (error == 0) return connection;
	close(connection);
	return error == ECONNREFUSED ? -1 : error == ETIMEDOUT ? -2 : -3;
}

const char *connect_failure(int result) {
	return result == -1 ? "refused" : result == -2 ? "silent" : "unreachable";
}

/* reach ADDRESS PORT: is somebody there? */
void cmd_reach(const char *label, int argc, char **argv) {
	if (argc < 2) return;
	int connection = connect_within(argv[0], atoi(argv[1]), 1500);
	if (connection < 0) {
		say(label, "%s", connect_failure(connection));
		return;
	}
	say(label, "open");
	close(connection);
}

/* Reads until the other side ends, the buffer is full or the time is up; -1 where the connection broke. */
static ssize_t read_answer(int connection, char *answer, size_t room, int milliseconds) {
	size_t used = 0;
	int64_t until = now_us() + (int64_t)milliseconds * 1000;
	while (used < room - 1) {
		int left = (int)((until - now_us()) / 1000);
		struct pollfd wait = {.fd = connection, .events = POLLIN};
		if (left <= 0 || poll(&wait, 1, left) != 1) break;
		ssize_t got = read(connection, answer + used, room - 1 - used);
		if (got <= 0) break;
		used += (size_t)got;
	}
	answer[used] = 0;
	return (ssize_t)used;
}

/* send ADDRESS BYTES: sends them to port 80 and says which statuses come back, and what the last body begins with. */
void cmd_send(const char *label, int argc, char **argv) {
	if (argc < 2) return;
	size_t length = unescape(argv[1]);
	int connection = connect_within(argv[0], 80, 5000);
	if (connection < 0) {
		say(label, "%s", connect_failure(connection));
		return;
	}
	static char answer[ANSWER_BYTES];
	if (write(connection, argv[1], length) < 0) {
		say(label, "closed");
		close(connection);
		return;
	}
	ssize_t got = read_answer(connection, answer, sizeof answer, 2000);
	char statuses[128] = "";
	int count = 0;
	char *last = NULL;
	for (char *at = answer; (at = strstr(at, "HTTP/1.1 ")) != NULL; at += 9, count++) {
		last = at;
		if (strlen(statuses) < sizeof statuses - 5) snprintf(statuses + strlen(statuses), 5, "%s%.3s", count ? "," : "", at + 9);
	}
	char *body = last ? strstr(last, "\r\n\r\n") : NULL;
	char shown[200] = "";
	if (body) snprintf(shown, sizeof shown, "%s", body + 4);
	for (char *at = shown; *at; at++) {
		if ((unsigned char)*at < 32) *at = ' ';
	}
	say(label, "answers=%d status=%s bytes=%zd body=%s", count, count ? statuses : got == 0 ? "none" : "strange", got, shown);
	close(connection);
}

static int compare(const void *a, const void *b) {
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
	return (left > right) - (left < right);
}

/*
 * measure WINDOW_SECONDS WINDOWS PATH [PAUSE_MS]: requests one after the other, each on a connection of its own; for each window a line
 * with their number, how many failed, and their times in microseconds.
 */
void cmd_measure(const char *label, int argc, char **argv) {
	if (argc < 3) return;
	int64_t window = (int64_t)(atof(argv[0]) * 1e6);
	int windows = atoi(argv[1]);
	int pause_ms = argc > 3 ? atoi(argv[3]) : 10;
	char request[512];
	int length = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: " HOST "\r\nConnection: close\r\n\r\n", argv[2]);
	static int64_t times[20000];
	static char answer[ANSWER_BYTES];
	for (int number = 1; windows == 0 || number <= windows; number++) {
		int count = 0, failed = 0;
		for (int64_t end = now_us() + window; now_us() < end && count < 20000;) {
			int64_t began = now_us();
			int connection = connect_within(HOST, 80, 5000);
			ssize_t got = -1;
			if (connection >= 0) {
				if (write(connection, request, (size_t)length) == length) got = read_answer(connection, answer, sizeof answer, 5000);
				close(connection);
			}
			times[count++] = now_us() - began;
			if (got < 12 || strncmp(answer + 9, "200", 3) != 0) failed++;
			usleep((useconds_t)pause_ms * 1000);
		}
		qsort(times, (size_t)count, sizeof times[0], compare);
		say(label, "window=%d count=%d failed=%d p50=%lld p99=%lld max=%lld", number, count, failed, (long long)times[count / 2], (long long)times[(int)(count * 0.99)], (long long)times[count - 1]);
	}
}

/*
 * slow CONNECTIONS SECONDS: opens them, those that come about within five seconds, sends a byte on each every second, and says how many
 * there were and how many were ended.
 */
void cmd_slow(const char *label, int argc, char **argv) {
	if (argc < 2) return;
	int wanted = atoi(argv[0]);
	int64_t end = now_us() + (int64_t)(atof(argv[1]) * 1e6);
	static struct pollfd all[4096];
	static int state[4096]; /* 0: coming, 1: open, 2: ended */
	if (wanted > 4096) wanted = 4096;
	int64_t patience = now_us() + 5000000;
	int opened = 0, most = 0, now = 0, ended = 0;
	for (int i = 0; i < wanted; i++) {
		all[i].fd = start_connect(HOST, 80);
		all[i].events = POLLOUT;
		state[i] = all[i].fd < 0 ? 2 : 0;
	}
	for (int64_t next = 0; now_us() < end;) {
		poll(all, (nfds_t)wanted, 100);
		int is_time = now_us() >= next;
		if (is_time) next = now_us() + 1000000;
		for (int i = 0; i < wanted; i++) {
			if (state[i] == 2) continue;
			if (state[i] == 0) {
				int error = EINPROGRESS;
				socklen_t size = sizeof error;
				if (all[i].revents == 0 && now_us() < patience) continue;
				if (all[i].revents != 0) getsockopt(all[i].fd, SOL_SOCKET, SO_ERROR, &error, &size);
				if (error != 0) {
					close(all[i].fd);
					all[i].fd = -1;
					state[i] = 2;
					continue;
				}
				state[i] = 1;
				all[i].events = POLLIN;
				opened++;
				if (++now > most) most = now;
				if (write(all[i].fd, "GET /latest HTTP/1.1\r\nX-Slow: ", 30) < 0) continue;
			}
			char byte = 'x';
			int is_over = (is_time && write(all[i].fd, &byte, 1) < 0 && errno != EAGAIN);
			if (all[i].revents & (POLLIN | POLLHUP | POLLERR)) {
				ssize_t got;
				while ((got = read(all[i].fd, &byte, 1)) > 0) {}
				if (got == 0 || errno != EAGAIN) is_over = 1;
			}
			if (!is_over) continue;
			close(all[i].fd);
			all[i].fd = -1;
			state[i] = 2;
			now--;
			ended++;
		}
	}
	for (int i = 0; i < wanted; i++) {
		if (all[i].fd >= 0) close(all[i].fd);
	}
	say(label, "asked=%d opened=%d most=%d ended=%d left=%d", wanted, opened, most, ended, now);
}

/* pour SECONDS BYTES KIND: posts as much as it says to `write`, as quickly as it can; KIND: length, chunked or lines. */
void cmd_pour(const char *label, int argc, char **argv) {
	if (argc < 3) return;
	int64_t end = now_us() + (int64_t)(atof(argv[0]) * 1e6);
	long long wanted = atoll(argv[1]), sent = 0;
	int is_chunked = strcmp(argv[2], "chunked") == 0;
	int posts = 0, connections = 0;
	char status[16] = "none";
	static char block[65536 + 16], answer[ANSWER_BYTES];
	int at = is_chunked ? sprintf(block, "10000\r\n") : 0;
	for (int i = 0; i < 65536; i++) block[at + i] = i % 100 == 99 ? '\n' : 'x';
	size_t size = (size_t)at + 65536, done = 0;
	if (is_chunked) size += (size_t)sprintf(block + size, "\r\n");
	while (now_us() < end && sent < wanted) {
		int connection = connect_within(HOST, 80, 2000);
		if (connection < 0) {
			snprintf(status, sizeof status, "%s", connect_failure(connection));
			usleep(50000);
			continue;
		}
		connections++;
		char head[256];
		int length = is_chunked ? snprintf(head, sizeof head, "POST /ganeti/latest/write HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
		                        : snprintf(head, sizeof head, "POST /ganeti/latest/write HTTP/1.1\r\nHost: h\r\nContent-Length: %lld\r\n\r\n", wanted);
		if (write(connection, head, (size_t)length) < 0) snprintf(status, sizeof status, "closed");
		posts++;
		done = 0;
		for (int is_over = 0; !is_over && now_us() < end && sent < wanted;) {
			struct pollfd wait = {.fd = connection, .events = POLLIN | POLLOUT};
			poll(&wait, 1, 200);
			if (wait.revents & POLLOUT) {
				ssize_t put = write(connection, block + done, size - done);
				if (put > 0) {
					sent += put;
					done = (done + (size_t)put) % size;
				} else if (errno != EAGAIN) {
					is_over = 1;
				}
			}
			if (wait.revents & (POLLIN | POLLHUP | POLLERR)) {
				ssize_t got = read_answer(connection, answer, sizeof answer, 50);
				if (got > 12) snprintf(status, sizeof status, "%.3s", answer + 9);
				is_over = 1;
			}
		}
		close(connection);
	}
	say(label, "sent=%lld posts=%d connections=%d status=%s", sent, posts, connections, status);
}

static int listen_at(const char *label, int port) {
	int on = 1, off = 0;
	struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
	int listener = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	setsockopt(listener, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
	if (bind(listener, (struct sockaddr *)&any, sizeof any) == 0 && listen(listener, 16) == 0) return listener;
	say(label, "can't listen: %s", strerror(errno));
	return -1;
}

/* relay PORT: whoever comes says a path in a line, and is told what the guest's own request for it is answered. */
void cmd_relay(const char *label, int argc, char **argv) {
	int listener = argc < 1 ? -1 : listen_at(label, atoi(argv[0]));
	if (listener >= 0) say(label, "listens");
	while (listener >= 0) {
		int peer = accept(listener, NULL, NULL);
		if (peer < 0) continue;
		static char answer[ANSWER_BYTES];
		char path[256] = "", request[512];
		ssize_t got = read(peer, path, sizeof path - 1);
		path[got > 0 ? strcspn(path, "\n") : 0] = 0;
		int length = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: " HOST "\r\nConnection: close\r\n\r\n", path);
		int connection = connect_within(HOST, 80, 2000);
		ssize_t size = -1;
		if (connection >= 0) {
			if (write(connection, request, (size_t)length) == length) size = read_answer(connection, answer, sizeof answer, 15000);
			close(connection);
		}
		if (connection < 0) size = snprintf(answer, sizeof answer, "%s", connect_failure(connection));
		if (size > 0 && write(peer, answer, (size_t)size) < 0) say(label, "gone again");
		close(peer);
	}
}

/* listen PORT: greets whoever comes, and says that somebody came. */
void cmd_listen(const char *label, int argc, char **argv) {
	if (argc < 1) return;
	int listener = listen_at(label, atoi(argv[0]));
	if (listener < 0) return;
	for (;;) {
		struct sockaddr_in6 peer;
		socklen_t size = sizeof peer;
		int connection = accept(listener, (struct sockaddr *)&peer, &size);
		if (connection < 0) continue;
		char text[64];
		inet_ntop(AF_INET6, &peer.sin6_addr, text, sizeof text);
		say(label, "visited by %s", text);
		if (write(connection, "hello\n", 6) < 0) say(label, "gone again");
		close(connection);
	}
}
