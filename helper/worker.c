#define _GNU_SOURCE
#include "worker.h"

#include "leases.h"
#include "links.h"
#include "log.h"
#include "netlink.h"
#include "openings.h"
#include "peers.h"
#include "requests.h"
#include "rules.h"
#include "scripts.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define TELL_SECONDS 3600

enum source { LISTENER, SIGNALS, LINKS_GONE, RULES, REFUSED, SOURCES };

static int sources[SOURCES];

static int open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGCHLD);
	if (sigprocmask(SIG_SETMASK, &set, NULL) != 0)
		return -1;
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static bool fail(const char *step)
{
	log_fact("failed", "step", step, "why", strerror(errno), NULL);
	return false;
}

static bool start(const struct config *config, int listener, pid_t monitor)
{
	configuration = config;
	sources[LISTENER] = listener;
	if ((sources[SIGNALS] = open_signals()) < 0)
		return fail("signals");
	if (!netlink_start() || (sources[LINKS_GONE] = watch_links()) < 0)
		return fail("rtnetlink");
	/* Before the rules are put there, so that nothing that happens to them is missed. */
	if ((sources[RULES] = watch_rules()) < 0 || (sources[REFUSED] = watch_refusals()) < 0)
		return fail("netfilter");
	/* A file that can't be read is named in the log; its guest is removed from the kernel with what else nobody recorded. */
	load_guests();
	prepare_scripts(config, monitor);
	if (!install_rules(config))
		return false;
	if (!add_host_addresses())
		return fail("addresses");
	recover_links();
	return start_leases(config) || fail("dnsmasq");
}

/* False: it is to end. */
static bool read_signals(void)
{
	struct signalfd_siginfo signal_;
	int status;
	pid_t pid;

	while (read(sources[SIGNALS], &signal_, sizeof(signal_)) == (ssize_t)sizeof(signal_))
		if (signal_.ssi_signo != SIGCHLD)
			return false;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		leases_ended(pid, status);
		script_ended(pid, status);
	}
	return true;
}

static void see_gone(void)
{
	struct guest *guest;
	struct link *link;
	int ifindex;

	while ((ifindex = next_gone(sources[LINKS_GONE])) != 0) {
		if (ifindex > 0) {
			guest = guest_of_interface(ifindex, &link);
			if (guest)
				close_link(guest, link);
			continue;
		}
		/* Some news were lost: look at each. */
		for (guest = guests; guest; guest = guest->next)
			for (size_t i = 0; i < LINKS; i++) {
				char name[IFNAMSIZ];

				link = &guest->links[i];
				if (link->ifindex && !if_indextoname((unsigned)link->ifindex, name))
					close_link(guest, link);
			}
	}
}

static void see_rules(void)
{
	if (!rules_were_touched(sources[RULES]))
		return;
	if (!install_rules(configuration))
		return;
	log_fact("restarted", "program", "rules", NULL);
	tell_agent("0 restarted what=rules");
}

static void see_refusals(void)
{
	enum refusal refusal;
	int ifindex;

	while (next_refusal(sources[REFUSED], &ifindex, &refusal)) {
		struct link *link;
		const struct guest *guest = guest_of_interface(ifindex, &link);
		time_t now = (time_t)(now_ms() / 1000);

		if (!guest || (link->told[refusal] != 0 && now - link->told[refusal] < TELL_SECONDS))
			continue;
		link->told[refusal] = now;
		log_fact("refused", "guest", guest->key, "interface", link->name, "kind", refusal_name(refusal), NULL);
		tell_agent("0 refused guest=%s what=%s", guest->key, refusal_name(refusal));
	}
}

static void tend_leases_now(void)
{
	if (!tend_leases(now_ms()))
		return;
	log_fact("restarted", "program", "dnsmasq", NULL);
	tell_agent("0 restarted what=dnsmasq");
}

/* Nobody else is to stand in for the agent where its connection has ended. */
static void forget_ports(unsigned long long peer)
{
	for (struct guest *g = guests; g; g = g->next) {
		struct link *link = &g->links[CHANNEL];

		if (!link->there || link->ports_of != peer)
			continue;
		link->ports_of = 0;
		if (!lead_ports(link, 0, 0))
			install_rules(configuration);
	}
}

static void forget_dropped_peers(void)
{
	for (size_t i = 0; i < MAX_PEERS; i++)
		if (peers[i].id != 0 && peers[i].fd < 0) {
			if (peers[i].agent)
				forget_ports(peers[i].id);
			end_script_of(peers[i].id);
			peers[i].id = 0;
		}
}

static size_t poll_peers(struct pollfd *polls, struct peer **which)
{
	size_t count = 0;

	for (size_t i = 0; i < MAX_PEERS; i++) {
		struct peer *peer = &peers[i];
		bool unsent = peer->out_length > peer->out_sent;

		if (peer->id == 0 || peer->fd < 0)
			continue;
		which[count] = peer;
		/* What a peer that waits or doesn't read has to say, it can say later. */
		polls[count++] = (struct pollfd){ .fd = peer->fd, .events = (short)((unsent ? POLLOUT : 0) | (peer->waits || unsent ? 0 : POLLIN)) };
	}
	return count;
}

static void tend_peers(const struct pollfd *polls, struct peer **which, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct peer *peer = which[i];

		if (polls[i].revents & POLLOUT)
			write_peer(peer);
		if (peer->fd >= 0 && (polls[i].revents & (POLLERR | POLLHUP)) && !(polls[i].revents & POLLIN))
			drop_peer(peer);
		/* Lines that were read while an answer was on its way are taken now. */
		else if (peer->fd >= 0 && ((polls[i].revents & POLLIN) || peer->in_length > 0))
			read_peer(peer, take_request);
	}
}

static int time_left(void)
{
	long long idle = end_idle_peers(), due = leases_due(), left = idle, script = end_late_scripts();

	if (script >= 0 && (left < 0 || script < left))
		left = script;

	if (due >= 0) {
		due = due > now_ms() ? due - now_ms() : 0;
		left = left < 0 || due < left ? due : left;
	}
	return left < 0 ? -1 : (int)left + 1;
}

int run_worker(const struct config *config, int listener, pid_t monitor)
{
	static struct pollfd polls[SOURCES + MAX_RUNS + 1 + MAX_SCRIPTS + MAX_PEERS];
	struct peer *which[MAX_PEERS];

	if (!start(config, listener, monitor))
		return 1;
	log_fact("ready", NULL);
	for (;;) {
		size_t runs, ran, count;
		int timeout = time_left();

		forget_dropped_peers();
		for (size_t i = 0; i < SOURCES; i++)
			polls[i] = (struct pollfd){ .fd = sources[i], .events = POLLIN };
		runs = poll_runs(polls + SOURCES);
		ran = poll_scripts(polls + SOURCES + runs);
		count = poll_peers(polls + SOURCES + runs + ran, which);
		if (poll(polls, (nfds_t)(SOURCES + runs + ran + count), timeout) < 0 && errno != EINTR)
			return 1;
		/* What the kernel tells comes first: answers are to be true. */
		if (!read_signals()) {
			end_all_scripts();
			return 0;
		}
		see_rules();
		see_gone();
		see_refusals();
		tend_leases_now();
		tend_runs(polls + SOURCES, runs);
		tend_scripts(polls + SOURCES + runs, ran);
		tend_peers(polls + SOURCES + runs + ran, which, count);
		if (polls[LISTENER].revents)
			accept_peers(listener, config->agent_uid);
	}
}
