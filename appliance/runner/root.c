#define _GNU_SOURCE
#include "root.h"
#include "boot.h"
#include "environment.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define LAYERS "/layers"

/* A mount whose failure is told on the console; the place is made if need be. */
static bool attach(const char *what, const char *where, const char *type, unsigned long flags, const char *options)
{
	mkdir(where, 0755);
	if (mount(what, where, type, flags, options) == 0)
		return true;
	fprintf(stderr, "appliance: %s: %s\n", where, strerror(errno));
	return false;
}

/* The kernel's own filesystems are the same ones as before, seen from the new root. */
static bool attach_kernel_filesystems(void)
{
	return attach("dev", "dev", "devtmpfs", 0, NULL) && attach("pts", "dev/pts", "devpts", 0, "mode=620,gid=5,ptmxmode=666") &&
	       attach("shm", "dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, NULL) && attach("proc", "proc", "proc", 0, NULL) &&
	       attach("sys", "sys", "sysfs", 0, NULL) && attach("run", "run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755");
}

static const char *lay(const char *root, const char *image)
{
	const char *options = image ? "lowerdir=" LAYERS "/image:" LAYERS "/root,upperdir=" LAYERS "/changes,workdir=" LAYERS "/work"
				    : "lowerdir=" LAYERS "/root,upperdir=" LAYERS "/changes,workdir=" LAYERS "/work";

	load_modules("/lib/modules/full");
	/* What is left of the memory is for programs. */
	if (!attach("layers", LAYERS, "tmpfs", 0, "size=75%,mode=755") || !attach(root, LAYERS "/root", "squashfs", MS_RDONLY, NULL))
		return "the full userland can't be mounted";
	if (image && !attach(image, LAYERS "/image", "squashfs", MS_RDONLY, NULL))
		return "the definition's image can't be laid over the full userland: it isn't a squashfs that this kernel reads";
	mkdir(LAYERS "/changes", 0755);
	mkdir(LAYERS "/work", 0755);
	if (!attach("root", LAYERS "/system", "overlay", 0, options))
		return "the full userland can't be mounted";
	/* The kernel starts modprobe, for a filesystem or a device, in the initramfs: there it finds these modules then. */
	if (!attach(LAYERS "/root/usr/lib/modules", "/lib/modules", NULL, MS_BIND, NULL))
		return "the full userland has no kernel modules";
	if (!attach(PROGRAMS, LAYERS "/system" PROGRAMS, NULL, MS_BIND, NULL))
		return "the appliance's own programs can't be mounted";
	if (chdir(LAYERS "/system") != 0 || !attach_kernel_filesystems())
		return "the full userland can't be mounted";
	/* Moved, not only entered: what is started from here may make namespaces of its own. */
	if (mount(".", "/", NULL, MS_MOVE, NULL) != 0 || chroot(".") != 0 || chdir("/") != 0)
		return "the full userland can't be entered";
	return NULL;
}

const char *enter_root_of(const char *sysfs, const char *serial)
{
	const char *root = find_disk(sysfs, serial);

	return root ? lay(root, NULL) : "the full userland isn't attached";
}

const char *enter_root(const struct json *metadata, const char *sysfs, bool real)
{
	const struct json *os = json_member(metadata, "os");
	const char *serial = json_string(json_member(metadata, "appliance"), "rootSerial"), *use = json_string(os, "imageUse");
	const char *image_serial = use && strcmp(use, "layer") == 0 ? json_string(os, "imageSerial") : NULL;
	const char *root, *image = NULL;

	if (!serial)
		return image_serial ? "the definition's image is a layer, and there is no full userland to lay it over" : NULL;
	root = find_disk(sysfs, serial);
	if (!root)
		return "the full userland isn't attached";
	if (image_serial && !(image = find_disk(sysfs, image_serial)))
		return "the definition's image isn't attached";
	return real ? lay(root, image) : NULL;
}
