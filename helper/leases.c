#define _GNU_SOURCE
#include "leases.h"

#include "dnsmasq.h"
#include "log.h"
#include "peers.h"
#include "sysctls.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FIRST_WAIT 100
#define LONGEST_WAIT 5000
/* Bytes: many times what 65,536 leases take. */
#define MAX_LEASES (64 << 20)

static struct dnsmasq server;
static pid_t child;
static long long started, due = -1, wait_ms = FIRST_WAIT;


static bool make_folder(const char *path, uid_t owner)
{
	return (mkdir(path, 0755) == 0 || errno == EEXIST) && chown(path, owner, 0) == 0 && chmod(path, 0755) == 0;
}

bool check_leases(const struct config *config, const char *folder)
{
	snprintf(server.hosts, sizeof(server.hosts), "%s/hosts", folder);
	snprintf(server.leases, sizeof(server.leases), "%s/leases", folder);
	if (!find_dnsmasq_user(&server)) {
		fprintf(stderr, "slipway-helper: no user `dnsmasq` on this host\n");
		return false;
	}
	if (!make_folder(folder, 0) || !make_folder(server.hosts, 0) || !make_folder(server.leases, server.uid)) {
		fprintf(stderr, "slipway-helper: %s: %s\n", folder, strerror(errno));
		return false;
	}
	return try_dnsmasq(&server, config);
}

static bool start(void)
{
	started = now_ms();
	due = -1;
	child = run_dnsmasq(&server);
	if (child < 0)
		log_fact("failed", "step", "dnsmasq", "why", strerror(errno), NULL);
	return child > 0;
}

static bool save_approval(const struct link *link)
{
	char path[512], fresh[512];
	FILE *file;
	bool fine;

	snprintf(path, sizeof(path), "%s/%s", server.hosts, link->name);
	/* dnsmasq doesn't read files whose names begin with a dot; it sees the one that is renamed. */
	snprintf(fresh, sizeof(fresh), "%s/.%s", server.hosts, link->name);
	file = fopen(fresh, "we");
	if (!file)
		return false;
	/* By the interface's tag: the same hardware address on another interface is nobody. */
	fprintf(file, "%s,tag:%s,%s", link->mac, link->name, link->ip);
	if (*link->ip6 && host_has_ipv6())
		fprintf(file, ",[%s]", link->ip6);
	fputc('\n', file);
	fine = fflush(file) == 0 && !ferror(file) && fchmod(fileno(file), 0644) == 0;
	fclose(file);
	return fine && rename(fresh, path) == 0;
}

bool start_leases(const struct config *config)
{
	DIR *folder = opendir(server.hosts);
	struct dirent *entry;
	struct link *link;

	configure_dnsmasq(&server, config);
	while (folder && (entry = readdir(folder)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 && !guest_of_name(entry->d_name, &link))
			unlinkat(dirfd(folder), entry->d_name, 0);
	if (folder)
		closedir(folder);
	for (struct guest *g = guests; g; g = g->next)
		if (g->links[CHANNEL].there)
			save_approval(&g->links[CHANNEL]);
	return folder && start();
}

bool approve_lease(const struct link *link)
{
	return save_approval(link);
}

static void stop(void)
{
	if (child <= 0)
		return;
	kill(child, SIGTERM);
	/* It ends at once: it has nothing to wait for. */
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		continue;
	child = 0;
}

/*
 * The folder of the leases is dnsmasq's, and guests talk to dnsmasq: what lies there may be what somebody has made of it. Nothing is
 * followed, waited for or overwritten; what isn't dnsmasq's own file tells of no lease.
 */
static FILE *open_leases(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat status;
	FILE *file = NULL;

	if (fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_uid == server.uid && status.st_size <= MAX_LEASES)
		file = fdopen(fd, "r");
	if (fd >= 0 && !file)
		close(fd);
	return file;
}

static FILE *create_leases(const char *path)
{
	int fd = unlink(path) != 0 && errno != ENOENT ? -1 : open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");

	if (fd >= 0 && !file)
		close(fd);
	return file;
}

/* Whether the lease file tells of this address; with `without`, it is left away. */
static bool find_lease(const char *address, bool without)
{
	char path[512], fresh[512], line[2048], word[64];
	FILE *file, *to = NULL;
	bool found = false;

	snprintf(path, sizeof(path), "%s/leases", server.leases);
	snprintf(fresh, sizeof(fresh), "%s/.leases", server.leases);
	snprintf(word, sizeof(word), " %s ", address);
	file = open_leases(path);
	if (!file)
		return false;
	if (without && !(to = create_leases(fresh))) {
		log_fact("failed", "step", "lease", "why", strerror(errno), NULL);
		fclose(file);
		return false;
	}
	while (fgets(line, sizeof(line), file)) {
		bool it = strstr(line, word) != NULL;

		found |= it;
		if (to && !it)
			fputs(line, to);
	}
	fclose(file);
	if (to && fchown(fileno(to), server.uid, server.gid) != 0)
		log_fact("failed", "step", "lease", "why", strerror(errno), NULL);
	if (to && (fclose(to) != 0 || rename(fresh, path) != 0))
		log_fact("failed", "step", "lease", "why", strerror(errno), NULL);
	return found;
}

static void forget(const char *address)
{
	if (*address == '\0' || !find_lease(address, false))
		return;
	/* It holds its leases in memory, and writes them when it ends. */
	stop();
	find_lease(address, true);
	start();
}

void forget_lease6(const struct link *link)
{
	forget(link->ip6);
}

void withdraw_lease(const struct link *link)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", server.hosts, link->name);
	if (unlink(path) != 0)
		return;
	/* It sees a new file by itself, and one that has gone only when it is told. */
	if (find_lease(link->ip, false) || (*link->ip6 && find_lease(link->ip6, false))) {
		stop();
		find_lease(link->ip, true);
		if (*link->ip6)
			find_lease(link->ip6, true);
		start();
	} else if (child > 0) {
		kill(child, SIGHUP);
	}
}

bool leases_ended(pid_t pid, int status)
{
	char how[32];

	if (pid != child || child <= 0)
		return false;
	child = 0;
	if (now_ms() - started > 10000)
		wait_ms = FIRST_WAIT;
	snprintf(how, sizeof(how), "%s %d", WIFSIGNALED(status) ? "signal" : "status", WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	log_fact("ended", "program", "dnsmasq", "how", how, NULL);
	due = now_ms() + wait_ms;
	wait_ms = wait_ms * 2 < LONGEST_WAIT ? wait_ms * 2 : LONGEST_WAIT;
	return true;
}

bool tend_leases(long long now)
{
	if (due < 0 || now < due)
		return false;
	if (start())
		return true;
	due = now + LONGEST_WAIT;
	return false;
}

long long leases_due(void)
{
	return due;
}
