// SPDX-License-Identifier: GPL-2.0
/*
 * The parameter that switches seeded bugs on: a list of names, all off where it is empty.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bitmap.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include "bugs.h"

#define CONFORM_BUG_NAME(number, name) name,
static const char *const names[] = { CONFORM_BUGS(CONFORM_BUG_NAME) };
#undef CONFORM_BUG_NAME

DECLARE_BITMAP(conform_bug_bits, CONFORM_BUG_END);

unsigned int conform_bug_count(void)
{
	return bitmap_weight(conform_bug_bits, CONFORM_BUG_END);
}

static int set_bugs(const char *value, const struct kernel_param *param)
{
	DECLARE_BITMAP(bits, CONFORM_BUG_END) = {};
	char *list, *rest, *name;
	int bug, ret = 0;

	list = kstrdup(value, GFP_KERNEL);
	if (!list)
		return -ENOMEM;
	rest = strim(list);
	while (!ret && (name = strsep(&rest, ","))) {
		if (!*name)
			continue;
		bug = match_string(names, ARRAY_SIZE(names), name);
		if (bug < 0) {
			pr_err("there is no bug \"%s\"\n", name);
			ret = -EINVAL;
		} else {
			__set_bit(bug, bits);
		}
	}
	if (!ret) {
		bitmap_copy(conform_bug_bits, bits, CONFORM_BUG_END);
		for_each_set_bit(bug, bits, CONFORM_BUG_END)
			pr_notice("***** SEEDED BUG IS ON: %s *****\n", names[bug]);
	}
	kfree(list);
	return ret;
}

static int get_bugs(char *buffer, const struct kernel_param *param)
{
	int bug, at = 0;

	for_each_set_bit(bug, conform_bug_bits, CONFORM_BUG_END)
		at += sysfs_emit_at(buffer, at, "%s%s", at ? "," : "", names[bug]);
	at += sysfs_emit_at(buffer, at, "\n");
	return at;
}

static const struct kernel_param_ops bug_ops = { .set = set_bugs, .get = get_bugs };

module_param_cb(bugs, &bug_ops, NULL, 0600);
MODULE_PARM_DESC(bugs, "Names of bugs to have, with commas between them; to test the test suite");
