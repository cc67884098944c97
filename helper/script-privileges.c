#define _GNU_SOURCE
#include "script-init.h"

#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* With which a system is made on a disk: loop devices, mounts, devices' nodes, another root, files of any owner. */
static const int kept[] = { CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER, CAP_FSETID, CAP_KILL, CAP_SETGID, CAP_SETUID,
			    CAP_SETPCAP, CAP_SETFCAP, CAP_MKNOD, CAP_SYS_CHROOT, CAP_SYS_ADMIN };

static bool is_kept(int capability)
{
	for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++)
		if (kept[i] == capability)
			return true;
	return false;
}

static bool drop_user(const struct script_rules *rules)
{
	return setgroups((size_t)rules->group_count, rules->groups) == 0 && setresgid(rules->gid, rules->gid, rules->gid) == 0 &&
	       setresuid(rules->uid, rules->uid, rules->uid) == 0;
}

bool drop_privileges(const struct script_rules *rules)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { 0 }, { 0 } };

	for (int c = 0; c < 64; c++) {
		bool keeps = rules->uid == 0 && is_kept(c);

		/* The kernel knows how many there are. */
		if (!keeps && prctl(PR_CAPBSET_READ, c, 0, 0, 0) == 1 && prctl(PR_CAPBSET_DROP, c, 0, 0, 0) != 0)
			return false;
		if (keeps && prctl(PR_CAPBSET_READ, c, 0, 0, 0) == 1)
			data[c / 32].permitted |= 1u << (c % 32);
	}
	if (!drop_user(rules))
		return false;
	data[0].effective = data[0].permitted;
	data[1].effective = data[1].permitted;
	if (syscall(SYS_capset, &header, data) != 0)
		return false;
	/* Root's programs that change their user are part of what such scripts run; nobody else's are. */
	return rules->uid == 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}
