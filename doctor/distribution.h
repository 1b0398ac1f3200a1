/*
 * What is done differently from one distribution to the next: how a word leaves the kernel's command
 * line, and what brings an audit rule back at the next start.
 *
 * Facts: Bottlerocket's pull requests 724 and 3831 (rules of its image, deleted by a bootstrap
 * container), Talos' machine.install.extraKernelArgs, OpenShift's MachineConfig, Flatcar's
 * /oem/grub.cfg, grubby(8), grub2-mkconfig(8).
 */
#ifndef SCLOG_DOCTOR_DISTRIBUTION_H
#define SCLOG_DOCTOR_DISTRIBUTION_H

struct distribution {
	const char *ids; /* of os-release(5): ID, or ID and VARIANT_ID with a dash between */
	const char
		*command;  /* takes audit=0 off the command line; NULL: nothing on the node does */
	const char *boot;  /* where there is no command: where audit=0 is set; else NULL */
	const char *needs; /* the file that the command edits; NULL: none in particular */
	const char *rules; /* what loads audit rules at each start; NULL: files in /etc/audit */
};

/*
 * The distribution of an os-release file's text: of its ID, else of the first word of ID_LIKE that is
 * known, else one without a command. Never NULL.
 */
const struct distribution *distribution_of(const char *os_release);

/* Where there is no command for this host. */
#define DISTRIBUTION_BOOT "remove it in the boot loader's configuration, and reboot"

#endif
