/* Nothing: what a kernel declares for itself here is of no use to a program. */
