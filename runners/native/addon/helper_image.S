/* SPDX-License-Identifier: MIT */
/*
 * The helper program, as bytes within the addon, so that one file is all.
 */
	.section .rodata
	.global helper_image
	.global helper_image_end
	.hidden helper_image
	.hidden helper_image_end
	.balign 16
helper_image:
	.incbin HELPER
helper_image_end:
	.section .note.GNU-stack,"",%progbits
