/*
 * slipway-script --helper SOCKET --script NAME --definition TAR [--seconds N] [--hide FOLDER] [--pipe SOCKET] [--image FILE]
 *   [--read-only] [--disk FILE]…: has the helper run a trusted script (PROTOCOL.md, `script`). It needs no privilege: what it hands over it
 * has opened itself.
 *
 * 0, 1, 2: the script's; they are carried through pipes, because what starts this program may have sockets there, which no script can open
 * by their names. 3: its environment, `NAME=value` and a NUL each, to the end. 4: a socket on which `started`, `ended status=N why=…`,
 * `error CODE sentence` or `lost` are said, a line each; when its other end is closed, the script is killed, and this program ends when
 * nothing of it is left.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define CONTROL 4
#define ENVIRONMENT 3
#define MAX_DISKS 16
#define MAX_LINE 512
#define CHUNK 65536

struct arguments {
	const char *helper, *script, *definition, *seconds, *hide, *pipe, *image, *disks[MAX_DISKS];
	size_t disk_count;
	bool read_only;
};

struct relay {
	pid_t pid;
	int script; /* the end that the script gets */
};

struct lines {
	char text[MAX_LINE];
	size_t length;
};

static void tell(const char *line)
{
	ssize_t n = send(CONTROL, line, strlen(line), MSG_NOSIGNAL);

	(void)n; /* Where nobody listens, there is nobody to tell. */
}

static void give_up(const char *what, const char *why) __attribute__((noreturn));

static void give_up(const char *what, const char *why)
{
	char line[MAX_LINE];

	snprintf(line, sizeof(line), "error failed %s: %s\n", what, why);
	tell(line);
	exit(1);
}

static void read_arguments(int argc, char **argv, struct arguments *arguments)
{
	const struct {
		const char *name;
		const char **value;
	} known[] = { { "--helper", &arguments->helper },   { "--script", &arguments->script }, { "--definition", &arguments->definition },
		      { "--seconds", &arguments->seconds }, { "--hide", &arguments->hide },     { "--pipe", &arguments->pipe },
		      { "--image", &arguments->image } };

	for (int i = 1; i < argc; i++) {
		bool found = strcmp(argv[i], "--read-only") == 0;

		arguments->read_only |= found;
		for (size_t k = 0; k < sizeof(known) / sizeof(*known) && i + 1 < argc && !found; k++)
			if ((found = strcmp(argv[i], known[k].name) == 0))
				*known[k].value = argv[++i];
		if (!found && strcmp(argv[i], "--disk") == 0 && i + 1 < argc && arguments->disk_count < MAX_DISKS) {
			arguments->disks[arguments->disk_count++] = argv[++i];
			found = true;
		}
		if (!found)
			give_up(argv[i], "unknown argument, or one without its value");
	}
	if (!arguments->helper || !arguments->script || !arguments->definition)
		give_up("usage", "--helper SOCKET --script NAME --definition TAR");
}

static int open_or_give_up(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	if (fd < 0)
		give_up(path, strerror(errno));
	return fd;
}

static void carry(int from, int to) __attribute__((noreturn));

/* Waits for both its ends; whoever reads slowly slows the script, as with a pipe of its own. */
static void carry(int from, int to)
{
	static char chunk[CHUNK];
	ssize_t n, written;

	for (;;) {
		n = read(from, chunk, sizeof(chunk));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			_exit(0);
		for (ssize_t at = 0; at < n; at += written) {
			written = write(to, chunk + at, (size_t)(n - at));
			if (written < 0 && errno == EINTR)
				written = 0;
			if (written < 0)
				_exit(0);
		}
	}
}

static struct relay start_relay(int stream)
{
	pid_t parent = getpid();
	struct relay relay;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		give_up("pipe", strerror(errno));
	relay.script = ends[stream == 0 ? 0 : 1];
	relay.pid = fork();
	if (relay.pid < 0)
		give_up("fork", strerror(errno));
	if (relay.pid == 0) {
		int own = ends[stream == 0 ? 1 : 0], from = dup(stream == 0 ? stream : own), to = dup(stream == 0 ? own : stream);

		if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 || getppid() != parent || from < 0 || to < 0)
			_exit(1);
		/* Out of the way of whatever else is open, which isn't to be kept open here. */
		from = fcntl(from, F_DUPFD, 100);
		to = fcntl(to, F_DUPFD, 100);
		close_range(0, 99, 0);
		carry(from, to);
	}
	close(ends[stream == 0 ? 1 : 0]);
	return relay;
}

static int connect_to(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(to.sun_path))
		give_up("--helper", "too long for the path of a socket");
	strcpy(to.sun_path, path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0)
		give_up("helper", strerror(errno));
	return fd;
}

static void send_request(int fd, const char *line, const int *descriptors, size_t count)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int) * 32)];
		struct cmsghdr aligned;
	} control = { .bytes = { 0 } };
	struct iovec text = { .iov_base = (char *)line, .iov_len = strlen(line) }; /* sendmsg changes nothing there */
	struct msghdr message = { .msg_iov = &text, .msg_iovlen = 1 };

	if (count > 0) {
		struct cmsghdr *header;

		message.msg_control = control.bytes;
		message.msg_controllen = CMSG_SPACE(sizeof(int) * count);
		header = CMSG_FIRSTHDR(&message);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof(int) * count);
		memcpy(CMSG_DATA(header), descriptors, sizeof(int) * count);
	}
	if (sendmsg(fd, &message, MSG_NOSIGNAL) != (ssize_t)text.iov_len)
		give_up("helper", "the connection ended");
}

