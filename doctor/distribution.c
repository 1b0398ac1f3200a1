#include "doctor/distribution.h"

#include "doctor/hiding.h"

#include <stdio.h>
#include <string.h>

#define GRUB      "/etc/default/grub"
#define EDIT_GRUB "sed -i 's/ *\\baudit=\\(0\\|off\\)//gI' " GRUB

static const struct distribution all[] = {
	{"debian ubuntu", EDIT_GRUB " && update-grub && reboot", NULL, GRUB, NULL},
	{"rhel-coreos rhcos fedora-coreos", NULL,
	 "remove it from kernelArguments of the MachineConfig that sets it", NULL,
	 "a MachineConfig that has it in /etc/audit/rules.d loads it again: change that too"},
	{"fedora rhel centos rocky almalinux ol amzn azurelinux",
	 "grubby --update-kernel=ALL --remove-args='audit=0 audit=off' && reboot", NULL, NULL,
	 NULL},
	{"suse opensuse sles sled opensuse-leap opensuse-tumbleweed",
	 EDIT_GRUB " && grub2-mkconfig -o /boot/grub2/grub.cfg && reboot", NULL, GRUB, NULL},
	{"bottlerocket", NULL, "remove it from settings.boot.kernel-parameters", NULL,
	 "the image loads it again at each start: delete it in a bootstrap container"},
	{"flatcar", "sed -i 's/ *\\baudit=\\(0\\|off\\)//gI' /oem/grub.cfg && reboot", NULL,
	 "/oem/grub.cfg", NULL},
	{"talos", NULL,
	 "remove it from machine.install.extraKernelArgs and upgrade the node with that", NULL,
	 "whatever added it will add it again at the next boot"},
};

static const struct distribution other = {"", NULL, DISTRIBUTION_BOOT, NULL, NULL};

static const struct distribution *find(const char *id)
{
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (hiding_has_word(all[i].ids, id))
			return &all[i];
	return NULL;
}

/* The value of the line NAME=VALUE, without its quotes; "" if there is none. */
static void value_of(const char *text, const char *name, char *value, size_t size)
{
	size_t name_n = strlen(name);

	value[0] = '\0';
	for (const char *line = text; *line;) {
		size_t n = strcspn(line, "\n");

		if (strncmp(line, name, name_n) == 0 && line[name_n] == '=') {
			const char *at = line + name_n + 1;

			at += strspn(at, "\"'");
			snprintf(value, size, "%.*s", (int)strcspn(at, "\"'\r\n"), at);
		}
		line += n + (line[n] == '\n');
	}
}

const struct distribution *distribution_of(const char *os_release)
{
	char id[64], variant[64], both[160], like[256], *rest = like;
	const struct distribution *found;

	value_of(os_release, "ID", id, sizeof(id));
	value_of(os_release, "VARIANT_ID", variant, sizeof(variant));
	value_of(os_release, "ID_LIKE", like, sizeof(like));
	snprintf(both, sizeof(both), "%s-%s", id, variant);
	found = find(both);
	for (const char *word = id; !found && word; word = strsep(&rest, " "))
		found = *word ? find(word) : NULL;
	return found ? found : &other;
}
