#define _GNU_SOURCE
#include "dnsmasq.h"

#include "rule-templates.h"
#include "sysctls.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM "/usr/sbin/dnsmasq"

/* Raw frames for an answer to a guest without address, neighbour tables, and ports below 1024. */
static const int needed[] = { CAP_NET_ADMIN, CAP_NET_RAW, CAP_NET_BIND_SERVICE };

bool find_dnsmasq_user(struct dnsmasq *server)
{
	const struct passwd *user = getpwnam("dnsmasq");

	if (!user || user->pw_uid == 0)
		return false;
	server->uid = user->pw_uid;
	server->gid = user->pw_gid;
	return true;
}

static void add(struct dnsmasq *server, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct dnsmasq *server, const char *format, ...)
{
	va_list values;

	va_start(values, format);
	if (server->count < MAX_ARGUMENTS - 1 && vasprintf(&server->arguments[server->count], format, values) >= 0)
		server->count++;
	va_end(values);
	server->arguments[server->count] = NULL;
}

void configure_dnsmasq(struct dnsmasq *server, const struct config *config)
{
	server->count = 0;
	add(server, PROGRAM);
	add(server, "--conf-file=/dev/null");
	add(server, "--keep-in-foreground");
	add(server, "--pid-file");
	add(server, "--log-facility=-");
	add(server, "--port=0");
	add(server, "--no-resolv");
	add(server, "--no-hosts");
	add(server, "--no-ping");
	add(server, "--bind-dynamic");
	add(server, "--interface=gnt.com.*");
	add(server, "--except-interface=lo");
	add(server, "--except-interface=eth*");
	add(server, "--dhcp-leasefile=%s/leases", server->leases);
	add(server, "--dhcp-hostsdir=%s", server->hosts);
	add(server, "--dhcp-ignore=tag:!known");
	add(server, "--dhcp-authoritative");
	add(server, "--dhcp-lease-max=%d", 65536);
	/* A guest's name for itself is nothing to us. */
	add(server, "--dhcp-ignore-names");
	for (size_t i = 0; i < config->network_count; i++) {
		const struct network *network = &config->networks[i];

		if (is_in_network(network, HOST_ADDRESS)) {
			add(server, "--dhcp-range=%s,static,%s,1h", network->base, network->mask);
			continue;
		}
		/* The host's address is in none of these: told that they share a wire, and the way. */
		add(server, "--dhcp-range=set:far,%s,static,%s,1h", network->base, network->mask);
		add(server, "--shared-network=" HOST_ADDRESS ",%s", network->base);
	}
	/* No router and no name server. */
	add(server, "--dhcp-option=3");
	add(server, "--dhcp-option=6");
	/* Only where it is needed: cloud-init's EC2 sets this route twice and breaks off at the second time. */
	add(server, "--dhcp-option=tag:far,121," HOST_ADDRESS "/32,0.0.0.0");
	if (host_has_ipv6()) {
		add(server, "--dhcp-range=" CHANNEL_SUBNET6 ",static,64,1h");
		add(server, "--enable-ra");
		/* Made of nothing that this host has: without an interface that has a MAC address dnsmasq ends otherwise. */
		add(server, "--dhcp-duid=32473,73:6c:69:70:77:61:79");
		/* Nobody's default router. */
		add(server, "--ra-param=gnt.com.*,600,0");
	}
}

static void set_aside_stderr(void)
{
	/* What dnsmasq says of its clients may hold what they sent. */
	int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);

	dup2(nothing, 0);
	dup2(nothing, 1);
	dup2(nothing, 2);
}

static bool become_user(const struct dnsmasq *server)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { 0 }, { 0 } };
	unsigned mask = 0;

	for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++)
		mask |= 1u << needed[i];
	for (int c = 0; c < 64; c++)
		if (c >= 32 || (mask & (1u << c)) == 0)
			prctl(PR_CAPBSET_DROP, c, 0, 0, 0); /* The kernel knows how many there are. */
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0 || setgroups(0, NULL) != 0)
		return false;
	if (setresgid(server->gid, server->gid, server->gid) != 0 || setresuid(server->uid, server->uid, server->uid) != 0)
		return false;
	data[0].effective = data[0].permitted = data[0].inheritable = mask;
	if (syscall(SYS_capset, &header, data) != 0)
		return false;
	for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++)
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, needed[i], 0, 0) != 0)
			return false;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

pid_t run_dnsmasq(const struct dnsmasq *server)
{
	static char *const environment[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL };
	pid_t parent = getpid(), pid = fork();
	sigset_t none;

	if (pid != 0)
		return pid;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	set_aside_stderr();
	/* After the change of user, which clears it. Whoever starts us again starts another one: never two. */
	if (!become_user(server) || prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 || getppid() != parent)
		_exit(126);
	execve(PROGRAM, server->arguments, environment);
	_exit(127);
}

bool try_dnsmasq(struct dnsmasq *server, const struct config *config)
{
	pid_t pid;
	int status;

	configure_dnsmasq(server, config);
	add(server, "--test");
	pid = fork();
	if (pid == 0) {
		/* What it says comes before any guest, and goes to whoever starts us. */
		execv(PROGRAM, server->arguments);
		_exit(127);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	if (pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return true;
	fprintf(stderr, "slipway-helper: " PROGRAM " isn't there or doesn't know what is needed (--bind-dynamic, --dhcp-hostsdir, --shared-network)\n");
	return false;
}