/* A whole line of what is there, without its end; NULL: none yet, or the connection has ended. */
static char *next_line(int fd, struct lines *lines, bool *ended)
{
	static char line[MAX_LINE];
	char *end = memchr(lines->text, '\n', lines->length);
	ssize_t n;

	if (!end) {
		n = recv(fd, lines->text + lines->length, sizeof(lines->text) - lines->length, MSG_DONTWAIT);
		*ended = n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
		lines->length += n > 0 ? (size_t)n : 0;
		end = memchr(lines->text, '\n', lines->length);
	}
	if (!end)
		return NULL;
	*end = '\0';
	strcpy(line, lines->text);
	lines->length -= (size_t)(end + 1 - lines->text);
	memmove(lines->text, end + 1, lines->length);
	return line;
}

static void ask(int helper, const struct arguments *arguments, struct relay relays[3])
{
	int descriptors[8 + MAX_DISKS];
	size_t count = 0;
	char line[MAX_LINE];

	for (int i = 0; i < 3; i++)
		descriptors[count++] = (relays[i] = start_relay(i)).script;
	descriptors[count++] = ENVIRONMENT;
	descriptors[count++] = open_or_give_up(arguments->definition, O_RDONLY);
	if (arguments->pipe)
		descriptors[count++] = open_or_give_up(arguments->pipe, O_PATH | O_NOFOLLOW);
	if (arguments->image)
		descriptors[count++] = open_or_give_up(arguments->image, O_RDONLY);
	if (arguments->hide)
		descriptors[count++] = open_or_give_up(arguments->hide, O_PATH | O_DIRECTORY);
	for (size_t i = 0; i < arguments->disk_count; i++)
		descriptors[count++] = open_or_give_up(arguments->disks[i], arguments->read_only ? O_RDONLY : O_RDWR);
	snprintf(line, sizeof(line), "2 script name=%.32s disks=%zu readonly=%s pipe=%s image=%s hide=%s%s%.16s\n", arguments->script, arguments->disk_count,
		 arguments->read_only ? "yes" : "no", arguments->pipe ? "yes" : "no", arguments->image ? "yes" : "no", arguments->hide ? "yes" : "no",
		 arguments->seconds ? " seconds=" : "", arguments->seconds ? arguments->seconds : "");
	send_request(helper, line, descriptors, count);
	/* Theirs from now on: an end that stayed open here would be waited for. */
	for (size_t i = 0; i < count; i++)
		close(descriptors[i]);
	close_range(0, 2, 0);
}

static void end_relays(const struct relay relays[3], bool at_once)
{
	for (int i = 0; i < 3; i++) {
		/* What the script has written is carried to its end; what it hasn't read is nobody's any more. */
		if (at_once || i == 0)
			kill(relays[i].pid, SIGKILL);
		while (waitpid(relays[i].pid, NULL, 0) < 0 && errno == EINTR)
			continue;
	}
}

/* False: it is over. */
static bool take_line(int helper, const char *line, const struct arguments *arguments, struct relay relays[3], bool left)
{
	char said[MAX_LINE + 8];

	if (strncmp(line, "1 ok", 4) == 0) {
		if (left)
			return false;
		ask(helper, arguments, relays);
	} else if (strncmp(line, "2 ok", 4) == 0) {
		tell("started\n");
	} else if (strncmp(line, "0 ended ", 8) == 0) {
		end_relays(relays, left);
		snprintf(said, sizeof(said), "ended %s\n", line + 8);
		tell(said);
		return false;
	} else if (strncmp(line + 1, " error ", 7) == 0 && *line != '3') {
		/* The helper's sentences name keys and never values. */
		snprintf(said, sizeof(said), "%s\n", line + 2);
		tell(said);
		return false;
	}
	return true;
}

/* Nothing is said to us there: it is the end that counts. */
static bool has_left(char *rest, size_t size)
{
	ssize_t n = recv(CONTROL, rest, size, MSG_DONTWAIT);

	return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

int main(int argc, char **argv)
{
	struct arguments arguments = { .helper = NULL };
	struct relay relays[3] = { { .pid = 0 } };
	struct lines lines = { .length = 0 };
	struct pollfd polls[2] = { { .fd = CONTROL, .events = POLLIN }, { .events = POLLIN } };
	bool ended = false;

	signal(SIGPIPE, SIG_IGN);
	read_arguments(argc, argv, &arguments);
	if (fcntl(ENVIRONMENT, F_GETFD) < 0 || fcntl(CONTROL, F_SETFD, FD_CLOEXEC) < 0)
		give_up("usage", "3 and 4 must be open");
	polls[1].fd = connect_to(arguments.helper);
	send_request(polls[1].fd, "1 hello version=1\n", NULL, 0);
	for (;;) {
		const char *line;
		char rest[16];

		while ((line = next_line(polls[1].fd, &lines, &ended)))
			if (!take_line(polls[1].fd, line, &arguments, relays, polls[0].fd < 0))
				return 0;
		if (ended) {
			tell("lost\n");
			return 1;
		}
		if (poll(polls, 2, -1) < 0 && errno != EINTR)
			give_up("poll", strerror(errno));
		if (polls[0].revents && has_left(rest, sizeof(rest))) {
			send_request(polls[1].fd, "3 end\n", NULL, 0);
			polls[0].fd = -1;
		}
	}
}
