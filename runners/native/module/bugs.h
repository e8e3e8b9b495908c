/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Bugs that can be switched on to test the suite: each has the name of the simulator's mutant with the same bug.
 */
#ifndef _CONFORM_BUGS_H
#define _CONFORM_BUGS_H

#include <linux/bitops.h>
#include <linux/types.h>

#define CONFORM_BUGS(bug) \
	bug(STATE_AFTER_CALLBACKS, "state-after-callbacks") \
	bug(STATE_SET_LAST, "state-set-last") \
	bug(STATE_NOT_SET, "state-not-set") \
	bug(REVOKE_TELLS_NOBODY, "revoke-tells-nobody") \
	bug(REVOKE_TELLS_TWICE, "revoke-tells-twice") \
	bug(NO_FENCE_WAIT, "no-fence-wait") \
	bug(KERNEL_FENCES_ONLY, "waits-for-kernel-fences-only") \
	bug(UP_TO_WRITE_FENCES, "waits-up-to-write-fences") \
	bug(UP_TO_READ_FENCES, "waits-up-to-read-fences") \
	bug(UNLOCKED_FENCE_WAIT, "reservation-unlocked-before-the-fences") \
	bug(NO_UNMAP_WAIT, "no-unmap-wait") \
	bug(ONE_UNMAP, "waits-for-one-unmap") \
	bug(GIVES_UP, "gives-up-after-a-second") \
	bug(ZAP_BEFORE_WAITS, "zap-before-the-waits") \
	bug(NO_ZAP, "no-zap") \
	bug(ZAPS_FIRST_PAGE, "zaps-first-page-only") \
	bug(REVOKES_FOR_A_WHILE, "ioctl-revokes-for-a-while") \
	bug(PERM_UNDONE, "permanent-undone-by-enable") \
	bug(PERM_MADE_TEMP, "permanent-made-temporary") \
	bug(UPGRADE_TELLS, "upgrade-tells-again") \
	bug(UPGRADE_WAITS, "upgrade-waits-again") \
	bug(UPGRADE_FORGOTTEN, "upgrade-forgotten") \
	bug(UNREVOKE_TELLS_NOBODY, "unrevoke-tells-nobody") \
	bug(UNREVOKE_STATE_FIRST, "unrevoke-state-before-callbacks") \
	bug(UNREVOKE_FORGOTTEN, "unrevoke-forgotten") \
	bug(UNREVOKE_NO_FENCE_WAIT, "unrevoke-without-fence-wait") \
	bug(TEMP_REPEATED, "temporary-revoke-repeated") \
	bug(DOUBLE_SUCCEEDS, "double-revoke-succeeds") \
	bug(DOUBLE_IS_EBADF, "double-revoke-is-ebadf") \
	bug(TEMP_IS_EBADFD, "temporary-is-ebadfd") \
	bug(FOREIGN_IS_EINVAL, "foreign-buffer-is-einval") \
	bug(FOREIGN_ACCEPTED, "foreign-buffer-accepted") \
	bug(OTHER_DEVICE_ACCEPTED, "other-device-accepted") \
	bug(EBADFD_BEFORE_ENODEV, "ebadfd-before-enodev") \
	bug(ENDED_IS_EBADFD, "ended-session-is-ebadfd") \
	bug(ARGSZ_NOT_CHECKED, "argsz-not-checked") \
	bug(ARGSZ_EXACT, "argsz-must-be-exact") \
	bug(UNREADABLE_IS_EINVAL, "unreadable-argument-is-einval") \
	bug(LOOKUP_IS_ENODEV, "lookup-error-is-enodev") \
	bug(LEAK_ON_ERROR, "reference-leaked-on-error") \
	bug(LEAK_ON_SUCCESS, "reference-leaked-on-success") \
	bug(REVOKES_EVERY_BUFFER, "revokes-every-buffer") \
	bug(REFUSED_WHEN_OFF, "revoke-refused-when-memory-off") \
	bug(REFUSED_CHANGES_STATE, "refused-request-changes-state") \
	bug(SHARED_IS_EBUSY, "shared-buffer-is-ebusy") \
	bug(READ_ONLY_IS_EBADF, "read-only-is-ebadf") \
	bug(MMAP_REVOKED, "mmap-of-revoked-buffer") \
	bug(PRIVATE_BEFORE_STATE, "private-before-state") \
	bug(FAULT_REVOKED, "fault-on-revoked-buffer") \
	bug(FAULT_LOOKS_ONCE, "fault-looks-once") \
	bug(MMAP_TEMP, "mmap-while-temporary") \
	bug(FAULT_TEMP, "fault-while-temporary") \
	bug(FAULT_IGNORES_OFFSET, "fault-ignores-offset") \
	bug(ATTACH_STATE_FIRST, "attach-state-before-peer2peer") \
	bug(ATTACH_CALLBACK_FIRST, "attach-callback-before-state") \
	bug(ATTACH_REVOKED, "attach-to-revoked-buffer") \
	bug(ATTACH_NO_CALLBACK, "attach-without-callback") \
	bug(ATTACH_NO_P2P, "attach-without-peer2peer") \
	bug(MAP_REVOKED, "map-of-revoked-buffer") \
	bug(MAP_IS_EINVAL, "map-revoked-is-einval") \
	bug(FAILED_MAP_TAKES_KREF, "failed-map-takes-kref") \
	bug(MAP_TAKES_NO_KREF, "map-takes-no-kref") \
	bug(UNMAP_PUTS_NOTHING, "unmap-puts-nothing") \
	bug(CLOSE_LEAVES_STATE, "close-leaves-state") \
	bug(CLOSE_NO_ZAP, "close-without-zap") \
	bug(CLOSE_NO_UNMAP_WAIT, "close-without-unmap-wait") \
	bug(CLOSE_NO_FENCE_WAIT, "close-without-fence-wait") \
	bug(CLOSE_TELLS_NOBODY, "close-tells-nobody") \
	bug(CLOSE_SKIPS_REVOKED, "close-skips-revoked-notification") \
	bug(EXPORT_OFF_USABLE, "export-with-memory-off-is-usable") \
	bug(EXPORT_STARTS_REVOKED, "export-starts-revoked") \
	bug(EXPORT_REFUSED_OFF, "export-refused-with-memory-off") \
	bug(EXPORT_FLAGS_IGNORED, "export-flags-ignored") \
	bug(EMPTY_RANGE, "empty-range-accepted") \
	bug(POWER_DOWN, "power-down-does-not-revoke") \
	bug(POWER_UP, "power-up-does-not-unrevoke") \
	bug(ENABLE_IN_D3HOT, "enable-in-d3hot-unrevokes") \
	bug(RESET_NO_REVOKE, "reset-does-not-revoke") \
	bug(RESET_ALWAYS, "reset-unrevokes-always") \
	bug(LOW_POWER_NO_REVOKE, "low-power-does-not-revoke") \
	bug(SECOND_ENTRY, "second-low-power-entry") \
	bug(FLR_NO_REVOKE, "flr-does-not-revoke") \
	bug(FIRST_BUFFER_ONLY, "moves-first-buffer-only")

#define CONFORM_BUG_NUMBER(number, name) BUG_##number,
enum conform_bug { CONFORM_BUGS(CONFORM_BUG_NUMBER) CONFORM_BUG_END };
#undef CONFORM_BUG_NUMBER

extern unsigned long conform_bug_bits[];

static inline bool conform_bug(enum conform_bug bug)
{
	return test_bit(bug, conform_bug_bits);
}

unsigned int conform_bug_count(void);

#endif /* _CONFORM_BUGS_H */
